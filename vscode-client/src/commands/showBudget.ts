/** `speql.showBudget`: what has been spent and saved, of what may be. */

import * as vscode from "vscode";
import { budgetLines } from "../menuItems";
import type { StatusBar } from "../statusBar";

/** List the budgets; the last entries change them. */
export async function showBudget(statusBar: StatusBar): Promise<void> {
  const lines = budgetLines(statusBar.known.status);
  const set = "$(law) Set what may be spent ahead...";
  const change = "$(gear) Change the language model's budgets";
  const items: vscode.QuickPickItem[] = lines.map(([label, description]) => ({ label, description }));
  if (items.length === 0) items.push({ label: "Nothing yet", description: "the server is not running" });
  const chosen = await vscode.window.showQuickPick([...items, { label: set }, { label: change }], {
    title: "SpeQL: Budget",
  });
  if (chosen?.label === set) await vscode.commands.executeCommand("speql.setSpeculation");
  if (chosen?.label === change)
    await vscode.commands.executeCommand("workbench.action.openSettings", "speql.languageModel");
}
