/** `speql.acceptRepair`: write the repair of the statement at the cursor into the document. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { PreviewView } from "../previewView";
import type { AcceptRepairResult } from "../protocol.gen";
import { sqlEditor } from "./sqlEditor";

/** Ask the server to apply the repair of exactly the text that is shown; say why where it does not. */
export async function acceptRepair(client: Client, view: PreviewView): Promise<void> {
  const editor = sqlEditor(view.currentUri(), client);
  if (editor === undefined) return;
  const { document } = editor;
  const result = await client.run<AcceptRepairResult>("speql.acceptRepair", client.uriOf(document), document.version);
  if (result !== undefined && !result.applied && result.reason !== "") {
    vscode.window.setStatusBarMessage(`SpeQL: ${result.reason}`, 4_000);
  }
}
