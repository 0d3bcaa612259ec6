/** The language client's transport over the widget's comm. */

import type { Transport } from "@codemirror/lsp-client";
import type { Model } from "./messages";

/** Messages of one page. `receive` takes those of the kernel. */
export class CommTransport implements Transport {
  private readonly handlers = new Set<(message: string) => void>();

  constructor(
    private readonly model: Model,
    private readonly page: string,
  ) {}

  send(text: string): void {
    this.model.send({ kind: "lsp", page: this.page, text });
  }

  subscribe(handler: (message: string) => void): void {
    this.handlers.add(handler);
  }

  unsubscribe(handler: (message: string) => void): void {
    this.handlers.delete(handler);
  }

  receive(text: string): void {
    for (const handler of [...this.handlers]) handler(text);
  }
}
