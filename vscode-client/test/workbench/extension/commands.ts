import { strictEqual } from "node:assert";
import * as vscode from "vscode";
import { editor } from "./editing";
import { until, type Body } from "./run";

const broken = "SELECT i_category, count(*) AS items FROM item WHERE i_item_sk IN (1, 2, 3 GROUP BY i_category";

const previewTab = (): vscode.Tab | undefined =>
  vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith("speql.preview"));

/** Accept the repair of exactly the text that is there, as soon as the server has one. */
async function acceptRepair(shown: vscode.TextEditor): Promise<string> {
  return until("The repair", async () => {
    await vscode.commands.executeCommand("speql.acceptRepair");
    const text = shown.document.getText();
    return text === broken ? undefined : text;
  });
}

/** The commands, run as a key or the palette runs them. */
export const commands: Record<string, Body> = {
  "Accept the Repair writes the repair, in one step that can be undone": async () => {
    const shown = await editor("report.sql", broken);
    const text = await acceptRepair(shown);
    strictEqual(text.replace(/\s/g, ""), broken.replace("3 GROUP", "3) GROUP").replace(/\s/g, ""));
    await vscode.commands.executeCommand("undo");
    strictEqual(shown.document.getText(), broken);
  },

  "Show the Preview opens it beside, and the editor keeps the keyboard": async () => {
    const shown = await editor("report.sql", "SELECT count(*) FROM item");
    await vscode.commands.executeCommand("speql.showPreview");
    const tab = await until("The preview", previewTab);
    strictEqual(tab.group.viewColumn, vscode.ViewColumn.Two);
    strictEqual(vscode.window.activeTextEditor?.document.uri.toString(), shown.document.uri.toString());
  },

  "Submit opens the preview again where it was closed": async () => {
    await vscode.window.tabGroups.close(previewTab()!);
    await editor("report.sql", "SELECT count(*) FROM item");
    await vscode.commands.executeCommand("speql.submit");
    await until("The preview", previewTab);
  },

  "Cancel and Restart leave the text as it is": async () => {
    const shown = await editor("report.sql", "SELECT count(*) FROM item");
    await vscode.commands.executeCommand("speql.cancel");
    await vscode.commands.executeCommand("speql.restartServer");
    strictEqual(shown.document.getText(), "SELECT count(*) FROM item");
    const at = shown.document.positionAt("SELECT".length);
    const hovers = (): Thenable<vscode.Hover[]> =>
      vscode.commands.executeCommand("vscode.executeHoverProvider", shown.document.uri, at.translate(0, 17));
    await until("A hover of the new server", hovers);
  },

  "an editor without SQL is left alone": async () => {
    const document = await vscode.workspace.openTextDocument({ language: "plaintext", content: broken });
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One });
    await vscode.commands.executeCommand("speql.submit");
    strictEqual(document.getText(), broken);
    strictEqual(vscode.languages.getDiagnostics(document.uri).length, 0);
  },
};
