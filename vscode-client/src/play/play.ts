/** The page of `speql play`. */

import { BackOff } from "../backOff";
import { LanguageConnection } from "../editor/languageConnection";
import { SqlEditor } from "../editor/sqlEditor";
import { PanelHost } from "../host/panelHost";
import { chartFrom } from "../panel/chart/load";
import { counted, percent, size } from "../panel/format";
import { connectionOf } from "../panel/speculation";
import type { Exported, Schema, SchemaTable, SelectConnectionResult, Status } from "../protocol.gen";
import { take, watchDrops, type DropActions } from "./dropping";
import { ExampleList } from "./exampleList";
import { examplesFor } from "./exampleQueries";
import { choose, pictureOf, save, saveResult } from "./files";
import { Messages } from "./messages";
import { PlayPage } from "./page";
import { SchemaBrowser } from "./schemaBrowser";
import { opened, openSocket, SocketTransport, type Way } from "./socketTransport";
import { fetchStart, type Start } from "./start";
import { TabMemory, type KeptText } from "./tabMemory";
import { TextList } from "./textList";
import { followTheme } from "./theme";
import { upload } from "./upload";

const untitled: KeptText = { uri: "untitled:query.sql", name: "query.sql", text: "" };

/** Everything of the page, once the server has said what it serves. */
class Play {
  private readonly page: PlayPage;
  private readonly host: PanelHost;
  private readonly editor: SqlEditor;
  private readonly connection: LanguageConnection;
  private readonly schema: SchemaBrowser;
  private readonly examples: ExampleList;
  private readonly backOff = new BackOff();
  private readonly drops: DropActions = {
    openText: (file) => void this.openFile(file),
    addData: (files) => void this.addData(files),
  };
  private tables: readonly SchemaTable[] = [];
  private status: Status | null = null;
  private name: string;
  private socket: WebSocket | null = null;
  private shownAs = "";

  constructor(
    private readonly way: Way,
    private start: Start,
    private readonly memory: TabMemory,
    private readonly messages: Messages,
    assets: { chart: string; nonce: string },
  ) {
    this.page = new PlayPage({
      open: () => this.openText(),
      save: () => this.save(),
      addData: () => void choose(dataEndings, true).then((files) => take(files, this.drops)),
      submit: () => void this.editor.submit(),
      connection: (name) => void this.select(name),
    });
    this.host = new PanelHost(
      this.page.panel,
      {
        say: (text, isError) => messages.say(text, isError),
        chooseConnection: () => this.page.focusChoice(),
        exportResult: (wanted) => void this.export(wanted),
        savePicture: ({ name, type, base64 }) => save(name, pictureOf(type, base64)),
        showLog: () => messages.say("The log is in the terminal in which speql play runs."),
        restart: () => this.socket?.close(),
        useData: () => undefined, // this page offers none: its data is in the list of tables
      },
      chartFrom(assets.chart, assets.nonce),
    );
    this.host.onStatus = (status) => this.told(status);
    this.connection = new LanguageConnection(
      { ...this.host.news, ask: (text, answers) => messages.ask(text, answers) },
      { rootUri: start.root },
    );
    const kept = memory.text ?? start.texts[0] ?? untitled;
    this.name = kept.name;
    this.editor = new SqlEditor({
      parent: this.page.editor,
      uri: kept.uri,
      text: kept.text,
      connection: this.connection,
      label: "SQL editor. Escape, then Tab leaves it.",
      nonce: assets.nonce,
      hint: "Type a query: its rows appear while you type",
      keys: [
        { key: "Mod-s", run: () => this.save(), preventDefault: true },
        { key: "Mod-o", run: () => this.openText(), preventDefault: true },
      ],
      onChange: (text) => this.keep(text),
      onEdited: (version) => this.host.edited(this.editor.uri, version),
      onSubmit: (position) => void this.host.submit(position),
      onAcceptRepair: (version) => void this.host.acceptRepair(version),
    });
    this.host.attach(this.connection, this.editor);
    this.host.document(kept.uri, kept.name);
    this.page.rename(kept.name);
    this.schema = new SchemaBrowser(
      (containing) => this.askSchema(containing),
      (sql, isTable) => this.insert(sql, isTable),
      (tables) => this.know(tables),
    );
    this.examples = new ExampleList({ editor: () => this.editor, say: (text) => messages.say(text) });
    const texts = new TextList(start.texts, (text) => this.show(text));
    const limit = document.createElement("p");
    limit.className = "muted playlimit";
    limit.textContent = `Drop .csv, .parquet or .jsonl files of up to ${size(start.largestUpload)} on the page to query them.`;
    this.page.side.append(this.schema.root, limit, texts.root, this.examples.root);
    document.body.append(watchDrops(this.drops), messages.root);
    window.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
  }

  /** Speak to the server behind this socket, which is open; and to another one when it is lost. */
  async connect(socket: WebSocket): Promise<void> {
    this.socket = socket;
    socket.addEventListener("close", () => this.lost(socket));
    await this.connection.connect(new SocketTransport(socket));
    this.backOff.started(Date.now());
    this.host.server("running");
    this.editor.tellCursor();
    this.shownAs = "";
    if (this.memory.connection !== null) await this.select(this.memory.connection);
    await this.offerConnections();
    await this.schema.refresh();
    this.editor.focus();
  }

  private lost(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.connection.lost();
    const restart = this.backOff.stopped(Date.now());
    if (restart === null) {
      this.host.server("stopped");
      this.messages.say("speql play has ended. Start it again, and open the address that it prints.", true);
      return;
    }
    this.host.server("restarting", restart);
    setTimeout(() => void this.reconnect(), restart.seconds * 1_000);
  }

  private async reconnect(): Promise<void> {
    const socket = openSocket(this.way, "/lsp");
    this.socket = socket;
    try {
      await opened(socket);
      this.start = await fetchStart(this.way);
    } catch {
      this.lost(socket);
      return;
    }
    await this.connect(socket);
  }

  private told(status: Status): void {
    this.status = status;
    const connection = connectionOf(status, this.editor.uri);
    if (connection.state === "opening") return;
    // Asked again whenever there may be other tables: after a statement that made some, or another connection.
    const shownAs = JSON.stringify([connection.name, connection.label, connection.tables, connection.catalog]);
    if (shownAs === this.shownAs) return;
    this.shownAs = shownAs;
    void this.offerConnections();
    void this.schema.refresh();
  }

  private async askSchema(containing: string): Promise<Schema | null> {
    try {
      return await this.connection.command<Schema>("speql.schema", [{ uri: this.editor.uri, containing }]);
    } catch {
      return null; // the panel says that there is no server
    }
  }

  private know(tables: readonly SchemaTable[]): void {
    this.tables = tables;
    const label = this.status === null ? "" : connectionOf(this.status, this.editor.uri).label;
    this.examples.update(examplesFor(this.start.examples, label, this.tables));
  }

  private async offerConnections(): Promise<void> {
    try {
      const known = await this.connection.command<SelectConnectionResult>("speql.selectConnection", [this.editor.uri]);
      this.page.offer(
        known.connections.map(({ name, database, unavailable }) => ({
          name,
          label: name === "" ? lastOf(database) : name,
          isChosen: name === known.name,
          unavailable,
        })),
      );
    } catch {
      // There is no server: the choice stays as it was.
    }
  }

  private async select(name: string): Promise<void> {
    const result = await this.host.run<SelectConnectionResult>("speql.selectConnection", this.editor.uri, name);
    if (result === undefined) return;
    if (result.reason !== "") this.messages.say(result.reason, true);
    this.memory.connection = result.name === "" ? null : result.name;
    await this.schema.refresh();
  }

  private insert(sql: string, isTable: boolean): void {
    if (this.editor.text.trim() === "") {
      this.editor.insert(isTable ? `FROM ${sql}` : `SELECT ${sql}`);
      return;
    }
    const { state } = this.editor.view;
    const { from, to } = state.selection.main;
    const before = /[\p{L}\p{N}_"]$/u.test(state.sliceDoc(Math.max(0, from - 1), from)) ? " " : "";
    const after = /^[\p{L}\p{N}_"]/u.test(state.sliceDoc(to, to + 1)) ? " " : "";
    this.editor.insert(before + sql + after);
  }

  private keep(text: string): void {
    if (!this.memory.keep({ uri: this.editor.uri, name: this.name, text }))
      this.messages.say("The text is too long to be kept when the page is loaded again. Save it.", true);
  }

  private show({ uri, name, text }: KeptText): void {
    const before = this.editor.uri;
    this.examples.stop();
    this.name = name;
    this.host.document(uri, name, before);
    this.page.rename(name);
    this.editor.open(uri, text);
    this.editor.focus();
    if (this.memory.connection !== null && uri !== before) void this.select(this.memory.connection);
  }

  private openText(): true {
    void choose(".sql,.txt", false).then(([file]) => file && this.openFile(file));
    return true;
  }

  private async openFile(file: File): Promise<void> {
    const text = (await file.text()).replaceAll("\r\n", "\n");
    this.show({ uri: `untitled:${encodeURIComponent(file.name)}`, name: file.name, text });
  }

  private save(): true {
    save(this.name, new Blob([this.editor.text], { type: "application/sql" }));
    return true;
  }

  private async addData(files: File[]): Promise<void> {
    for (const file of files) {
      if (file.size > this.start.largestUpload) {
        this.messages.say(
          `${file.name} has ${size(file.size)}; files of up to ${size(this.start.largestUpload)} are taken. ` +
            "Start speql play with its path instead: then it is read where it is.",
          true,
        );
        continue;
      }
      const done = this.messages.progress(`Sending ${file.name}`);
      try {
        const table = await upload(this.way, file, (share) => done.update(`Sending ${file.name}: ${percent(share)}`));
        this.messages.say(`${file.name} is the table ${table} now, until the page is closed.`);
        await this.schema.refresh();
        if (this.editor.text.trim() === "") this.editor.insert(`FROM ${this.spelling(table)}`);
      } catch (error) {
        this.messages.say(error instanceof Error ? error.message : String(error), true);
      } finally {
        done.end();
      }
    }
  }

  /** The name of a table as it has to be written. */
  private spelling(table: string): string {
    return this.tables.find(({ name }) => name === table)?.sql ?? table;
  }

  private async export(
    wanted: Parameters<ConstructorParameters<typeof PanelHost>[1]["exportResult"]>[0],
  ): Promise<void> {
    const { uri, result, format, filters, orders } = wanted;
    const name = `${this.name.replace(/\.sql$/i, "")}.${format}`;
    try {
      const exported = await saveResult(
        this.way,
        this.start.exports,
        name,
        { uri, result, format, filters, orders },
        (params) => this.host.run<Exported>("speql.export", params),
      );
      if (exported !== undefined)
        this.messages.say(`Saved ${name}: ${counted(exported.rows, "row")}, ${size(exported.bytes)}.`);
    } catch (error) {
      this.messages.say(error instanceof Error ? error.message : String(error), true);
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.examples.isTyping || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    this.examples.stop();
    if (event.key === "Escape") event.preventDefault();
  }
}

const dataEndings = ".csv,.tsv,.parquet,.jsonl,.ndjson,.gz";

function lastOf(database: string): string {
  return database === "" ? "in memory" : (database.split(/[\\/]/).findLast((part) => part !== "") ?? database);
}

/** Open the page, or say why that is not possible. */
async function begin(): Promise<void> {
  const { chart = "", nonce = "" } = (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
  followTheme();
  const memory = new TabMemory();
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const way: Way = { host: location.host, token, key: memory.key };
  const messages = new Messages();
  try {
    const socket = openSocket(way, "/lsp");
    await opened(socket);
    const play = new Play(way, await fetchStart(way), memory, messages, { chart, nonce });
    await play.connect(socket);
  } catch (error) {
    document.body.classList.add("sq-theme");
    document.body.append(messages.root);
    messages.say(`SpeQL could not start: ${error instanceof Error ? error.message : String(error)}`, true);
  }
}

void begin();
