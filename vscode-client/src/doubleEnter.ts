/** Whether two Enters behind a finished query ask for its result. Pure: edits and the time come in. */

import { onlyReads, statementBefore } from "./statementBefore";

/** An edit of a document, as it was typed. Lines from 0; `at` in milliseconds. */
export interface TypedEdit {
  uri: string;
  version: number;
  text: string;
  line: number;
  at: number;
  /** The document's text before the place of the edit, and behind what was put in. */
  before: string;
  after: string;
}

/** The second Enter comes so soon after the first, as the second click of a double click does. */
export const soon = 500;

/**
 * Watches edits. Enter itself is left to the editor: both line breaks are typed as ever, so no suggestion list, no other
 * extension and no indentation is in the way of this or it in theirs. Only a query is submitted, never what may write;
 * one without a semicolon only at the end of the document, and if the server knows that it is whole.
 */
export class DoubleEnter {
  private first: { uri: string; version: number; line: number; at: number; offset: number } | null = null;

  /** The offset in the statement to submit, if this edit asks for that; else null. */
  typed(edit: TypedEdit, isWhole: (uri: string, version: number) => boolean): number | null {
    const { first } = this;
    this.first = null;
    if (!/^\r?\n[ \t]*$/.test(edit.text)) return null;
    const isSecond =
      first !== null &&
      first.uri === edit.uri &&
      first.version + 1 === edit.version &&
      first.line + 1 === edit.line &&
      edit.at - first.at <= soon;
    if (!isSecond) {
      // What is left of the line would go down with the cursor: Enter in the middle of a line splits it, no more.
      const isLineEnd = /^[ \t]*(?:\r?\n|$)/.test(edit.after);
      const { uri, version, line, at } = edit;
      if (isLineEnd) this.first = { uri, version, line, at, offset: edit.before.length };
      return null;
    }
    const statement = statementBefore(edit.before.slice(0, first.offset));
    if (statement === null || !onlyReads(statement)) return null;
    if (/\S/.test(edit.before.slice(first.offset))) return null;
    if (!statement.isClosed && (/\S/.test(edit.after) || !isWhole(edit.uri, first.version - 1))) return null;
    return Math.max(statement.end - 1, 0);
  }
}
