/** The preview beside the editor: a webview that holds the panel. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Client } from "./client";
import { PanelMemory } from "./panelMemory";
import type { FromPanel, ToPanel } from "./panel/messages";

/** The view. It opens with the first rows, and after that only when asked. */
export class PreviewView implements vscode.Disposable {
  private readonly memory = new PanelMemory();
  private panel: vscode.WebviewPanel | null = null;
  private isReady = false;
  private hasOpened = false;
  private current: string | null = null;

  constructor(private readonly extensionUri: vscode.Uri) {}

  /** Tell the panel something. */
  show(message: ToPanel): void {
    this.memory.keep(message);
    if (message.kind === "document") this.current = message.uri;
    if (this.isReady) void this.panel?.webview.postMessage(message);
    const opensItself = vscode.workspace.getConfiguration("speql").get("preview.open") === "automatically";
    if (message.kind === "preview" && message.preview.outcome === "rows" && opensItself && !this.hasOpened) this.open();
  }

  /** Show the document of this editor, if it is one of ours. */
  follow(editor: vscode.TextEditor | undefined, client: Client): void {
    if (editor?.document.languageId !== "sql") return;
    const name = vscode.workspace.asRelativePath(editor.document.uri);
    this.show({ kind: "document", uri: client.uriOf(editor.document), name });
    client.cursorMoved(editor);
  }

  /** The document that the panel shows. */
  currentUri(): string | null {
    return this.current;
  }

  /** Open the view beside the editor, which keeps the keyboard. */
  open(): void {
    this.hasOpened = true;
    if (this.panel !== null) {
      this.panel.reveal(undefined, true);
      return;
    }
    const dist = vscode.Uri.joinPath(this.extensionUri, "dist");
    const panel = vscode.window.createWebviewPanel(
      "speql.preview",
      "SpeQL Preview",
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, retainContextWhenHidden: true, localResourceRoots: [dist] },
    );
    this.panel = panel;
    panel.webview.onDidReceiveMessage((message: FromPanel) => this.receive(message));
    panel.onDidDispose(() => {
      this.panel = null;
      this.isReady = false;
    });
    panel.webview.html = page(panel.webview, dist);
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private receive(message: FromPanel): void {
    switch (message.kind) {
      case "ready":
        this.isReady = true;
        for (const known of this.memory.replay()) void this.panel?.webview.postMessage(known);
        return;
      case "command":
        void vscode.commands.executeCommand(message.command);
        return;
      case "reveal":
        void reveal(message.uri, new vscode.Position(message.position.line, message.position.character));
        return;
      case "focusEditor":
        void vscode.commands.executeCommand("workbench.action.focusPreviousGroup");
    }
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

/** The page: our script and our style sheet, and nothing else can load or run. */
function page(webview: vscode.Webview, dist: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${uri("panel.css")}" />
    <title>SpeQL Preview</title>
  </head>
  <body>
    <script nonce="${nonce}" src="${uri("webview.js")}"></script>
  </body>
</html>`;
}
