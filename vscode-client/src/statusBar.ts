/** The item in the status bar: which database, and what speculation does. */

import * as vscode from "vscode";
import type { ServerState } from "./panel/messages";
import type { Status } from "./protocol.gen";
import { statusText } from "./statusText";

/** The item. A click chooses the database. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("speql.status", vscode.StatusBarAlignment.Right, 100);
  private lastStatus: Status | null = null;
  private lastServer: ServerState | null = null;

  constructor() {
    this.item.name = "SpeQL";
    this.item.command = "speql.selectDatabase";
    this.draw();
    this.item.show();
  }

  /** Take a status of the server. */
  status(status: Status): void {
    this.lastStatus = status;
    this.draw();
  }

  /** Take whether the server answers. */
  server(state: ServerState): void {
    this.lastServer = state;
    this.draw();
  }

  dispose(): void {
    this.item.dispose();
  }

  private draw(): void {
    const { text, tooltip, isProblem } = statusText(this.lastStatus, this.lastServer);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = isProblem ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.command = this.lastServer === "stopped" ? "speql.restartServer" : "speql.selectDatabase";
  }
}
