/** What the server asks of the page: the library's client answers nothing, and says that it can do what it does not. */

import type { Transport } from "@codemirror/lsp-client";

/** Answers requests of the server, by method. What is thrown or rejected is the server's error. */
export type Answers = Readonly<Record<string, (params: unknown) => unknown>>;

interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
}

/**
 * A transport that keeps the server's requests from the library and answers them itself.
 *
 * The library tells the server that it asks for diagnostics, and waits for them to be sent: nothing would be shown. So
 * that is taken out of what it tells.
 */
export class AnsweringTransport implements Transport {
  private readonly wrapped = new Map<(message: string) => void, (message: string) => void>();

  constructor(
    private readonly inner: Transport,
    private readonly answers: Answers,
  ) {}

  send(message: string): void {
    this.inner.send(message.includes('"method":"initialize"') ? withoutPull(message) : message);
  }

  subscribe(handler: (message: string) => void): void {
    const kept = (text: string): void => {
      const message = JSON.parse(text) as Message;
      if (message.id === undefined || message.method === undefined) handler(text);
      else void this.answer(message);
    };
    this.wrapped.set(handler, kept);
    this.inner.subscribe(kept);
  }

  unsubscribe(handler: (message: string) => void): void {
    const kept = this.wrapped.get(handler);
    this.wrapped.delete(handler);
    if (kept !== undefined) this.inner.unsubscribe(kept);
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

function withoutPull(message: string): string {
  const asked = JSON.parse(message) as { method: string; params: { capabilities: { textDocument?: object } } };
  if (asked.method !== "initialize") return message;
  const { textDocument } = asked.params.capabilities;
  if (textDocument !== undefined) delete (textDocument as { diagnostic?: unknown }).diagnostic;
  return JSON.stringify(asked);
}
