/** `speql.submit`: run the whole query of the statement at the cursor now, ahead of everything else. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { PreviewView } from "../previewView";
import { sqlEditor } from "./sqlEditor";
import { isTrusted } from "./trusted";

/**
 * Submit the statement at the cursor; its rows come to the preview, which opens for them. A lens says which statement
 * by a document and a place in it; menus give the command other arguments, which say no more than the cursor does.
 */
export async function submit(client: Client, view: PreviewView, [uri, position]: unknown[] = []): Promise<void> {
  if (!isTrusted()) return;
  if (typeof uri === "string") {
    view.open();
    await client.run("speql.submit", uri, position);
    return;
  }
  const editor = sqlEditor(view.currentUri(), client);
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Put the cursor in a SQL file, then submit.");
    return;
  }
  view.open();
  const { line, character } = editor.selection.active;
  await client.run("speql.submit", client.uriOf(editor.document), { line, character });
}
