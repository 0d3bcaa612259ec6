/** The SQL editor of the pages that have none of their own: the playground and the notebook widget. */

import { acceptCompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { PostgreSQL, SQLDialect } from "@codemirror/lang-sql";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, Transaction, type Extension } from "@codemirror/state";
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  rectangularSelection,
  type KeyBinding,
} from "@codemirror/view";
import { DoubleEnter } from "../doubleEnter";
import { Pins } from "../pins";
import type { Position, Preview } from "../protocol.gen";
import { announcements } from "./announce";
import { following, offsetOf, positionOf } from "./following";
import { ghostText, type Proposal } from "./ghostText";
import type { LanguageConnection } from "./languageConnection";
import { markShown, shownSelect } from "./shownSelect";
import { theme } from "./theme";

/** What an editor is made with. */
export interface SqlEditorOptions {
  /** Inside an element of the class `sq` or `sq-theme`. */
  parent: HTMLElement;
  /** The document; `open` changes it. */
  uri: string;
  text: string;
  connection: LanguageConnection;
  /** What a screen reader calls it. */
  label: string;
  /** The nonce of the page's policy, if it has one: without it the editor would have no styles there. */
  nonce?: string;
  /** Shown while the text is empty. */
  hint?: string;
  /** More keys, before the editor's own. */
  keys?: readonly KeyBinding[];
  /** What this kind of page has beside that. */
  more?: Extension;
  /** The text is another one. */
  onChange?: (text: string) => void;
  /** The document has this version. The panel is to be told. */
  onEdited?: (version: number) => void;
  /** The user asks for the whole result of the statement at a place. */
  onSubmit: (position: Position) => void;
  /** The user accepts the repair of the text in this version. */
  onAcceptRepair: (version: number) => void;
}

/** What DuckDB has beyond PostgreSQL and an editor should know: its words; the meaning comes from the server. */
const dialect = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords: `${PostgreSQL.spec.keywords} qualify pivot unpivot asof positional semi anti exclude replace summarize describe`,
});

/** One view on one document at a time. */
export class SqlEditor {
  /** The library's view. */
  readonly view: EditorView;
  /** The places that the panel keeps to. */
  readonly pins = new Pins();
  private readonly doubleEnter = new DoubleEnter();
  private lastRows: Preview | null = null;
  private current: string;

  constructor(private readonly options: SqlEditorOptions) {
    this.current = options.uri;
    this.view = new EditorView({ parent: options.parent, state: this.state(options.text) });
  }

  /** The document's URI. */
  get uri(): string {
    return this.current;
  }

  /** The text. */
  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Where the cursor is. */
  get cursor(): Position {
    return positionOf(this.view, this.view.state.selection.main.head);
  }

  /** The version of the text that the server knows. */
  get version(): number {
    this.options.connection.sync();
    return this.options.connection.client.workspace.getFile(this.current)?.version ?? 0;
  }

  /** Show another document: the one before is closed, with its undo history. */
  open(uri: string, text: string): void {
    this.pins.set(this.current, null);
    this.current = uri;
    this.lastRows = null;
    this.view.setState(this.state(text));
    this.options.onChange?.(text);
  }

  /** Replace the whole text, which can be undone. */
  setText(text: string): void {
    if (text !== this.text)
      this.view.dispatch({
        changes: { from: 0, to: this.view.state.doc.length, insert: text },
        selection: { anchor: text.length },
        userEvent: "input",
      });
  }

  /** Put a text at the cursor, in place of what is selected there; the keyboard goes to the editor. */
  insert(text: string): void {
    this.view.dispatch(this.view.state.replaceSelection(text), { userEvent: "input.insert", scrollIntoView: true });
    this.view.focus();
  }

  /** Move the cursor there. */
  reveal(position: Position): void {
    this.view.dispatch({ selection: { anchor: offsetOf(this.view, position) }, scrollIntoView: true });
    this.view.focus();
  }

  /** Take this place for the cursor of the document; null: no more. */
  pin(position: Position | null): void {
    this.pins.set(this.current, position);
    this.tellCursor();
  }

  /** Tell a server that was connected again where the cursor is. */
  tellCursor(): void {
    this.options.connection.cursorMoved({ uri: this.current, position: this.pins.of(this.current) ?? this.cursor });
  }

  /** The server shows this: the SELECT is marked in the text. */
  take(preview: Preview): void {
    if (preview.uri !== this.current) return;
    if (preview.outcome === "rows") this.lastRows = preview;
    if (preview.purpose === "submit" || preview.version !== this.version) return;
    const { range } = preview;
    const marked = range && { from: offsetOf(this.view, range.start), to: offsetOf(this.view, range.end) };
    this.view.dispatch({ effects: markShown.of(marked) });
  }

  /** Ask for the whole result of the statement at the cursor. */
  submit(): boolean {
    this.options.onSubmit(this.cursor);
    return true;
  }

  /** Ask for the repair to be written into the text. */
  acceptRepair(): boolean {
    this.options.onAcceptRepair(this.version);
    return true;
  }

  focus(): void {
    this.view.focus();
  }

  destroy(): void {
    this.view.destroy();
  }

  private state(doc: string): EditorState {
    return EditorState.create({ doc, selection: { anchor: doc.length }, extensions: this.extensions() });
  }

  private extensions(): Extension {
    const { connection, label, nonce, hint, keys, onChange, onEdited } = this.options;
    const { current, pins } = this;
    return [
      nonce === undefined ? [] : EditorView.cspNonce.of(nonce),
      this.options.more ?? [],
      lineNumbers(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      dropCursor(),
      rectangularSelection(),
      EditorView.lineWrapping,
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightSelectionMatches(),
      hint === undefined ? [] : placeholder(hint),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
      // Without the completion of words that comes with it: the server completes.
      dialect.language,
      theme,
      shownSelect,
      announcements(),
      ghostText((view, at, signal) => this.propose(view, at, signal)),
      Prec.high(
        keymap.of([
          ...(keys ?? []),
          { key: "Mod-Enter", run: () => this.submit(), preventDefault: true },
          { key: "Alt-m", run: () => this.acceptRepair(), preventDefault: true },
          // On a Mac, Option and M is a letter.
          { mac: "Alt-µ", run: () => this.acceptRepair(), preventDefault: true },
          { key: "Tab", run: acceptCompletion },
        ]),
      ),
      keymap.of([
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...lintKeymap,
        // Escape and then Tab leaves the editor, as CodeMirror has it.
        indentWithTab,
      ]),
      connection.client.plugin(current, "sql"),
      following({ connection, uri: current, pins, edited: (version) => onEdited?.(version) }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        onChange?.(update.state.doc.toString());
        for (const one of update.transactions) if (one.annotation(Transaction.userEvent) === "input") this.entered(one);
      }),
    ];
  }

  /** The Enter key: two of them behind a finished query submit it. */
  private entered({ startState, changes }: Transaction): void {
    changes.iterChanges((from, to, _from, _to, inserted) => {
      const edit = {
        uri: this.current,
        // The edits before it have been told to the server, this one has not.
        version: (this.options.connection.client.workspace.getFile(this.current)?.version ?? 0) + 1,
        text: inserted.toString(),
        line: startState.doc.lineAt(from).number - 1,
        at: performance.now(),
        before: startState.sliceDoc(0, from),
        after: startState.sliceDoc(to),
      };
      const offset = this.doubleEnter.typed(edit, (_uri, version) => this.isWhole(version));
      // Later: the view is in the middle of this very edit.
      if (offset !== null) queueMicrotask(() => this.options.onSubmit(positionOf(this.view, offset)));
    });
  }

  private isWhole(version: number): boolean {
    return this.lastRows !== null && this.lastRows.version >= version && this.lastRows.edits.length === 0;
  }

  private async propose(view: EditorView, at: number, signal: AbortSignal): Promise<Proposal | null> {
    const params = {
      textDocument: { uri: this.current },
      position: positionOf(view, at),
      context: { triggerKind: 2 },
    };
    const found = await this.options.connection.request<{ items?: InlineItem[] } | InlineItem[] | null>(
      "textDocument/inlineCompletion",
      params,
      signal,
    );
    const [item] = Array.isArray(found) ? found : (found?.items ?? []);
    if (item === undefined || signal.aborted) return null;
    const text = typeof item.insertText === "string" ? item.insertText : item.insertText.value;
    if (item.range === undefined) return { from: at, to: at, text };
    return { from: offsetOf(view, item.range.start), to: offsetOf(view, item.range.end), text };
  }
}

interface InlineItem {
  insertText: string | { value: string };
  range?: { start: Position; end: Position };
}
