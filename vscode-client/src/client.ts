/** The connection to the server: starting, stopping, starting again, SpeQL's own messages and commands. */

import * as vscode from "vscode";
import { BackOff } from "./backOff";
import { holdsSql, sqlDocuments } from "./embedded";
import type { SpeqlLanguageClient } from "./languageClient";
import type { Restart, ServerState } from "./panel/messages";
import { Pins } from "./pins";
import type { CursorMoved, Jobs, Position, Preview, Status } from "./protocol.gen";
import type { Choice, Command } from "./serverCommand";
import { versionProblem } from "./serverVersion";

/** What the server tells, and how it is. */
export interface ClientEvents {
  preview: (preview: Preview) => void;
  jobs: (jobs: Jobs) => void;
  status: (status: Status) => void;
  server: (state: ServerState, restart?: Restart) => void;
}

/** What is asked when a server is started. */
export interface Launch {
  /** Which program; asking may take long and install something. */
  command: () => Promise<Choice>;
  /** Its whole environment. */
  environment: () => Promise<Record<string, string | undefined>>;
  /** The version of this extension, which the server has to fit. */
  version: string;
}

/** A request that has no answer because there is no server. */
export class NoServer extends Error {}

/** One server at a time, from the settings as they are when it starts. */
export class Client implements vscode.Disposable {
  /** The places that the panel keeps to. */
  readonly pins = new Pins();
  private client: SpeqlLanguageClient | null = null;
  private isStarted = false;
  /** Whether this server knows where the cursors are: a server that was started again has only the texts. */
  private knowsCursors = false;
  /** Starts and stops one after another: two commands at once must not leave two servers. */
  private turn: Promise<void> = Promise.resolve();
  private readonly backOff = new BackOff();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly events: ClientEvents,
    private readonly launch: Launch,
  ) {}

  /** Start the server if nobody has done so yet. */
  startOnce(): void {
    if (!this.isStarted) void this.restart();
  }

  /** Start the server, or start it again with the settings as they are now. */
  restart(): Promise<void> {
    this.isStarted = true;
    return this.next(async () => {
      await this.stop();
      this.backOff.forget();
      await this.start();
    });
  }

  /** Do something while there is no server: one that is needed for that is started afterwards. */
  without(work: () => Promise<void>): Promise<void> {
    void this.next(async () => {
      await this.stop();
      await work();
    });
    return this.restart();
  }

  /** Run a command of the server for the user, who is told if that is not possible. */
  async run<Result>(command: string, ...args: unknown[]): Promise<Result | undefined> {
    try {
      return (await this.request(command, args)) as Result;
    } catch (error) {
      if (error instanceof vscode.CancellationError) return undefined;
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof NoServer) void this.offerStart(message);
      else void vscode.window.showErrorMessage(`SpeQL: ${message}`);
      return undefined;
    }
  }

  /**
   * The answer to a command with its arguments, waiting for a server that is being started. Rejects with `NoServer`, with
   * the server's refusal, or with `CancellationError` once the token is cancelled: the server then stops working on it.
   */
  request(command: string, args: readonly unknown[], token?: vscode.CancellationToken): Promise<unknown> {
    return this.send((client) => client.sendCommand(command, args, token), token);
  }

  /** The answer to a request of SpeQL's own; as `request`. */
  ask(method: string, params: object, token?: vscode.CancellationToken): Promise<unknown> {
    return this.send((client) => client.sendRequest(method, params, token), token);
  }

  /** Tell the server where the cursor is; of a document with a pin, where that is. */
  cursorMoved(editor: vscode.TextEditor): void {
    if (!this.client?.isRunning()) return;
    const { line, character } = editor.selection.active;
    const uri = this.uriOf(editor.document);
    const moved: CursorMoved = { uri, position: this.pins.of(uri) ?? { line, character } };
    this.client.sendNotification("speql/cursor", moved).catch((error: unknown) => this.log.debug(String(error)));
  }

  /** The document's URI as the server knows it. */
  uriOf(document: vscode.TextDocument): string {
    return this.client?.code2ProtocolConverter.asUri(document.uri) ?? document.uri.toString();
  }

  /** The process of the server, if there is one: for tests that kill it. */
  processId(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  dispose(): void {
    void this.next(() => this.stop());
  }

  /** Resolves when the server has stopped. */
  stopped(): Promise<void> {
    return this.next(() => this.stop());
  }

  private async send(
    sent: (client: SpeqlLanguageClient) => Promise<unknown>,
    token: vscode.CancellationToken | undefined,
  ): Promise<unknown> {
    this.startOnce();
    await this.turn;
    const { client } = this;
    if (!client?.isRunning()) {
      throw new NoServer(
        this.timer === undefined ? "The SpeQL server is not running." : "The SpeQL server is being started again.",
      );
    }
    try {
      return await sent(client);
    } catch (error) {
      if (token?.isCancellationRequested) throw new vscode.CancellationError();
      if (client !== this.client) throw new NoServer("The server stopped.");
      throw error;
    }
  }

  /** Take this place for the cursor of a document, wherever that goes and through all edits; null: no more. */
  pin(uri: string, position: Position | null): void {
    this.pins.set(uri, position);
    this.tellCursors();
  }

  private tellCursors(): void {
    this.knowsCursors = true;
    const editors = vscode.window.visibleTextEditors.filter(({ document }) => holdsSql(document));
    for (const editor of editors) this.cursorMoved(editor);
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work);
    return this.turn;
  }

  private async start(): Promise<void> {
    const choice = await this.launch.command();
    if ("problem" in choice) {
      this.log.error(choice.problem);
      this.events.server("stopped");
      if (!choice.quiet) void this.complain(choice.problem, choice.page);
      return;
    }
    const client = await this.languageClient(choice, await this.launch.environment());
    this.client = client;
    this.knowsCursors = false;
    try {
      await client.start();
    } catch (error) {
      this.log.error(`The server did not start: ${error instanceof Error ? error.message : String(error)}`);
      this.lost(client, `The SpeQL server did not start: ${[choice.command, ...choice.args].join(" ")}.`);
      return;
    }
    if (client !== this.client) return; // lost meanwhile
    const problem = versionProblem(client.initializeResult?.serverInfo, this.launch.version);
    if (problem !== null) {
      this.log.error(problem);
      await this.stop();
      this.events.server("stopped");
      void this.complain(problem);
      return;
    }
    client.readPython();
    this.backOff.started(Date.now());
    this.events.server("running");
  }

  /** The server is gone, and nobody has stopped it. */
  private lost(client: SpeqlLanguageClient, problem: string): void {
    if (client !== this.client) return;
    this.client = null;
    // Later: the library is in the middle of closing it.
    setTimeout(() => {
      client.dispose().catch((error: unknown) => this.log.debug(`Disposing of the client: ${String(error)}`));
    }, 0);
    const restart = this.backOff.stopped(Date.now());
    if (restart === null) {
      this.log.error("The server stopped too often to be started again.");
      this.events.server("stopped");
      void this.complain(problem);
      return;
    }
    this.log.warn(`The server stopped. Starting it again in ${restart.seconds} s, attempt ${restart.attempt}`);
    this.events.server("restarting", restart);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.next(() => this.start());
    }, restart.seconds * 1_000);
  }

  private async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const client = this.client;
    this.client = null;
    try {
      // A client that is still starting, or that failed to, cannot be stopped: disposing of it is enough.
      if (client?.isRunning()) await client.stop();
      await client?.dispose();
    } catch (error) {
      // A server that does not answer in time is killed by the library. The next one is to be started all the same.
      this.log.warn(`The server did not stop as it should: ${String(error)}`);
    }
  }

  private async languageClient(
    { command, args }: Command,
    environment: Record<string, string | undefined>,
  ): Promise<SpeqlLanguageClient> {
    // The library takes longer to load than all the rest: not while VS Code waits for the extension to be activated.
    const { SpeqlLanguageClient: Made } = await import("./languageClient");
    this.log.info(`Starting ${[command, ...args].join(" ")}`);
    const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    const options = { ...(workspace === undefined ? {} : { cwd: workspace }), env: environment };
    const client: SpeqlLanguageClient = new Made(
      { command, args, options },
      {
        documentSelector: sqlDocuments,
        // Settings are asked for by the server, for each document and folder.
        initializationOptions: { trusted: vscode.workspace.isTrusted },
        outputChannel: this.log,
      },
      () => this.lost(client, "The SpeQL server stopped five times, and is not started again by itself."),
    );
    client.onNotification("speql/preview", (preview: Preview) => this.events.preview(preview));
    client.onNotification("speql/jobs", (jobs: Jobs) => this.events.jobs(jobs));
    client.onNotification("speql/status", (status: Status) => {
      this.events.status(status);
      if (status.connection.state !== "opening" && !this.knowsCursors) this.tellCursors();
    });
    return client;
  }

  private async offerStart(message: string): Promise<void> {
    const start = "Start It";
    if ((await vscode.window.showWarningMessage(message, start)) === start) await this.restart();
  }

  private async complain(problem: string, page?: { title: string; url: string }): Promise<void> {
    const again = "Try Again";
    const log = "Show Log";
    const settings = "Open Settings";
    const buttons = [...(page === undefined ? [] : [page.title]), again, log, settings];
    const chosen = await vscode.window.showErrorMessage(problem, ...buttons);
    if (chosen === undefined) return;
    if (chosen === page?.title) await vscode.env.openExternal(vscode.Uri.parse(page.url));
    if (chosen === again) await this.restart();
    if (chosen === log) this.log.show();
    if (chosen === settings) await vscode.commands.executeCommand("workbench.action.openSettings", "speql.server");
  }
}
