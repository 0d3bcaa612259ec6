/** A panel in jsdom, with a host that answers what the panel asks. */

import type { LoadChart } from "../src/panel/chart/load";
import type { FromPanel, Questions, ToPanel } from "../src/panel/messages";
import { Panel } from "../src/panel/panel";

/** What the host answers to each question; what is missing is refused. */
export type Answers = {
  [Method in keyof Questions]?: (params: Questions[Method]["params"]) => Questions[Method]["answer"];
};

/** The panel, what it has posted, and how to look at it. */
export interface Mounted {
  posted: FromPanel[];
  show: (...messages: ToPanel[]) => void;
  one: <Found extends Element = HTMLElement>(selector: string) => Found;
  all: (selector: string) => HTMLElement[];
  texts: (selector: string) => string[];
  press: (target: Element, key: string, more?: KeyboardEventInit) => void;
  /** Wait until what was asked is answered and drawn. */
  settled: () => Promise<void>;
}

/** A new panel. Its clock is `Date.now`, so fake timers move it. */
export function mounted(answers: Answers = {}, loadChart: LoadChart | null = null): Mounted {
  const posted: FromPanel[] = [];
  const replies: ToPanel[] = [];
  const panel = new Panel(
    document.body,
    (message) => {
      posted.push(message);
      if (message.kind !== "ask") return;
      const answer = answers[message.method] as ((params: object) => unknown) | undefined;
      const { id } = message;
      replies.push(
        answer === undefined
          ? { kind: "refused", id, reason: "Nobody answers this." }
          : { kind: "answer", id, answer: answer(message.params) },
      );
    },
    () => Date.now(),
    loadChart,
  );
  const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
  return {
    posted,
    show: (...messages) => messages.forEach((message) => panel.receive(message)),
    one: <Found extends Element = HTMLElement>(selector: string) => {
      const found = document.querySelector<Found>(selector);
      if (found === null) throw new Error(`Nothing matches ${selector}`);
      return found;
    },
    all,
    texts: (selector) => all(selector).map((found) => found.textContent ?? ""),
    press: (target, key, more = {}) =>
      void target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more })),
    settled: async () => {
      while (replies.length > 0) {
        panel.receive(replies.shift()!);
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      }
    },
  };
}
