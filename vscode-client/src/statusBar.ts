/** The item in the status bar: which database, what speculation does, what it has cost and saved. */

import * as vscode from "vscode";
import type { Restart, ServerState } from "./panel/messages";
import type { Status } from "./protocol.gen";
import { statusText } from "./statusText";

/** The item. A click opens the menu, or starts a server that has stopped. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("speql.status", vscode.StatusBarAlignment.Right, 100);
  private lastStatus: Status | null = null;
  private lastServer: ServerState | null = null;
  private restart: Restart | undefined;
  private step: string | null = null;
  private uri: string | null = null;

  constructor() {
    this.item.name = "SpeQL";
  }

  /** The last status of the server, and whether it answers. */
  get known(): { status: Status | null; server: ServerState | null } {
    return { status: this.lastStatus, server: this.lastServer };
  }

  /** Be there from now on. */
  show(): void {
    this.draw();
    this.item.show();
  }

  /** Take a status of the server. */
  status(status: Status): void {
    this.lastStatus = status;
    this.draw();
  }

  /** Take whether the server answers. */
  server(state: ServerState, restart?: Restart): void {
    this.lastServer = state;
    this.restart = restart;
    if (state !== "running") this.lastStatus = null;
    this.draw();
  }

  /** Take the document that the user is in: its connection is the one that is shown. */
  follow(uri: string | null): void {
    if (uri === this.uri) return;
    this.uri = uri;
    this.draw();
  }

  /** Take what is being done while the server is installed; null at the end. */
  installing(step: string | null): void {
    this.step = step;
    this.draw();
  }

  dispose(): void {
    this.item.dispose();
  }

  private draw(): void {
    const { text, tooltip, isProblem } = statusText(this.lastStatus, this.lastServer, {
      ...(this.restart === undefined ? {} : { restart: this.restart }),
      step: this.step,
      uri: this.uri,
    });
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `SpeQL: ${tooltip.replaceAll("\n", ", ")}`, role: "button" };
    this.item.backgroundColor = isProblem ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.command = this.lastServer === "stopped" ? "speql.restartServer" : "speql.showMenu";
  }
}
