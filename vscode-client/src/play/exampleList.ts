/** The list of examples: each types itself into the editor, and stops when asked to. */

import { button, element, icon } from "../panel/dom";
import type { SqlEditor } from "../editor/sqlEditor";
import type { ExampleQuery } from "./start";
import { Typist } from "./typist";

/** What the list needs of the page. */
export interface ExampleActions {
  editor: () => SqlEditor;
  say: (text: string) => void;
}

/** The list, and the typing. */
export class ExampleList {
  /** The element. */
  readonly root = element("section", "examples");
  private readonly list = element("ul", "examplelist");
  private readonly stopButton = button("btn stop", () => this.stop(), icon("cancelled"), "Stop typing");
  private typist: Typist | null = null;
  private shown = "";

  constructor(private readonly actions: ExampleActions) {
    const title = element("h2", "", "Examples");
    title.id = "examples-title";
    this.root.setAttribute("aria-labelledby", title.id);
    this.stopButton.hidden = true;
    this.root.append(element("div", "sidehead", title, this.stopButton), this.list);
  }

  /** Whether an example is being typed. */
  get isTyping(): boolean {
    return this.typist !== null;
  }

  /** Offer these. */
  update(examples: readonly ExampleQuery[]): void {
    const key = JSON.stringify(examples);
    if (key === this.shown) return;
    this.shown = key;
    this.list.replaceChildren(
      ...examples.map((example) => {
        const type = button(
          "example",
          () => this.type(example),
          icon("submit"),
          element("span", "grow", example.question),
        );
        type.title = example.text;
        return element("li", "", type);
      }),
    );
    this.root.hidden = examples.length === 0;
  }

  /** Type no more: the text so far stays. */
  stop(): void {
    this.typist?.stop();
  }

  private type(example: ExampleQuery): void {
    this.stop();
    const editor = this.actions.editor();
    editor.setText("");
    editor.focus();
    this.stopButton.hidden = false;
    this.actions.say("Typing the example. Escape or a key of your own stops it.");
    this.typist = new Typist(
      example.text,
      (more) => put(editor, more),
      (isWhole) => {
        this.typist = null;
        this.stopButton.hidden = true;
        if (isWhole) this.actions.say("Typed. Ctrl+Enter submits it.");
      },
    );
  }
}

/** As a key would, but for what the editor does by itself at keys: no list opens, no bracket is closed. */
function put({ view }: SqlEditor, more: string): void {
  const at = view.state.doc.length;
  view.dispatch({
    changes: { from: at, insert: more },
    selection: { anchor: at + more.length },
    userEvent: "input.example",
    scrollIntoView: true,
  });
}
