/** Wiring: what the extension is made of, and what it hears. */

import * as vscode from "vscode";
import { BundledServer } from "./bundledServer";
import { Client } from "./client";
import { acceptRepair } from "./commands/acceptRepair";
import { cancel } from "./commands/cancel";
import { setConnectionPassword } from "./commands/connectionPassword";
import { exportShown } from "./commands/exportShown";
import { setLanguageModelKey } from "./commands/languageModelKey";
import { showMenu } from "./commands/menu";
import { pause } from "./commands/pause";
import { preview } from "./commands/preview";
import { reinstallServer } from "./commands/reinstallServer";
import { selectConnection } from "./commands/selectConnection";
import { setSpeculation } from "./commands/setSpeculation";
import { selectDatabase } from "./commands/selectDatabase";
import { showBudget } from "./commands/showBudget";
import { submit } from "./commands/submit";
import { showWalkthrough } from "./commands/walkthrough";
import { doubleEnterListener } from "./doubleEnterListener";
import { holdsSql } from "./embedded";
import { firstUse } from "./firstUse";
import { chosenInterpreter, hasServer, onPath } from "./machine";
import { PreviewView, viewType } from "./previewView";
import { Secrets } from "./secrets";
import { chooseCommand } from "./serverCommand";
import { serverEnvironment } from "./serverEnvironment";
import { ShownSelect } from "./shownSelect";
import { StatusBar } from "./statusBar";
import { fileOf } from "./dataFiles";
import { findData } from "./workspaceData";

/** What other extensions and tests may ask. */
export interface Api {
  /** The process of the server, if there is one now. */
  serverProcessId(): number | undefined;
}

let client: Client | undefined;

/** Called by VS Code with the first SQL document, a command, or a preview that was open when the window was closed. */
export function activate(context: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel("SpeQL", { log: true });
  const statusBar = new StatusBar();
  const view = new PreviewView(context.extensionUri);
  const bundled = new BundledServer(context, log, (step) => statusBar.installing(step));
  const keys = new Secrets(context.secrets, "speql.languageModelKeys");
  const passwords = new Secrets(context.secrets, "speql.connectionPasswords");
  const started = new Client(
    log,
    {
      preview: (preview) => {
        view.show({ kind: "preview", preview });
        shown.take(preview);
      },
      jobs: (jobs) => view.show({ kind: "jobs", jobs }),
      status: (status) => {
        view.show({ kind: "status", status });
        statusBar.status(status);
      },
      server: (state, restart) => {
        view.show(restart === undefined ? { kind: "server", state } : { kind: "server", state, restart });
        statusBar.server(state, restart);
      },
    },
    {
      command: () => {
        const setting = serverSetting();
        startedWith = JSON.stringify(setting);
        const probes = { onPath, interpreter: chosenInterpreter, hasServer, bundled: () => bundled.command() };
        return chooseCommand(setting, probes);
      },
      environment: async () => serverEnvironment(process.env, await keys.all(), await passwords.all()),
      version: String((context.extension.packageJSON as { version: unknown }).version),
    },
  );
  const shown = new ShownSelect(started);
  client = started;
  view.use(started);

  const commands: Record<string, (...args: unknown[]) => unknown> = {
    "speql.submit": (...place: unknown[]) => submit(started, view, place),
    "speql.preview": (...place: unknown[]) => preview(started, view, place),
    "speql.cancel": () => cancel(started),
    "speql.acceptRepair": () => acceptRepair(started, view),
    "speql.exportResult": () => exportShown(started, view),
    "speql.selectConnection": () => selectConnection(started, view),
    "speql.selectDatabase": () => selectDatabase(),
    "speql.pause": (wanted: unknown) => pause(started, wanted),
    "speql.showBudget": () => showBudget(statusBar),
    "speql.setSpeculation": () => setSpeculation(started, view),
    "speql.showMenu": () => showMenu(statusBar),
    "speql.showPreview": () => view.open(),
    "speql.showWalkthrough": () => showWalkthrough(),
    "speql.setLanguageModelKey": () => setLanguageModelKey(keys, started, statusBar),
    "speql.setConnectionPassword": () => setConnectionPassword(passwords, started),
    "speql.reinstallServer": () => reinstallServer(started, bundled),
    "speql.restartServer": () => started.restart(),
    "speql.showLog": () => log.show(),
  };
  const enteredTwice = doubleEnterListener(
    (uri, version) => view.isWhole(uri, version),
    (document, { line, character }) => {
      if (vscode.workspace.isTrusted) void submit(started, view, [started.uriOf(document), { line, character }]);
    },
  );
  let hasBegun = false;
  let startedWith = "";
  const begin = (document: vscode.TextDocument): void => {
    if (hasBegun || !holdsSql(document)) return;
    hasBegun = true;
    statusBar.show();
    started.startOnce();
    void firstUse(context);
    void findData().then((sources) => view.show({ kind: "data", files: sources.map(fileOf) }));
  };
  context.subscriptions.push(
    log,
    statusBar,
    view,
    shown,
    started,
    ...Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run)),
    vscode.window.registerWebviewPanelSerializer(viewType, view),
    view.onDidChangeVisibility((isVisible) => shown.visible(isVisible)),
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      view.follow(editor, started);
      statusBar.follow(view.currentUri());
    }),
    vscode.window.onDidChangeVisibleTextEditors(() => shown.draw()),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (!holdsSql(textEditor.document)) return;
      if (textEditor === vscode.window.activeTextEditor) view.follow(textEditor, started);
      else started.cursorMoved(textEditor);
    }),
    vscode.workspace.onDidOpenTextDocument(begin),
    vscode.workspace.onDidChangeTextDocument((event) => {
      const { document, contentChanges } = event;
      if (contentChanges.length === 0 || !holdsSql(document)) return;
      begin(document);
      const uri = started.uriOf(document);
      started.pins.edited(uri, contentChanges);
      view.show({ kind: "edited", uri, version: document.version });
      enteredTwice(event);
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (holdsSql(document)) view.show({ kind: "closed", uri: started.uriOf(document) });
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("speql.preview.highlight")) shown.draw();
      // The other settings the server hears of itself, and goes by them at once.
      const isOther = JSON.stringify(serverSetting()) !== startedWith;
      if (change.affectsConfiguration("speql.server") && isOther && hasBegun) void started.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (!hasBegun) return;
      void started.restart();
      void firstUse(context);
    }),
  );
  for (const document of vscode.workspace.textDocuments) begin(document);
  view.follow(vscode.window.activeTextEditor, started);
  statusBar.follow(view.currentUri());
  return { serverProcessId: () => started.processId() };
}

/** The program that the user has named as the server; null if none. */
function serverSetting(): string[] | null {
  return vscode.workspace.getConfiguration("speql").get<string[] | null>("server.command", null);
}

/** Called by VS Code when the window closes: the server must be gone before that. */
export function deactivate(): Promise<void> | undefined {
  return client?.stopped();
}
