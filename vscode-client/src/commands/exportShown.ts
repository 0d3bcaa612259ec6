/** `speql.exportResult`: write the result that the panel shows to a file. */

import * as vscode from "vscode";
import type { Client } from "../client";
import { exportResult } from "../host/exporting";
import type { PreviewView } from "../previewView";

/** Export the whole result, without filters. */
export async function exportShown(client: Client, view: PreviewView): Promise<void> {
  const shown = view.currentRows();
  if (shown === null || shown.result === "") {
    void vscode.window.showInformationMessage("There is no result to export yet. Put the cursor in a query.");
    return;
  }
  await exportResult(client, { uri: shown.uri, result: shown.result, filters: [], orders: [] });
}
