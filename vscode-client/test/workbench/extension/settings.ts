import { strictEqual } from "node:assert";
import { join } from "node:path";
import * as vscode from "vscode";
import { editor, folder } from "./editing";
import { until, type Body } from "./run";

/** The labels of what is proposed behind `SELECT FROM`. */
async function tables(): Promise<string[]> {
  const shown = await editor("report.sql", "SELECT * FROM ");
  const list = await vscode.commands.executeCommand<vscode.CompletionList>(
    "vscode.executeCompletionItemProvider",
    shown.document.uri,
    shown.selection.active,
  );
  return list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
}

const change = (name: string, value: unknown): Thenable<void> =>
  vscode.workspace.getConfiguration("speql").update(name, value, vscode.ConfigurationTarget.Workspace);

/** Settings take effect when they change. */
export const settings: Record<string, Body> = {
  "another database is another list of tables": async () => {
    await until("The tables", async () => (await tables()).includes("store_returns"));
    await change("database", join(folder(), "sales.duckdb"));
    await until("The tables of the other database", async () => (await tables()).includes("sales"));
    await change("database", "tpcds.duckdb");
    await until("The tables again", async () => (await tables()).includes("store_returns"));
  },

  "lenses go when they are switched off": async () => {
    const shown = await editor("report.sql", "SELECT count(*) FROM item");
    const lenses = (): Thenable<vscode.CodeLens[]> =>
      vscode.commands.executeCommand("vscode.executeCodeLensProvider", shown.document.uri);
    await until("Lenses", lenses);
    await change("codeLens", false);
    await until("No lenses", async () => (await lenses()).length === 0);
    await change("codeLens", undefined);
    await until("Lenses again", lenses);
    strictEqual(shown.document.getText(), "SELECT count(*) FROM item");
  },
};
