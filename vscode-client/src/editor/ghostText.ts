/** Ghost text: what may come next, behind the cursor, until it is taken or typed over. */

import { completionStatus } from "@codemirror/autocomplete";
import { Prec, StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  keymap,
  ViewPlugin,
  WidgetType,
  type DecorationSet,
  type ViewUpdate,
} from "@codemirror/view";
import { announceIn } from "./announce";

/** What the server proposes for a place: it goes on from the text before it. */
export interface Proposal {
  /** Where the proposal begins, and the text there that it replaces; both are offsets. */
  from: number;
  to: number;
  text: string;
}

/** Asks for what may come next at a place. A signal that is aborted says that nobody waits any more. */
export type Propose = (view: EditorView, at: number, signal: AbortSignal) => Promise<Proposal | null>;

interface Ghost {
  at: number;
  text: string;
}

const show = StateEffect.define<Ghost | null>();

/** The ghost text that an editor shows now; an empty text if it shows none. */
export function ghostTextOf(state: EditorState): string {
  return state.field(ghost, false)?.text ?? "";
}

/** Take the ghost text; false if there is none, and the key means something else. */
export function takeAll(view: EditorView): boolean {
  return take(view, (text) => text.length);
}

/** Take the next word of the ghost text, with the space or the punctuation before it. */
export function takeWord(view: EditorView): boolean {
  return take(view, (text) => /^\s*(?:[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+)/u.exec(text)?.[0].length ?? text.length);
}

/** Take the ghost text away until something else is typed. */
export function dismiss(view: EditorView): boolean {
  if (ghostTextOf(view.state) === "") return false;
  view.dispatch({ effects: show.of(null) });
  return true;
}

/** Ghost text with its keys: Tab takes it, Ctrl (Mac: Cmd) and Right takes a word, Escape dismisses it. */
export function ghostText(propose: Propose): Extension {
  return [
    ghost,
    ViewPlugin.define((view) => new Asking(view, propose)),
    // Before the keys of the completion list: ghost text is what Tab is for.
    Prec.highest(
      keymap.of([
        { key: "Tab", run: takeAll },
        { key: "Mod-ArrowRight", run: takeWord },
        { key: "Escape", run: (view) => completionStatus(view.state) === null && dismiss(view) },
      ]),
    ),
    EditorView.domEventHandlers({ blur: (_, view) => void dismiss(view) }),
  ];
}

const ghost = StateField.define<Ghost | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(show)) return effect.value;
    if (value === null || (!transaction.docChanged && transaction.selection === undefined)) return value;
    return typedOn(value, transaction.startState, transaction.state);
  },
  provide: (field) => EditorView.decorations.from(field, decorated),
});

/** What is left of the ghost text when its own first letters were typed; null when something else was. */
function typedOn(value: Ghost, before: EditorState, after: EditorState): Ghost | null {
  const { main } = after.selection;
  const typed = main.head - value.at;
  if (!main.empty || typed < 0 || typed >= value.text.length) return null;
  if (after.doc.length - before.doc.length !== typed) return null;
  if (after.sliceDoc(value.at, main.head) !== value.text.slice(0, typed)) return null;
  return { at: main.head, text: value.text.slice(typed) };
}

function take(view: EditorView, lengthOf: (text: string) => number): boolean {
  const value = view.state.field(ghost);
  if (value === null) return false;
  const taken = value.text.slice(0, lengthOf(value.text));
  view.dispatch({
    changes: { from: value.at, insert: taken },
    selection: { anchor: value.at + taken.length },
    userEvent: "input.complete",
    scrollIntoView: true,
  });
  return true;
}

class GhostWidget extends WidgetType {
  constructor(private readonly text: string) {
    super();
  }

  override eq(other: GhostWidget): boolean {
    return other.text === this.text;
  }

  override toDOM(): HTMLElement {
    const shown = document.createElement("span");
    shown.className = "cm-ghostText";
    shown.textContent = this.text;
    // It is no part of the text: screen readers are told of it by the editor's live region.
    shown.setAttribute("aria-hidden", "true");
    return shown;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

function decorated(value: Ghost | null): DecorationSet {
  if (value === null) return Decoration.none;
  return Decoration.set(Decoration.widget({ widget: new GhostWidget(value.text), side: 1 }).range(value.at));
}

/** Asks after each edit, and shows the answer if nothing has changed meanwhile. */
class Asking {
  private open: AbortController | null = null;

  constructor(
    private readonly view: EditorView,
    private readonly propose: Propose,
  ) {}

  update(update: ViewUpdate): void {
    if (!update.docChanged && !update.selectionSet) return;
    this.open?.abort();
    this.open = null;
    const isEdit = update.transactions.some(
      (one) => one.docChanged && (one.isUserEvent("input") || one.isUserEvent("delete")),
    );
    if (isEdit && ghostTextOf(update.state) === "" && update.state.selection.main.empty) this.ask();
  }

  destroy(): void {
    this.open?.abort();
  }

  private ask(): void {
    const asked = new AbortController();
    this.open = asked;
    const { state } = this.view;
    // Not in the middle of an update: the answer may be there already.
    queueMicrotask(() => {
      if (asked.signal.aborted) return;
      this.propose(this.view, state.selection.main.head, asked.signal).then(
        (proposal) => this.answered(asked, state, proposal),
        () => undefined, // withdrawn, or there is no server: there is nothing to show then
      );
    });
  }

  private answered(asked: AbortController, state: EditorState, proposal: Proposal | null): void {
    if (asked.signal.aborted || this.view.state.doc !== state.doc || proposal === null) return;
    const at = state.selection.main.head;
    const before = state.sliceDoc(proposal.from, at);
    // What stands behind the cursor stays: a proposal that would replace it cannot be shown as text that is added.
    if (proposal.to !== at || !proposal.text.startsWith(before) || proposal.text.length === before.length) return;
    const text = proposal.text.slice(before.length);
    this.view.dispatch({ effects: [show.of({ at, text }), announceIn.of(`Suggestion: ${text}`)] });
  }
}
