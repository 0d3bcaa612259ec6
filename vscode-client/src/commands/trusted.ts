/** What runs queries waits until the user trusts the workspace. */

import * as vscode from "vscode";

/** Whether the workspace is trusted; if not, the user is told what that is for. */
export function isTrusted(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Trust";
  const message = "SpeQL runs no queries in a workspace that you do not trust; it completes and checks them.";
  void vscode.window.showInformationMessage(message, manage).then((chosen) => {
    if (chosen === manage) return vscode.commands.executeCommand("workbench.trust.manage");
    return undefined;
  });
  return false;
}
