/** What the user is told once: where the data is, and that there is a walkthrough. */

import * as vscode from "vscode";
import { offerData } from "./workspaceData";

const welcomed = "speql.welcomed";

/**
 * Offer the data of the workspace, or else, the first time of all, the walkthrough: one message at most, and none while
 * the workspace is not trusted and nothing would come of it.
 */
export async function firstUse(context: vscode.ExtensionContext): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const isFirst = !context.globalState.get(welcomed, false);
  const isOffered = await offerData(context.workspaceState);
  if (!isFirst) return;
  await context.globalState.update(welcomed, true);
  if (isOffered) return;
  const show = "Show the Walkthrough";
  const message = "SpeQL is ready: type SQL, and the rows appear beside the text.";
  void vscode.window.showInformationMessage(message, show).then((chosen) => {
    if (chosen === show) return vscode.commands.executeCommand("speql.showWalkthrough");
    return undefined;
  });
}
