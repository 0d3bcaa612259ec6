/** `speql.selectConnection`: choose the connection of the document from those that the settings and dbt name. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { PreviewView } from "../previewView";
import type { SelectConnectionResult } from "../protocol.gen";
import { sqlEditor } from "./sqlEditor";

interface Item extends vscode.QuickPickItem {
  name: string;
}

/** Offer the connections that the document may have; say why where the server does not take the choice. */
export async function selectConnection(client: Client, view: PreviewView): Promise<void> {
  const editor = sqlEditor(view.currentUri(), client);
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Put the cursor in a SQL file: each document has a connection.");
    return;
  }
  const uri = client.uriOf(editor.document);
  const known = await client.run<SelectConnectionResult>("speql.selectConnection", uri);
  if (known === undefined) return;
  const items = known.connections.map(({ name, database, unavailable }): Item => {
    const label = name === "" ? "As the settings say" : name;
    const icon = unavailable === "" ? "$(database)" : "$(circle-slash)";
    const description = unavailable === "" ? (database === "" ? "in memory" : database) : unavailable;
    return { name, label: `${icon} ${label}`, description, picked: name === known.name };
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: "SpeQL: Select a Connection",
    placeHolder: "For this document; the setting speql.connections and dbt's profiles.yml name more",
  });
  if (chosen === undefined) return;
  const result = await client.run<SelectConnectionResult>("speql.selectConnection", uri, chosen.name);
  if (result !== undefined && result.reason !== "") void vscode.window.showWarningMessage(result.reason);
}
