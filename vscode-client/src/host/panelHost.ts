/** Does for the panel what VS Code's extension does there, in a page that has the editor of `src/editor`. */

import type { LanguageConnection, ServerNews } from "../editor/languageConnection";
import type { SqlEditor } from "../editor/sqlEditor";
import type { LoadChart } from "../panel/chart/load";
import type { DataFile, FromPanel, PanelCommand, Questions, Restart, ServerState } from "../panel/messages";
import { Panel } from "../panel/panel";
import type { AcceptRepairResult, CancelResult, Paused, Position, Preview, Status } from "../protocol.gen";
import { OpenQuestions } from "./openQuestions";

type Export = Extract<FromPanel, { kind: "export" }>;
type Save = Extract<FromPanel, { kind: "save" }>;

/** What each kind of page does in its own way. */
export interface Doors {
  /** Tell the user something; `isError` says that something has failed. */
  say: (text: string, isError: boolean) => void;
  chooseConnection: () => void;
  exportResult: (wanted: Export) => void;
  savePicture: (picture: Save) => void;
  showLog: () => void;
  restart: () => void;
  /** Begin with a file of the data that the panel was told of. */
  useData: (name: string) => void;
}

/** A panel with its editor. Made first; `attach` gives it the editor and the connection, which tells it the `news`. */
export class PanelHost {
  /** What the connection tells. */
  readonly news: ServerNews = {
    preview: (preview) => this.shown(preview),
    jobs: (jobs) => this.panel.receive({ kind: "jobs", jobs }),
    status: (status) => this.told(status),
    message: (text, isError) => this.doors.say(text, isError),
  };
  /** Called with each status, after the panel. */
  onStatus: (status: Status) => void = () => undefined;
  /** Called with each preview, after the panel. */
  onPreview: (preview: Preview) => void = () => undefined;
  private readonly panel: Panel;
  private readonly questions = new OpenQuestions<AbortSignal>(
    () => {
      const controller = new AbortController();
      return { token: controller.signal, cancel: () => controller.abort(), dispose: () => undefined };
    },
    (answer) => this.panel.receive(answer),
    reasonOf,
  );
  private connection: LanguageConnection | null = null;
  private editor: SqlEditor | null = null;

  constructor(
    parent: HTMLElement,
    private readonly doors: Doors,
    loadChart: LoadChart | null,
  ) {
    // The panel says that it is ready while it is made; a page has nothing to tell it then.
    const post = (message: FromPanel): void => this.receive(message);
    this.panel = new Panel(parent, post, undefined, loadChart);
  }

  /** Answer the panel's questions with this connection, about the document of this editor. */
  attach(connection: LanguageConnection, editor: SqlEditor): void {
    this.connection = connection;
    this.editor = editor;
  }

  /** The editor shows this document now; the one before is closed. */
  document(uri: string, name: string, before?: string): void {
    if (before !== undefined && before !== uri) this.panel.receive({ kind: "closed", uri: before });
    this.panel.receive({ kind: "document", uri, name });
  }

  /** The document has this version. */
  edited(uri: string, version: number): void {
    this.panel.receive({ kind: "edited", uri, version });
  }

  /** How the server is. */
  server(state: ServerState, restart?: Restart): void {
    if (state !== "running") this.questions.withdrawAll();
    this.panel.receive({ kind: "server", state, ...(restart === undefined ? {} : { restart }) });
  }

  /** Data to begin with. */
  data(files: DataFile[]): void {
    this.panel.receive({ kind: "data", files });
  }

  /** Run the whole query of the statement at a place. Its rows come as a preview. */
  async submit(position: Position): Promise<void> {
    await this.tried((connection, editor) => connection.command("speql.submit", [editor.uri, position]));
  }

  /** Write the repair of this version of the text into it. */
  async acceptRepair(version: number): Promise<void> {
    const result = await this.tried((connection, editor) =>
      connection.command<AcceptRepairResult>("speql.acceptRepair", [editor.uri, version]),
    );
    if (result !== undefined && !result.applied && result.reason !== "") this.doors.say(result.reason, false);
  }

  /** Run a command of the server; the user is told if that is not possible. */
  async run<Answer>(command: string, ...args: unknown[]): Promise<Answer | undefined> {
    return this.tried((connection) => connection.command<Answer>(command, args));
  }

  private shown(preview: Preview): void {
    this.panel.receive({ kind: "preview", preview });
    this.editor?.take(preview);
    this.onPreview(preview);
  }

  private told(status: Status): void {
    this.panel.receive({ kind: "status", status });
    this.onStatus(status);
  }

  private receive(message: FromPanel): void {
    switch (message.kind) {
      case "ready":
        return;
      case "command":
        void this.command(message.command);
        return;
      case "reveal":
        if (message.uri === this.editor?.uri) this.editor.reveal(message.position);
        return;
      case "focusEditor":
        this.editor?.focus();
        return;
      case "pin":
        if (message.uri === this.editor?.uri) this.editor.pin(message.position);
        return;
      case "useData":
        this.doors.useData(message.name);
        return;
      case "ask":
        void this.questions.ask(message.id, (signal) => this.ask(message.method, message.params, signal));
        return;
      case "withdraw":
        this.questions.withdraw(message.id);
        return;
      case "export":
        this.doors.exportResult(message);
        return;
      case "save":
        this.doors.savePicture(message);
        return;
      case "copy":
        navigator.clipboard.writeText(message.text).catch((error: unknown) => this.doors.say(reasonOf(error), true));
    }
  }

  private async command(command: PanelCommand): Promise<void> {
    switch (command) {
      case "speql.submit":
        this.editor?.submit();
        return;
      case "speql.acceptRepair":
        this.editor?.acceptRepair();
        return;
      case "speql.cancel": {
        const result = await this.run<CancelResult>("speql.cancel");
        if (result !== undefined) this.doors.say(result.documents === 0 ? "Nothing was running." : "Cancelled.", false);
        return;
      }
      case "speql.pause": {
        const result = await this.run<Paused>("speql.pause");
        const text = result?.paused ? "Working ahead is paused; submits still run." : "Working ahead again.";
        if (result !== undefined) this.doors.say(text, false);
        return;
      }
      case "speql.restartServer":
        this.doors.restart();
        return;
      case "speql.selectConnection":
      case "speql.selectDatabase":
        this.doors.chooseConnection();
        return;
      case "speql.showLog":
        this.doors.showLog();
    }
  }

  private async ask(method: keyof Questions, params: object, signal: AbortSignal): Promise<unknown> {
    const { connection } = this;
    if (connection === null) throw new Error("The SpeQL server is not running.");
    if (method === "speql/rows") return connection.request(method, params, signal);
    if (method !== "speql.explain") return connection.command(method, [params], signal);
    const { uri, position } = params as Questions["speql.explain"]["params"];
    return connection.command(method, position === undefined ? [uri] : [uri, position], signal);
  }

  private async tried<Answer>(
    ask: (connection: LanguageConnection, editor: SqlEditor) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    if (this.connection === null || this.editor === null) return undefined;
    try {
      return await ask(this.connection, this.editor);
    } catch (error) {
      this.doors.say(reasonOf(error), true);
      return undefined;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
