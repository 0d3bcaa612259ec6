/** The preview beside the editor: a webview that holds the panel, and does for it what a page cannot. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Client } from "./client";
import { holdsSql } from "./embedded";
import { exportResult, savePicture } from "./host/exporting";
import { OpenQuestions } from "./host/openQuestions";
import { page } from "./host/page";
import { PanelMemory } from "./panelMemory";
import type { FromPanel, News, Questions, ToPanel } from "./panel/messages";
import type { Preview } from "./protocol.gen";
import { useSource } from "./workspaceData";

/** The kind of the webview, by which VS Code finds us when it restores one. */
export const viewType = "speql.preview";

/** The view. It opens with the first rows, and after that only when asked. */
export class PreviewView implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly memory = new PanelMemory();
  private readonly questions = new OpenQuestions(
    () => new vscode.CancellationTokenSource(),
    (answer) => this.post(answer),
    (error) => (error instanceof Error ? error.message : String(error)),
  );
  private readonly visibility = new vscode.EventEmitter<boolean>();
  private panel: vscode.WebviewPanel | null = null;
  private isReady = false;
  private hasOpened = false;
  private current: string | null = null;
  private client: Client | null = null;

  /** Whether the panel can be seen, each time that changes. */
  readonly onDidChangeVisibility = this.visibility.event;

  constructor(private readonly extensionUri: vscode.Uri) {}

  /** Have the panel's questions answered by this client. */
  use(client: Client): void {
    this.client = client;
  }

  /** Tell the panel something. */
  show(message: News): void {
    this.memory.keep(message);
    if (message.kind === "document") this.current = message.uri;
    this.post(message);
    const opensItself = vscode.workspace.getConfiguration("speql").get("preview.open") === "automatically";
    if (message.kind === "preview" && message.preview.outcome === "rows" && opensItself && !this.hasOpened) this.open();
  }

  /** Show the document of this editor, if it is one of ours. */
  follow(editor: vscode.TextEditor | undefined, client: Client): void {
    if (editor === undefined || !holdsSql(editor.document)) return;
    const name = vscode.workspace.asRelativePath(editor.document.uri);
    this.show({ kind: "document", uri: client.uriOf(editor.document), name });
    client.cursorMoved(editor);
  }

  /** The document that the panel shows. */
  currentUri(): string | null {
    return this.current;
  }

  /** The last preview with rows of the document that the panel shows. */
  currentRows(): Preview | null {
    return this.current === null ? null : this.memory.rows(this.current);
  }

  /** Whether the server has run the statement at the cursor as it was in this version, without any repair. */
  isWhole(uri: string, version: number): boolean {
    const last = this.memory.rows(uri);
    return last !== null && last.version >= version && last.edits.length === 0;
  }

  /** Open the view beside the editor, which keeps the keyboard. */
  open(): void {
    this.hasOpened = true;
    if (this.panel !== null) {
      this.panel.reveal(undefined, true);
      return;
    }
    const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    this.adopt(vscode.window.createWebviewPanel(viewType, "SpeQL Preview", place, { retainContextWhenHidden: true }));
  }

  /** Called by VS Code with a view that was open when the window was closed or loaded again. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.hasOpened = true;
    if (this.panel === null) this.adopt(panel);
    else panel.dispose();
  }

  dispose(): void {
    this.panel?.dispose();
    this.visibility.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const dist = vscode.Uri.joinPath(this.extensionUri, "dist");
    this.panel = panel;
    this.isReady = false;
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    panel.webview.onDidReceiveMessage((message: FromPanel) => this.receive(message));
    panel.onDidChangeViewState(() => this.visibility.fire(panel.visible));
    panel.onDidDispose(() => {
      this.panel = null;
      this.isReady = false;
      this.questions.withdrawAll();
      this.visibility.fire(false);
    });
    const uri = (file: string): string => panel.webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    const files = { script: uri("webview.js"), style: uri("panel.css"), chart: uri("chart.js") };
    panel.webview.html = page(files, randomBytes(16).toString("base64"), panel.webview.cspSource);
    this.visibility.fire(panel.visible);
  }

  private post(message: ToPanel): void {
    if (this.isReady) void this.panel?.webview.postMessage(message);
  }

  private receive(message: FromPanel): void {
    switch (message.kind) {
      case "ready":
        this.isReady = true;
        this.questions.withdrawAll();
        for (const known of this.memory.replay()) this.post(known);
        return;
      case "command":
        if (message.command.startsWith("speql.")) void vscode.commands.executeCommand(message.command);
        return;
      case "reveal":
        void reveal(message.uri, new vscode.Position(message.position.line, message.position.character));
        return;
      case "focusEditor":
        void this.focusEditor();
        return;
      case "pin":
        this.client?.pin(message.uri, message.position);
        return;
      case "useData":
        void useSource(message.name);
        return;
      case "ask":
        void this.questions.ask(message.id, (token) => this.ask(message.method, message.params, token));
        return;
      case "withdraw":
        this.questions.withdraw(message.id);
        return;
      case "export":
        if (this.client !== null) void exportResult(this.client, message);
        return;
      case "save":
        void savePicture(this.current, message.name, message.type, message.base64);
        return;
      case "copy":
        void vscode.env.clipboard.writeText(message.text);
    }
  }

  private async ask(method: keyof Questions, params: object, token: vscode.CancellationToken): Promise<unknown> {
    if (this.client === null) throw new Error("The SpeQL server is not running.");
    switch (method) {
      case "speql/rows":
        return this.client.ask(method, params, token);
      case "speql.profile":
      case "speql.chart":
      case "speql.columns":
      case "speql.sample":
        return this.client.request(method, [params], token);
      case "speql.explain": {
        const { uri, position } = params as Questions["speql.explain"]["params"];
        return this.client.request(method, position === undefined ? [uri] : [uri, position], token);
      }
    }
  }

  private async focusEditor(): Promise<void> {
    const shown = vscode.window.visibleTextEditors.find(
      ({ document }) => this.client?.uriOf(document) === this.current,
    );
    if (shown === undefined) await vscode.commands.executeCommand("workbench.action.focusPreviousGroup");
    else await vscode.window.showTextDocument(shown.document, shown.viewColumn);
  }
}

async function reveal(uri: string, position: vscode.Position): Promise<void> {
  const parsed = vscode.Uri.parse(uri);
  const open = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === parsed.toString());
  const document = open?.document ?? (await vscode.workspace.openTextDocument(parsed));
  const place = new vscode.Range(position, position);
  await vscode.window.showTextDocument(document, {
    viewColumn: open?.viewColumn ?? vscode.ViewColumn.One,
    selection: place,
  });
}
