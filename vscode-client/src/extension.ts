/** Wiring: what the extension is made of, and what it hears. */

import * as vscode from "vscode";
import { Client } from "./client";
import { acceptRepair } from "./commands/acceptRepair";
import { cancel } from "./commands/cancel";
import { preview } from "./commands/preview";
import { selectDatabase } from "./commands/selectDatabase";
import { submit } from "./commands/submit";
import { PreviewView } from "./previewView";
import { StatusBar } from "./statusBar";

let client: Client | undefined;

/** Called by VS Code with the first SQL document. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("SpeQL", { log: true });
  const statusBar = new StatusBar();
  const view = new PreviewView(context.extensionUri);
  const started = new Client(log, {
    preview: (preview) => view.show({ kind: "preview", preview }),
    jobs: (jobs) => view.show({ kind: "jobs", jobs }),
    status: (status) => {
      view.show({ kind: "status", status });
      statusBar.status(status);
    },
    server: (state) => {
      view.show({ kind: "server", state });
      statusBar.server(state);
    },
  });
  client = started;

  const commands: Record<string, (...args: unknown[]) => unknown> = {
    "speql.submit": (...place: unknown[]) => submit(started, view, place),
    "speql.preview": (...place: unknown[]) => preview(started, view, place),
    "speql.cancel": () => cancel(started),
    "speql.acceptRepair": () => acceptRepair(started, view),
    "speql.selectDatabase": () => selectDatabase(),
    "speql.showPreview": () => view.open(),
    "speql.restartServer": () => started.restart(),
    "speql.showLog": () => log.show(),
  };
  context.subscriptions.push(
    log,
    statusBar,
    view,
    started,
    ...Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run)),
    vscode.window.onDidChangeActiveTextEditor((editor) => view.follow(editor, started)),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor.document.languageId === "sql") started.cursorMoved(textEditor);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document.languageId !== "sql" || contentChanges.length === 0) return;
      view.show({ kind: "edited", uri: started.uriOf(document), version: document.version });
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (document.languageId === "sql") view.show({ kind: "closed", uri: started.uriOf(document) });
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (
        ["database", "server", "inlayHints", "codeLens"].some((name) => change.affectsConfiguration(`speql.${name}`))
      ) {
        void started.restart();
      }
    }),
  );
  view.follow(vscode.window.activeTextEditor, started);
  void started.restart();
}

/** Called by VS Code when the window closes: the server must be gone before that. */
export function deactivate(): Promise<void> | undefined {
  return client?.stopped();
}
