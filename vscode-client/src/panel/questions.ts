/** Questions of the panel to the server, which its host hands on. */

import type { Answer, Post, Questions } from "./messages";

/** Why a question has no answer: the server refused it, or is gone. The message is for the user. */
export class Refused extends Error {}

/** Asks, and hands each answer to who asked for it. */
export class Asking {
  private readonly open = new Map<number, { answered: (answer: unknown) => void; refused: (error: Error) => void }>();
  private last = 0;

  constructor(private readonly post: Post) {}

  /**
   * Ask the server. Rejects with `Refused` if it does not answer the question, and with the signal's reason once the
   * signal is aborted: the server then stops working on it.
   */
  ask<Method extends keyof Questions>(
    method: Method,
    params: Questions[Method]["params"],
    signal?: AbortSignal,
  ): Promise<Questions[Method]["answer"]> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const withdraw = (): void => {
        if (this.open.delete(id)) this.post({ kind: "withdraw", id });
        reject(signal!.reason as Error);
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      const settled = (): void => signal?.removeEventListener("abort", withdraw);
      this.open.set(id, {
        answered: (answer) => {
          settled();
          resolve(answer as Questions[Method]["answer"]);
        },
        refused: (error) => {
          settled();
          reject(error);
        },
      });
      this.post({ kind: "ask", id, method, params });
    });
  }

  /** Take an answer of the host. One to a question that was withdrawn is for nobody. */
  receive(message: Answer): void {
    const asked = this.open.get(message.id);
    this.open.delete(message.id);
    if (message.kind === "answer") asked?.answered(message.answer);
    else asked?.refused(new Refused(message.reason));
  }

  /** The server is gone: nothing that was asked of it will be answered. */
  lost(reason: string): void {
    for (const { refused } of this.open.values()) refused(new Refused(reason));
    this.open.clear();
  }
}
