/** `speql.showWalkthrough`: SpeQL in three steps. */

import * as vscode from "vscode";

/** Open the walkthrough of the extension. */
export async function showWalkthrough(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openWalkthrough", "speql.speql#speql.start", false);
}
