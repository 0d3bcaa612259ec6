/** Documents for the tests in the extension host. */

import { join } from "node:path";
import * as vscode from "vscode";

/** The folder that is open. */
export function folder(): string {
  return vscode.workspace.workspaceFolders![0]!.uri.fsPath;
}

/** Open a file of the folder with this text in an editor. */
export async function editor(name: string, text: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(join(folder(), name));
  const shown = await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One });
  const all = new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
  await shown.edit((edits) => edits.replace(all, text));
  moveTo(shown, text.length);
  return shown;
}

/** Put the cursor at an offset. */
export function moveTo(shown: vscode.TextEditor, offset: number): vscode.Position {
  const position = shown.document.positionAt(offset);
  shown.selection = new vscode.Selection(position, position);
  return position;
}

/** The place behind the first occurrence of a text. */
export function behind(shown: vscode.TextEditor, text: string): vscode.Position {
  const at = shown.document.getText().indexOf(text);
  if (at < 0) throw new Error(`${text} does not stand in the document`);
  return shown.document.positionAt(at + text.length);
}
