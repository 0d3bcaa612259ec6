/** The editor that a command is about. */

import * as vscode from "vscode";
import type { Client } from "../client";
import { holdsSql } from "../embedded";

/** The active editor if it shows SQL; else (the keyboard is in the panel) the one whose document the panel shows. */
export function sqlEditor(shownUri: string | null, client: Client): vscode.TextEditor | undefined {
  const active = vscode.window.activeTextEditor;
  if (active !== undefined && holdsSql(active.document)) return active;
  return vscode.window.visibleTextEditors.find((editor) => client.uriOf(editor.document) === shownUri);
}
