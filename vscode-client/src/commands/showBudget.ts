/** `speql.showBudget`: what has been spent and saved, of what may be. */

import * as vscode from "vscode";
import { budgetLines } from "../menuItems";
import type { StatusBar } from "../statusBar";

/** List the budgets; the last entry opens the settings that they are in. */
export async function showBudget(statusBar: StatusBar): Promise<void> {
  const lines = budgetLines(statusBar.known.status);
  const change = "$(gear) Change the language model's budgets";
  const items: vscode.QuickPickItem[] = lines.map(([label, description]) => ({ label, description }));
  if (items.length === 0) items.push({ label: "Nothing yet", description: "the server is not running" });
  const chosen = await vscode.window.showQuickPick([...items, { label: change }], { title: "SpeQL: Budget" });
  if (chosen?.label === change)
    await vscode.commands.executeCommand("workbench.action.openSettings", "speql.languageModel");
}
