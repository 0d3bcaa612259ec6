/** The page's parts and where they are: tables and examples, the editor, the preview. */

import { button, element, icon } from "../panel/dom";
import { splitter } from "./splitter";

/** What the bar's buttons do. */
export interface BarActions {
  open: () => void;
  save: () => void;
  addData: () => void;
  submit: () => void;
  /** A connection was chosen by its name. */
  connection: (name: string) => void;
}

/** A connection to choose from. */
export interface Choice {
  name: string;
  label: string;
  isChosen: boolean;
  /** Why it cannot be chosen; empty if it can. */
  unavailable: string;
}

/** Where things are put. */
export class PlayPage {
  readonly side = element("aside", "playside");
  readonly editor = element("section", "playeditor");
  readonly panel = element("div", "playpreview");
  private readonly work = element("div", "playwork");
  private readonly name = element("span", "docname");
  private readonly choice = element("select", "playchoice");
  private readonly sideButton: HTMLButtonElement;

  constructor(actions: BarActions) {
    this.side.id = "side";
    this.side.setAttribute("aria-label", "Tables and examples");
    this.editor.setAttribute("aria-label", "Editor");
    this.sideButton = button("btn", () => this.toggleSide(), icon("table"), element("span", "playlabel", "Tables"));
    this.sideButton.setAttribute("aria-controls", this.side.id);
    this.choice.setAttribute("aria-label", "Connection");
    this.choice.addEventListener("change", () => actions.connection(this.choice.value));
    const isMac = /mac/i.test(navigator.userAgent);
    const submit = button("btn primary", actions.submit, icon("submit"), element("span", "playlabel", "Submit"));
    submit.title = `Run the whole query now: ${isMac ? "Cmd" : "Ctrl"}+Enter, or Enter twice`;
    const bar = element(
      "header",
      "playbar",
      this.sideButton,
      element("h1", "", "SpeQL"),
      this.name,
      labelled("Open a .sql file", "Open", "folder", actions.open),
      labelled("Save the text as a .sql file", "Save", "save", actions.save),
      labelled("Add data: .csv and .parquet files to query", "Add data", "database", actions.addData),
      this.choice,
      submit,
    );
    this.work.append(
      this.editor,
      splitter(this.work, () => getComputedStyle(this.work).flexDirection === "column"),
      this.panel,
    );
    const body = element("div", "playbody", this.side, this.work);
    document.body.classList.add("sq-theme");
    document.body.replaceChildren(element("div", "play", bar, body));
    this.showSide(matchMedia("(min-width: 900px)").matches);
  }

  /** The document that is edited. */
  rename(name: string): void {
    this.name.textContent = name;
    document.title = `${name} · SpeQL`;
  }

  /** Offer these connections. */
  offer(choices: readonly Choice[]): void {
    this.choice.replaceChildren(
      ...choices.map(({ name, label, isChosen, unavailable }) => {
        const option = element("option", "", unavailable === "" ? label : `${label}: ${unavailable}`);
        option.value = name;
        option.selected = isChosen;
        option.disabled = unavailable !== "";
        return option;
      }),
    );
  }

  /** Put the keyboard on the choice of a connection. */
  focusChoice(): void {
    this.choice.focus();
    if ("showPicker" in this.choice && navigator.userActivation.isActive) this.choice.showPicker();
  }

  private toggleSide(): void {
    this.showSide(this.side.hidden !== false);
  }

  private showSide(isShown: boolean): void {
    this.side.hidden = !isShown;
    this.sideButton.setAttribute("aria-expanded", String(isShown));
  }
}

function labelled(
  title: string,
  text: string,
  glyph: "folder" | "save" | "database",
  act: () => void,
): HTMLButtonElement {
  const made = button("btn", act, icon(glyph), element("span", "playlabel", text));
  made.title = title;
  made.setAttribute("aria-label", title);
  return made;
}
