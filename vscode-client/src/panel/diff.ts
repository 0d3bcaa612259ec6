/** The Diff tab: the text as it was typed and as it was executed, line by line, and why they differ. */

import type { Edit, Position, Preview } from "../protocol.gen";
import { button, codeText, element } from "./dom";
import { countedEdits, diffLines, type DiffLine, type Segment } from "./diffLines";
import { counted, place } from "./format";
import { sqlNodes } from "./sqlText";

/** What the buttons of the tab do. */
export interface DiffActions {
  accept: () => void;
  dismiss: () => void;
  reveal: (position: Position) => void;
}

/** What the tab shows: a preview, whether its repair was dismissed, and whether it can still be accepted. */
export interface DiffFacts {
  preview: Preview | null;
  dismissed: boolean;
  acceptable: boolean;
}

/** The tab's content for a preview, or what to say when there is none. */
export function diffView({ preview, dismissed, acceptable }: DiffFacts, actions: DiffActions): HTMLElement[] {
  if (preview === null) return [quiet("No SELECT has been run yet.")];
  const edits = dismissed ? [] : preview.edits;
  const pieces = dismissed
    ? preview.pieces.map(({ typed }) => ({ typed, executed: typed, edit: null }))
    : preview.pieces;
  const first = (preview.statement?.start.line ?? 0) + 1;
  const lines = diffLines(pieces, first);
  const content = element("div", "diff");
  content.tabIndex = 0;
  content.setAttribute("role", "region");
  content.setAttribute("aria-label", "Typed and executed SQL");
  if (edits.length === 0) {
    const why = dismissed
      ? "The repair is dismissed until the text changes."
      : "The typed text needed no repair: it was executed as it stands.";
    content.append(element("p", "muted pad", why));
    if (pieces.length > 0) content.append(element("div", "panes one", pane("typed", heading(lines, first), lines, [])));
    return [content];
  }
  content.append(
    element(
      "div",
      "panes",
      pane("typed", heading(lines, first), lines, edits),
      pane("executed", executedHeading(edits), lines, edits, actions),
    ),
    why(edits, actions),
  );
  lightTogether(content);
  return acceptable ? [content, acceptBar(edits, actions)] : [content];
}

function quiet(text: string): HTMLElement {
  return element("p", "muted pad grow", text);
}

function heading(lines: readonly DiffLine[], first: number): HTMLElement {
  const last = lines.reduce((found, { number }) => number ?? found, first);
  const where = first === last ? `line ${first}` : `lines ${first} to ${last}`;
  return element("h2", "", element("b", "", "Typed"), element("span", "muted num", where));
}

function executedHeading(edits: readonly Edit[]): HTMLElement {
  const { repairs, predictions } = countedEdits(edits);
  const key = (classes: string, word: string): HTMLElement =>
    element("span", `key muted ${classes}`, element("i"), word);
  return element(
    "h2",
    "",
    element("b", "", "Executed"),
    element("span", "grow"),
    repairs > 0 ? key("", "repair") : null,
    predictions > 0 ? key("p", "predicted") : null,
  );
}

function pane(
  side: "typed" | "executed",
  title: HTMLElement,
  lines: readonly DiffLine[],
  edits: readonly Edit[],
  actions?: DiffActions,
): HTMLElement {
  const numbered = new Set<number>();
  const made = lines.map((line) => {
    const segments = line[side];
    if (segments === null) return element("div", "ln gap", element("span", "n0"), element("span", "tx"));
    const added = side === "executed" && line.typed === null;
    const text = element("span", "tx");
    const struck = side === "executed" ? (line.typed ?? []) : [];
    for (const segment of segments) {
      const edit = segment.edit === null ? undefined : edits[segment.edit];
      if (edit === undefined || segment.edit === null) text.append(...sqlNodes(segment.text));
      else text.append(...changed(side, segment, edit, struckOf(struck, segment.edit), numbered, actions));
    }
    const number = element("span", "n0 num", added ? "+" : line.number === null ? "" : String(line.number));
    return element("div", added ? "ln add" : "ln", number, text);
  });
  return element("div", `pane ${side}`, title, element("div", "code", ...made));
}

function struckOf(typed: readonly Segment[], edit: number): string {
  return typed
    .filter((segment) => segment.edit === edit)
    .map((segment) => segment.text)
    .join("");
}

/** The changed words of a line: marked, and the first of an edit with its number. */
function changed(
  side: "typed" | "executed",
  segment: Segment,
  edit: Edit,
  struck: string,
  numbered: Set<number>,
  actions?: DiffActions,
): (Node | string)[] {
  const number = segment.edit!;
  const [before, words, after] = trimmed(segment.text);
  const marked: (Node | string)[] = [before];
  if (side === "typed") {
    if (words !== "") marked.push(linked(element("del", "wrong", ...sqlNodes(words)), number));
    return [...marked, after];
  }
  if (struck.trim() !== "") marked.push(linked(element("del", "gone w-narrow", struck.trim()), number));
  const shown: HTMLElement[] = [];
  if (words !== "") shown.push(linked(element("ins", edit.predicted ? "pred" : "", ...sqlNodes(words)), number));
  // The number stands behind the first words of an edit, or where its words are left out.
  if (!numbered.has(number) && (words !== "" || edit.newText.trim() === "")) {
    numbered.add(number);
    shown.push(numberTag(number, edit, actions));
  }
  // A short word and its number are not parted by the end of a line.
  const held = words.length < 12 && shown.length > 0 ? [element("span", "hold", ...shown)] : shown;
  return [...marked, ...held, after];
}

function trimmed(text: string): [before: string, words: string, after: string] {
  const words = text.trim();
  const start = words === "" ? text.length : text.indexOf(words);
  return [text.slice(0, start), words, text.slice(start + words.length)];
}

function numberTag(number: number, edit: Edit, actions?: DiffActions): HTMLElement {
  const classes = `tag num${edit.predicted ? " pred" : ""}`;
  const tag = button(classes, () => actions?.reveal(edit.range.start), String(number + 1));
  tag.setAttribute("aria-label", `${edit.predicted ? "Prediction" : "Repair"} ${number + 1}: ${edit.reason}`);
  return linked(tag, number);
}

function why(edits: readonly Edit[], actions: DiffActions): HTMLElement {
  const items = edits.map((edit, at) => {
    const tag = element("span", `tag num${edit.predicted ? " pred" : ""}`, String(at + 1));
    const where = button("link num", () => actions.reveal(edit.range.start), place(edit.range.start));
    const reason = element("span", "", ...codeText(sentence(edit.reason)), " ", where);
    return linked(element("li", "", tag, reason), at);
  });
  return element("section", "why", element("h2", "", "Why"), element("ol", "", ...items));
}

function sentence(reason: string): string {
  const trimmedReason = reason.trim();
  return /[.!?]$/.test(trimmedReason) ? trimmedReason : `${trimmedReason}.`;
}

function linked<Made extends HTMLElement>(made: Made, edit: number): Made {
  made.dataset["edit"] = String(edit);
  return made;
}

/** Pointing at an edit, or going to it by keyboard, lights its words and its reason. */
function lightTogether(content: HTMLElement): void {
  const light = (event: Event): void => {
    const edit = (event.target as Element).closest<HTMLElement>("[data-edit]")?.dataset["edit"];
    for (const part of content.querySelectorAll<HTMLElement>("[data-edit]"))
      part.classList.toggle("lit", part.dataset["edit"] === edit);
  };
  for (const kind of ["mouseover", "focusin"]) content.addEventListener(kind, light);
  const none = (): void => content.querySelectorAll(".lit").forEach((part) => part.classList.remove("lit"));
  for (const kind of ["mouseleave", "focusout"]) content.addEventListener(kind, none);
}

function acceptBar(edits: readonly Edit[], actions: DiffActions): HTMLElement {
  const { repairs, predictions } = countedEdits(edits);
  const what = repairs === 1 ? "the repair" : `the ${counted(repairs, "repair")}`;
  const words = [
    repairs === 0 ? "" : `Accept writes ${what} into the editor.`,
    predictions === 0 ? "" : "Tab takes the prediction.",
  ].filter((sentence) => sentence !== "");
  return element(
    "div",
    "bar",
    element(
      "p",
      "muted grow",
      element("span", "w-wide", words.join(" ")),
      element("span", "w-narrow", repairs === 0 ? words.join(" ") : `Writes ${what}.`),
    ),
    button("btn quiet", actions.dismiss, "Dismiss"),
    repairs === 0 ? null : button("btn primary", actions.accept, "Accept ", element("kbd", "", "Alt+M")),
  );
}
