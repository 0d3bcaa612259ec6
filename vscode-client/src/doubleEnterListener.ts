/** Hands what is typed to the rule of the two Enters, and submits where that says so. */

import * as vscode from "vscode";
import { DoubleEnter } from "./doubleEnter";

/**
 * Listen to a document's edits. `isWhole` tells whether the server has found the statement of a version to need no
 * repair; `submit` gets the document and a place in the statement.
 */
export function doubleEnterListener(
  isWhole: (uri: string, version: number) => boolean,
  submit: (document: vscode.TextDocument, position: vscode.Position) => void,
): (event: vscode.TextDocumentChangeEvent) => void {
  const rule = new DoubleEnter();
  return ({ document, contentChanges, reason }) => {
    // With a line break the editor may take away white space that it had put in.
    const typed = contentChanges.filter((change) => change.text !== "");
    const [change] = typed;
    if (change === undefined || typed.length > 1 || reason !== undefined || !/^\r?\n/.test(change.text)) return;
    if (!vscode.workspace.getConfiguration("speql").get("submitOnDoubleEnter", true)) return;
    const { line } = change.range.start;
    const text = document.getText();
    const lineBreak = document.offsetAt(document.lineAt(line).range.end);
    const cursor = document.offsetAt(new vscode.Position(line + 1, change.text.length - change.text.indexOf("\n") - 1));
    const { version } = document;
    const uri = document.uri.toString();
    const edit = {
      uri,
      version,
      text: change.text,
      line,
      at: Date.now(),
      before: text.slice(0, lineBreak),
      after: text.slice(cursor),
    };
    const offset = rule.typed(edit, isWhole);
    if (offset !== null) submit(document, document.positionAt(offset));
  };
}
