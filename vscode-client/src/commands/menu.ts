/** `speql.showMenu`: what the status bar item opens. */

import * as vscode from "vscode";
import { menuItems, type MenuItem } from "../menuItems";
import type { StatusBar } from "../statusBar";

interface Item extends vscode.QuickPickItem {
  run?: { command: string; args: unknown[] };
}

/** Offer what can be done now, and do what is chosen. */
export async function showMenu(statusBar: StatusBar): Promise<void> {
  const { status, server } = statusBar.known;
  const chosen = await vscode.window.showQuickPick(menuItems(status, server).map(itemOf), { title: "SpeQL" });
  if (chosen?.run !== undefined) await vscode.commands.executeCommand(chosen.run.command, ...chosen.run.args);
}

function itemOf(item: MenuItem): Item {
  if ("heading" in item) return { label: item.heading, kind: vscode.QuickPickItemKind.Separator };
  return { label: item.label, description: item.description, run: { command: item.command, args: item.args ?? [] } };
}
