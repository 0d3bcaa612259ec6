/** `speql.submit`: run the whole query of the statement at the cursor now, ahead of everything else. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { PreviewView } from "../previewView";
import { sqlEditor } from "./sqlEditor";

/** Submit the statement at the cursor; its rows come to the preview, which opens for them. */
export async function submit(client: Client, view: PreviewView): Promise<void> {
  const editor = sqlEditor(view.currentUri(), client);
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Put the cursor in a SQL file, then submit.");
    return;
  }
  view.open();
  const { line, character } = editor.selection.active;
  await client.run("speql.submit", client.uriOf(editor.document), { line, character });
}
