/** Tells the server each edit at once, and where the cursor is: previews follow both. */

import { EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { Extension } from "@codemirror/state";
import type { Position } from "../protocol.gen";
import type { Pins } from "../pins";
import type { LanguageConnection } from "./languageConnection";

/** What is told of a document: that it has another version, and that its cursor is somewhere else. */
export interface FollowingFacts {
  connection: LanguageConnection;
  uri: string;
  /** A place that the panel keeps to instead of the cursor. */
  pins: Pins;
  edited: (version: number) => void;
}

/** The extension. The library's own waits for half a second before it tells of an edit. */
export function following(facts: FollowingFacts): Extension {
  return ViewPlugin.define((view) => new Following(view, facts));
}

/** The place of an offset, as the server counts: lines, and UTF-16 units in them. */
export function positionOf(view: EditorView, offset: number): Position {
  const line = view.state.doc.lineAt(offset);
  return { line: line.number - 1, character: offset - line.from };
}

/** The offset of a place; the nearest one where the text has no such place any more. */
export function offsetOf(view: EditorView, { line, character }: Position): number {
  const { doc } = view.state;
  if (line >= doc.lines) return doc.length;
  const found = doc.line(line + 1);
  return Math.min(found.from + character, found.to);
}

class Following {
  private isPlanned = false;
  private hasChanged = false;

  constructor(
    private readonly view: EditorView,
    private readonly facts: FollowingFacts,
  ) {}

  update(update: ViewUpdate): void {
    if (update.docChanged) this.movePins(update);
    if (!update.docChanged && !update.selectionSet) return;
    this.hasChanged ||= update.docChanged;
    if (this.isPlanned) return;
    this.isPlanned = true;
    // Later: the library has not taken this update yet.
    queueMicrotask(() => this.tell());
  }

  private movePins(update: ViewUpdate): void {
    const before = update.startState.doc;
    const position = (offset: number): Position => {
      const line = before.lineAt(offset);
      return { line: line.number - 1, character: offset - line.from };
    };
    update.changes.iterChanges((from, to, _from, _to, inserted) =>
      this.facts.pins.edited(this.facts.uri, [
        { range: { start: position(from), end: position(to) }, text: inserted.toString() },
      ]),
    );
  }

  private tell(): void {
    this.isPlanned = false;
    const { connection, uri, pins, edited } = this.facts;
    connection.sync();
    if (this.hasChanged) edited(connection.client.workspace.getFile(uri)?.version ?? 0);
    this.hasChanged = false;
    connection.cursorMoved({
      uri,
      position: pins.of(uri) ?? positionOf(this.view, this.view.state.selection.main.head),
    });
  }
}
