/** One view of the widget: the SQL editor, and the preview panel below it, with a language server in the kernel. */

import { tooltips } from "@codemirror/view";
import { LanguageConnection } from "../editor/languageConnection";
import { SqlEditor } from "../editor/sqlEditor";
import { PanelHost } from "../host/panelHost";
import { element } from "../panel/dom";
import { chartOverComm } from "./chartOverComm";
import { CommTransport } from "./commTransport";
import type { FromKernel, Model } from "./messages";
import { followTheme } from "./theme";
import css from "./widget.css";

/** The trait follows the text when it has rested for so long, and when the keyboard leaves the editor. */
const restFor = 300;
/** What is said stays for so long. */
const saidFor = 6_000;

/** The view. `destroy` takes it away, and its server with it. */
export class WidgetView {
  private readonly page = crypto.randomUUID();
  private readonly root: ShadowRoot;
  private readonly said = element("div", "said");
  private readonly code = element("div", "code sq-theme");
  private readonly room = element("div", "room");
  private readonly host: PanelHost;
  private readonly connection: LanguageConnection;
  private readonly editor: SqlEditor;
  private readonly stopTheme: () => void;
  private readonly charts: ((script: string) => void)[] = [];
  private transport: CommTransport;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private saying: ReturnType<typeof setTimeout> | undefined;
  private isGone = false;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
  ) {
    const shadow = element("div", "speql-editor");
    // JupyterLab's keys for cells would take letters that are typed in a shadow tree; it leaves this alone.
    shadow.dataset["lmSuppressShortcuts"] = "true";
    this.root = shadow.attachShadow({ mode: "open" });
    const style = element("style");
    style.textContent = css;
    const widget = element("div", "widget sq-theme", this.code, this.said, this.room);
    this.said.setAttribute("role", "status");
    this.room.style.height = model.get("height");
    this.root.append(style, widget);
    el.append(shadow);
    this.stopTheme = followTheme(widget);
    for (const kind of ["keydown", "keyup", "keypress", "paste", "copy", "cut"])
      shadow.addEventListener(kind, (event) => event.stopPropagation());

    const say = (text: string, isError: boolean): void => this.say(text, isError);
    const cannot = (): void => say("A notebook has its files in Python: editor.df has all rows.", false);
    this.host = new PanelHost(
      this.room,
      {
        say,
        chooseConnection: () => say("Another connection is another editor: speql.Editor(connection=...).", false),
        exportResult: cannot,
        savePicture: ({ name, type, base64 }) => download(name, type, base64),
        showLog: () => say("What the server logs is in the kernel's own log.", false),
        restart: () => this.connect(),
        useData: () => undefined,
      },
      chartOverComm(() => this.askForChart()),
    );
    this.connection = new LanguageConnection(this.host.news);
    const uri = `speql-widget:/${this.page}/query.sql`;
    this.transport = new CommTransport(model, this.page);
    this.editor = new SqlEditor({
      parent: this.code,
      uri,
      text: model.get("sql"),
      connection: this.connection,
      label: "SQL",
      hint: "Type SQL. Ctrl+Enter submits, Tab takes what is proposed.",
      // The output of a cell may cut off what is beyond it.
      more: tooltips({ tooltipSpace: () => widget.getBoundingClientRect() }),
      onChange: () => this.changed(),
      onEdited: (version) => this.host.edited(uri, version),
      onSubmit: (position) => {
        this.save();
        void this.host.submit(position);
      },
      onAcceptRepair: (version) => void this.host.acceptRepair(version),
    });
    this.host.attach(this.connection, this.editor);
    this.host.document(uri, "query");
    this.code.addEventListener("focusout", () => this.save());
    model.on("msg:custom", this.onMessage);
    model.on("change:sql", this.onSql);
    model.on("change:height", this.onHeight);
    this.connect();
  }

  destroy(): void {
    if (this.isGone) return;
    this.save();
    this.isGone = true;
    clearTimeout(this.resting);
    clearTimeout(this.saying);
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:sql", this.onSql);
    this.model.off("change:height", this.onHeight);
    this.connection.lost();
    this.model.send({ kind: "close", page: this.page });
    this.stopTheme();
    this.editor.destroy();
    (this.root.host as HTMLElement).remove();
  }

  /** Have a server in the kernel, and tell it what the text is. */
  private connect(): void {
    this.connection.lost();
    this.transport = new CommTransport(this.model, this.page);
    this.model.send({ kind: "open", page: this.page });
    this.connection.connect(this.transport).then(
      () => {
        this.host.server("running");
        this.editor.tellCursor();
      },
      // It was lost meanwhile, which is told where that is heard of.
      () => undefined,
    );
  }

  private readonly onMessage = (message: FromKernel, buffers: readonly DataView[]): void => {
    if (message.page !== this.page || this.isGone) return;
    switch (message.kind) {
      case "lsp":
        this.transport.receive(message.text);
        return;
      case "alive":
        this.model.send({ kind: "alive", page: this.page });
        return;
      case "chart": {
        const script = new TextDecoder().decode(buffers[0]);
        for (const take of this.charts.splice(0)) take(script);
        return;
      }
      case "lost":
        this.connection.lost();
        this.host.server("stopped");
        if (message.reason === "") this.connect();
        else this.say(message.reason, true);
    }
  };

  private readonly onSql = (): void => {
    if (this.resting === undefined) this.editor.setText(this.model.get("sql"));
  };

  private readonly onHeight = (): void => {
    this.room.style.height = this.model.get("height");
  };

  private changed(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.save(), restFor);
  }

  /** Let Python see the text. */
  private save(): void {
    clearTimeout(this.resting);
    this.resting = undefined;
    if (this.isGone || this.editor.text === this.model.get("sql")) return;
    this.model.set("sql", this.editor.text);
    this.model.save_changes();
  }

  private say(text: string, isError: boolean): void {
    clearTimeout(this.saying);
    this.said.textContent = text;
    this.said.classList.toggle("error", isError);
    if (!isError) this.saying = setTimeout(() => (this.said.textContent = ""), saidFor);
  }

  private askForChart(): Promise<string> {
    return new Promise((resolve) => {
      this.charts.push(resolve);
      this.model.send({ kind: "chart", page: this.page });
    });
  }
}

/** A picture to a file, as browsers do it. */
function download(name: string, type: string, base64: string): void {
  const link = element("a");
  link.href = `data:${type};base64,${base64}`;
  link.download = name;
  link.click();
}
