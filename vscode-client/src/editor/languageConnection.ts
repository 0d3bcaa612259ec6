/** The editor's connection to a SpeQL server, over any transport: SpeQL's own messages, commands, and being lost. */

import {
  findReferencesKeymap,
  formatKeymap,
  hoverTooltips,
  jumpToDefinitionKeymap,
  LSPClient,
  renameKeymap,
  serverCompletion,
  serverDiagnostics,
  signatureHelp,
  type Transport,
} from "@codemirror/lsp-client";
import { keymap } from "@codemirror/view";
import DOMPurify from "dompurify";
import type { CursorMoved, Jobs, Preview, Status } from "../protocol.gen";
import { AnsweringTransport } from "./answering";
import { applyEdit } from "./applyEdit";

/** What the server tells. `message` is for the user; `isError` says that something has failed. */
export interface ServerNews {
  preview: (preview: Preview) => void;
  jobs: (jobs: Jobs) => void;
  status: (status: Status) => void;
  message: (text: string, isError: boolean) => void;
  /** A question with these answers; null if it is closed. Without it the server is told that nothing can be asked. */
  ask?: (text: string, answers: readonly string[]) => Promise<string | null>;
}

/** What the server is told at the start: the folder that relative paths start at, and settings. */
export interface Beginning {
  rootUri?: string;
  initializationOptions?: unknown;
}

/** A request that has no answer, as the connection was lost. */
export class ConnectionLost extends Error {
  constructor() {
    super("The connection to the server was lost.");
  }
}

/** The library gives up after its time limit; a submit may take hours, and is cancelled by the user. */
const never = 2 ** 31 - 1;

/** One client for the documents of a page. It may be connected again after it was lost: it opens its documents anew. */
export class LanguageConnection {
  /** The library's client, which the editor's extensions ask. */
  readonly client: LSPClient;
  private readonly waiting = new Set<(error: Error) => void>();
  private isConnected = false;

  constructor(
    private readonly news: ServerNews,
    { rootUri, initializationOptions }: Beginning = {},
  ) {
    this.client = new LSPClient({
      ...(rootUri === undefined ? {} : { rootUri }),
      initializationOptions,
      timeout: never,
      sanitizeHTML: (html) => DOMPurify.sanitize(html, { USE_PROFILES: { html: true }, FORBID_ATTR: ["style"] }),
      notificationHandlers: {
        "speql/preview": taking((params) => news.preview(params as Preview)),
        "speql/jobs": taking((params) => news.jobs(params as Jobs)),
        "speql/status": taking((params) => news.status(params as Status)),
        "window/showMessage": taking((params) => {
          const { type, message } = params as { type: number; message: string };
          if (type <= 3) news.message(message, type === 1);
        }),
      },
      extensions: [
        serverCompletion(),
        hoverTooltips(),
        signatureHelp(),
        serverDiagnostics(),
        keymap.of([...formatKeymap, ...renameKeymap, ...jumpToDefinitionKeymap, ...findReferencesKeymap]),
        { clientCapabilities: { workspace: { applyEdit: true }, textDocument: { inlineCompletion: {} } } },
      ],
    });
  }

  /** Whether there is a server now. */
  get isRunning(): boolean {
    return this.isConnected;
  }

  /** Speak to the server behind this transport. Resolves once it has answered. */
  async connect(transport: Transport): Promise<void> {
    this.isConnected = true;
    this.client.connect(
      new AnsweringTransport(transport, {
        "workspace/applyEdit": (params) => applyEdit(this.client, params),
        "window/workDoneProgress/create": () => null,
        ...(this.news.ask === undefined ? {} : { "window/showMessageRequest": (params: unknown) => this.ask(params) }),
      }),
    );
    await this.orLost(this.client.initializing);
  }

  /** The transport is gone: nothing that was asked will be answered. */
  lost(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.client.disconnect();
    for (const reject of [...this.waiting]) reject(new ConnectionLost());
  }

  /** Send what was typed since. Nothing without a server: it is told all texts when there is one again. */
  sync(): void {
    if (this.isConnected) this.client.sync();
  }

  /** The answer of the server. Rejects with its refusal, or with `ConnectionLost`; a signal stops it at the server. */
  async request<Answer>(method: string, params: object, signal?: AbortSignal): Promise<Answer> {
    if (!this.isConnected) throw new ConnectionLost();
    this.sync();
    signal?.addEventListener("abort", () => this.client.cancelRequest(params), { once: true });
    try {
      return await this.orLost(this.client.request<object, Answer>(method, params));
    } catch (error) {
      throw error instanceof Error ? error : new Error(String((error as { message?: unknown }).message ?? error));
    }
  }

  /** The answer to a command of the server. */
  command<Answer>(command: string, args: readonly unknown[], signal?: AbortSignal): Promise<Answer> {
    return this.request<Answer>("workspace/executeCommand", { command, arguments: [...args] }, signal);
  }

  /** Tell the server where the cursor of a document is. */
  cursorMoved(moved: CursorMoved): void {
    if (!this.isConnected) return;
    this.sync();
    this.client.notification("speql/cursor", moved);
  }

  private async ask(params: unknown): Promise<{ title: string } | null> {
    const { message, actions } = params as { message: string; actions?: { title: string }[] };
    const title = await this.news.ask!(message, actions?.map((one) => one.title) ?? []);
    return title === null ? null : { title };
  }

  private orLost<Value>(answer: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      answer.then(resolve, reject).finally(() => this.waiting.delete(reject));
    });
  }
}

function taking(take: (params: unknown) => void): (client: LSPClient, params: unknown) => boolean {
  return (_client, params) => {
    take(params);
    return true;
  };
}
