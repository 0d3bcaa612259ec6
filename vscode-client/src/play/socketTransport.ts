/** A WebSocket as the transport of a language client: a message a frame. */

import type { Transport } from "@codemirror/lsp-client";

/** How the page reaches its server: the token says that it may, the key which page it is. */
export interface Way {
  host: string;
  token: string;
  key: string;
}

/** Open a socket of the server. The token goes as a subprotocol: addresses end up in logs. */
export function openSocket(way: Way, path: string, query: Readonly<Record<string, string>> = {}): WebSocket {
  const address = `ws://${way.host}${path}?${new URLSearchParams({ page: way.key, ...query })}`;
  return new WebSocket(address, ["speql", `speql.token.${way.token}`]);
}

/** Resolves when a socket is open; rejects if it closes before. */
export function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("close", () => reject(new Error("The server does not answer.")), { once: true });
  });
}

/** The transport. */
export class SocketTransport implements Transport {
  private readonly handlers = new Set<(message: string) => void>();

  constructor(private readonly socket: WebSocket) {
    socket.addEventListener("message", ({ data }) => {
      for (const handler of this.handlers) handler(String(data));
    });
  }

  send(message: string): void {
    this.socket.send(message);
  }

  subscribe(handler: (message: string) => void): void {
    this.handlers.add(handler);
  }

  unsubscribe(handler: (message: string) => void): void {
    this.handlers.delete(handler);
  }
}
