/** The connection to the server: starting, stopping, SpeQL's own messages and commands. */

import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import {
  CloseAction,
  ExecuteCommandRequest,
  LanguageClient,
  State,
  type DynamicFeature,
  type ErrorHandler,
  type StaticFeature,
} from "vscode-languageclient/node";
import { machine } from "./machine";
import type { ServerState } from "./panel/messages";
import type { CursorMoved, Jobs, Preview, Status } from "./protocol.gen";
import { chooseCommand, type Command } from "./serverCommand";

/** What the server tells, and how it is. */
export interface ClientEvents {
  preview: (preview: Preview) => void;
  jobs: (jobs: Jobs) => void;
  status: (status: Status) => void;
  server: (state: ServerState) => void;
}

/** One server at a time, from the settings as they are when it starts. */
export class Client implements vscode.Disposable {
  private client: SpeqlLanguageClient | null = null;
  /** Whether this server knows where the cursors are: a server that was started again has only the texts. */
  private knowsCursors = false;
  /** Starts and stops one after another: two commands at once must not leave two servers. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly events: ClientEvents,
  ) {}

  /** Start the server, or start it again with the settings as they are now. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.stop();
      await this.start();
    });
  }

  /** Run a command of the server. Undefined while there is no server. */
  async run<Result>(command: string, ...args: unknown[]): Promise<Result | undefined> {
    if (this.client?.state !== State.Running) {
      void vscode.window.showWarningMessage("The SpeQL server is not running. Run SpeQL: Restart the Server.");
      return undefined;
    }
    return (await this.client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args })) as Result;
  }

  /** Tell the server where the cursor is. */
  cursorMoved(editor: vscode.TextEditor): void {
    if (this.client?.state !== State.Running) return;
    const { line, character } = editor.selection.active;
    const moved: CursorMoved = { uri: this.uriOf(editor.document), position: { line, character } };
    void this.client.sendNotification("speql/cursor", moved);
  }

  /** The document's URI as the server knows it. */
  uriOf(document: vscode.TextDocument): string {
    return this.client?.code2ProtocolConverter.asUri(document.uri) ?? document.uri.toString();
  }

  dispose(): void {
    void this.next(() => this.stop());
  }

  /** Resolves when the server has stopped. */
  stopped(): Promise<void> {
    return this.next(() => this.stop());
  }

  private tellCursors(): void {
    this.knowsCursors = true;
    const editors = vscode.window.visibleTextEditors.filter((editor) => editor.document.languageId === "sql");
    for (const editor of editors) this.cursorMoved(editor);
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work);
    return this.turn;
  }

  private async start(): Promise<void> {
    const settings = vscode.workspace.getConfiguration("speql");
    const choice = await chooseCommand(settings.get<string[] | null>("server.command", null), machine);
    if ("problem" in choice) {
      this.log.error(choice.problem);
      this.events.server("stopped");
      void this.complain(choice.problem);
      return;
    }
    const client = this.languageClient(choice, {
      database: databaseOf(settings),
      languageModel: settings.get<object>("languageModel", {}),
      inlayHints: settings.get<string>("inlayHints", "all"),
      codeLens: settings.get<boolean>("codeLens", true),
    });
    this.client = client;
    try {
      await client.start();
      this.events.server("running");
    } catch (error) {
      const problem = `The SpeQL server did not start: ${[choice.command, ...choice.args].join(" ")}.`;
      this.log.error(problem, error instanceof Error ? error.message : String(error));
      this.events.server("stopped");
      void this.complain(problem);
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = null;
    // A client that is still starting, or that failed to, cannot be stopped: disposing of it is enough.
    if (client?.state === State.Running) await client.stop();
    await client?.dispose();
  }

  private languageClient(
    { command, args }: Command,
    options: { database: string | null; languageModel: object; inlayHints: string; codeLens: boolean },
  ): SpeqlLanguageClient {
    this.log.info(`Starting ${[command, ...args].join(" ")}`);
    const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    const client: SpeqlLanguageClient = new SpeqlLanguageClient(
      "speql",
      "SpeQL",
      { command, args, ...(workspace === undefined ? {} : { options: { cwd: workspace } }) },
      {
        documentSelector: [
          { scheme: "file", language: "sql" },
          { scheme: "untitled", language: "sql" },
        ],
        initializationOptions: { ...options, workspace: workspace ?? null },
        outputChannel: this.log,
        connectionOptions: { maxRestartCount: 4 },
      },
    );
    client.lost = (state) => this.events.server(state);
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) this.knowsCursors = false;
      if (newState === State.Running) this.events.server("running");
    });
    client.onNotification("speql/preview", (preview: Preview) => this.events.preview(preview));
    client.onNotification("speql/jobs", (jobs: Jobs) => this.events.jobs(jobs));
    client.onNotification("speql/status", (status: Status) => {
      this.events.status(status);
      if (status.connection.state !== "opening" && !this.knowsCursors) this.tellCursors();
    });
    return client;
  }

  private async complain(problem: string): Promise<void> {
    const settings = "Open Settings";
    const log = "Show Log";
    const chosen = await vscode.window.showErrorMessage(problem, settings, log);
    if (chosen === settings) await vscode.commands.executeCommand("workbench.action.openSettings", "speql");
    if (chosen === log) this.log.show();
  }
}

/** The library's client, with the library's own restarts told to the panel. */
class SpeqlLanguageClient extends LanguageClient {
  /** Called when the connection is gone: whether it comes again by itself. */
  lost: (state: ServerState) => void = () => {};

  /**
   * Leave out the feature that registers every command of the server with VS Code: ours have the same names, add what
   * the server needs to know (document, cursor), and exist before the server does.
   */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const isThatOne = "registrationType" in feature && feature.registrationType.method === ExecuteCommandRequest.method;
    if (!isThatOne) super.registerFeature(feature);
  }

  override createDefaultErrorHandler(maxRestartCount?: number): ErrorHandler {
    const standard = super.createDefaultErrorHandler(maxRestartCount);
    return {
      error: (error, message, count) => standard.error(error, message, count),
      closed: async () => {
        const result = await standard.closed();
        this.lost(result.action === CloseAction.Restart ? "restarting" : "stopped");
        return result;
      },
    };
  }
}

/** The database of the settings; a relative path starts at the workspace folder. */
function databaseOf(settings: vscode.WorkspaceConfiguration): string | null {
  const database = settings.get("database", "").trim();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  if (database === "" || database === ":memory:") return null;
  return isAbsolute(database) || folder === undefined ? database : join(folder, database);
}
