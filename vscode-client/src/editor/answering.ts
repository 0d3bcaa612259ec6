/** What the server asks of the page: the library's client answers nothing, and says that it can do what it does not. */

import type { Transport } from "@codemirror/lsp-client";

/** Answers requests of the server, by method. What is thrown or rejected is the server's error. */
export type Answers = Readonly<Record<string, (params: unknown) => unknown>>;

interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
  error?: { code: number };
}

/**
 * A transport that keeps the server's requests from the library and answers them itself.
 *
 * The library tells the server that it asks for diagnostics, and waits for them to be sent: nothing would be shown. So
 * that is taken out of what it tells. A question about a text that has changed meanwhile is given up by the server, with an
 * error that the library would throw: to it there is nothing to say about that text.
 */
export class AnsweringTransport implements Transport {
  /** The questions about texts that are not answered yet. */
  private readonly aboutTexts = new Set<number | string>();
  private readonly wrapped = new Map<(message: string) => void, (message: string) => void>();

  constructor(
    private readonly inner: Transport,
    private readonly answers: Answers,
  ) {}

  send(message: string): void {
    const asked = /^\{"jsonrpc":"2.0","id":(\d+),"method":"textDocument\//.exec(message.slice(0, 80))?.[1];
    if (asked !== undefined) this.aboutTexts.add(Number(asked));
    this.inner.send(message.includes('"method":"initialize"') ? withoutPull(message) : message);
  }

  subscribe(handler: (message: string) => void): void {
    const kept = (text: string): void => {
      const message = JSON.parse(text) as Message;
      if (message.id !== undefined && message.method !== undefined) void this.answer(message);
      else handler(this.isGivenUp(message) ? JSON.stringify({ jsonrpc: "2.0", id: message.id, result: null }) : text);
    };
    this.wrapped.set(handler, kept);
    this.inner.subscribe(kept);
  }

  unsubscribe(handler: (message: string) => void): void {
    const kept = this.wrapped.get(handler);
    this.wrapped.delete(handler);
    if (kept !== undefined) this.inner.unsubscribe(kept);
  }

  private isGivenUp({ id, error }: Message): boolean {
    const isAboutText = id !== undefined && this.aboutTexts.delete(id);
    return isAboutText && error !== undefined && givenUp.has(error.code);
  }

  private async answer({ id, method, params }: Message): Promise<void> {
    const answer = this.answers[method!];
    let said: object;
    try {
      said =
        answer === undefined
          ? { error: { code: methodNotFound, message: `${method} is nothing that this editor does.` } }
          : { result: (await answer(params)) ?? null };
    } catch (error) {
      said = { error: { code: internalError, message: error instanceof Error ? error.message : String(error) } };
    }
    this.inner.send(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
  }
}

const methodNotFound = -32601;
const internalError = -32603;
/** Cancelled by us, by the server, or overtaken by an edit. */
const givenUp: ReadonlySet<number> = new Set([-32800, -32802, -32801]);

function withoutPull(message: string): string {
  const asked = JSON.parse(message) as { method: string; params: { capabilities: { textDocument?: object } } };
  if (asked.method !== "initialize") return message;
  const { textDocument } = asked.params.capabilities;
  if (textDocument !== undefined) delete (textDocument as { diagnostic?: unknown }).diagnostic;
  return JSON.stringify(asked);
}
