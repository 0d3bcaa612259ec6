/** The questions of the panel that the server has not answered yet. Pure. */

import type { Answer } from "../panel/messages";

/** What stops a question at the server, as VS Code's `CancellationTokenSource` does. */
export interface Stopping<Token> {
  token: Token;
  cancel(): void;
  dispose(): void;
}

/** Asks, answers each question once, and stops those that are withdrawn. */
export class OpenQuestions<Token> {
  private readonly open = new Map<number, Stopping<Token>>();

  /** `reasonOf` puts an error into words for the user. */
  constructor(
    private readonly stopping: () => Stopping<Token>,
    private readonly reply: (answer: Answer) => void,
    private readonly reasonOf: (error: unknown) => string,
  ) {}

  /** Ask the server; a question that is withdrawn meanwhile gets no answer. */
  async ask(id: number, question: (token: Token) => Promise<unknown>): Promise<void> {
    const stopping = this.stopping();
    this.open.set(id, stopping);
    let answer: Answer;
    try {
      answer = { kind: "answer", id, answer: await question(stopping.token) };
    } catch (error) {
      answer = { kind: "refused", id, reason: this.reasonOf(error) };
    } finally {
      stopping.dispose();
    }
    if (this.open.get(id) !== stopping) return;
    this.open.delete(id);
    this.reply(answer);
  }

  /** Nobody waits for this answer any more. */
  withdraw(id: number): void {
    const stopping = this.open.get(id);
    this.open.delete(id);
    stopping?.cancel();
  }

  /** The panel is gone, or was loaded anew: it waits for nothing. */
  withdrawAll(): void {
    for (const id of [...this.open.keys()]) this.withdraw(id);
  }
}
