/** Short messages at the edge of the page: what was done, and what failed. */

import { button, element, icon } from "../panel/dom";

const shownFor = 6_000;

/** Shows messages. What has failed stays until it is closed. */
export class Messages {
  /** The element, a live region. */
  readonly root = element("div", "toasts");
  private readonly open = new Map<string, HTMLElement>();

  constructor() {
    this.root.setAttribute("role", "log");
    this.root.setAttribute("aria-label", "Messages");
    this.root.setAttribute("aria-live", "polite");
  }

  /** Say something; the same twice is shown once. */
  say(text: string, isError = false): void {
    this.take(text);
    const shown = element("div", isError ? "toast failed" : "toast", icon(isError ? "failed" : "exact"));
    const close = button("icon", () => this.take(text), icon("unused"));
    close.setAttribute("aria-label", "Close the message");
    shown.append(element("span", "grow", text), close);
    if (isError) shown.setAttribute("role", "alert");
    this.root.append(shown);
    this.open.set(text, shown);
    if (!isError) setTimeout(() => shown.remove(), shownFor);
  }

  /** Ask something; null if the question is closed. */
  ask(text: string, answers: readonly string[]): Promise<string | null> {
    return new Promise((resolve) => {
      const end = (answer: string | null): void => {
        shown.remove();
        resolve(answer);
      };
      const close = button("icon", () => end(null), icon("unused"));
      close.setAttribute("aria-label", "Close the question");
      const choices = answers.map((answer) => button("btn", () => end(answer), answer));
      const words = element("div", "grow", text, element("div", "answers", ...choices));
      const shown = element("div", "toast", icon("database"), words, close);
      shown.setAttribute("role", "group");
      shown.setAttribute("aria-label", "Question");
      this.root.append(shown);
    });
  }

  /** Say that something goes on, until it ends. */
  progress(text: string): { update: (text: string) => void; end: () => void } {
    const words = element("span", "grow", text);
    const shown = element("div", "toast", icon("running", "run"), words);
    // The share that is done changes many times a second: nobody wants to hear that.
    shown.setAttribute("aria-live", "off");
    this.root.append(shown);
    return { update: (now) => (words.textContent = now), end: () => shown.remove() };
  }

  private take(text: string): void {
    this.open.get(text)?.remove();
    this.open.delete(text);
  }
}
