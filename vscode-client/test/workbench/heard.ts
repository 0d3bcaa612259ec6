/** What the panel hears of its host in the browser, and when: tests wait for it instead of sleeping. */

import type { BrowserContext } from "playwright-core";
import type { Jobs, Preview } from "../../src/protocol.gen";
import type { ToPanel } from "../../src/panel/messages";

/** A message that has reached the panel. Times are milliseconds since 1970 on the browser's clock. */
export interface Heard {
  message: ToPanel;
  at: number;
  /** When the frame that the browser painted next was on its way to the screen; null while it is not. */
  painted: number | null;
}

type Told =
  | { kind: "heard"; id: string; message: ToPanel; at: number }
  | { kind: "painted"; id: string; at: number }
  | { kind: "key"; at: number };

/** How long the awaited may take. */
const patience = 60_000;

/** Everything that panels of a browser context have heard, the oldest first, and the keys that were pressed. */
export class HeardMessages {
  readonly all: Heard[] = [];
  readonly keys: number[] = [];
  private readonly byId = new Map<string, Heard>();
  private readonly listeners = new Set<() => void>();

  /** Listen in a context, before its first page is opened. */
  static async in(context: BrowserContext): Promise<HeardMessages> {
    const heard = new HeardMessages();
    await context.exposeBinding("speqlTold", (_source, told: Told) => heard.take(told));
    await context.addInitScript(listenIn);
    return heard;
  }

  /** The previews so far. */
  get previews(): Preview[] {
    return this.all.flatMap(({ message }) => (message.kind === "preview" ? [message.preview] : []));
  }

  /** The newest version of a document that the panel knows of; 1 if it has not been edited. */
  version(uri: string): number {
    const versions = this.all.map(({ message }) =>
      message.kind === "edited" && message.uri === uri ? message.version : 1,
    );
    return Math.max(1, ...versions);
  }

  /** Resolves with the first value that `find` has for all that was heard, or will be; rejects if it takes too long. */
  async until<Found>(what: string, find: (heard: HeardMessages) => Found | undefined): Promise<Found> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = find(this);
      if (found !== undefined) return found;
      await this.next(
        deadline - Date.now(),
        () => new Error(`${what} did not come in ${patience / 1_000} s. ${this.last()}`),
      );
    }
  }

  /** The first preview for which `holds`, of those heard since `from` and those to come. */
  preview(what: string, holds: (preview: Preview) => boolean, from = 0): Promise<Preview> {
    return this.until(what, () => this.previews.slice(from).find(holds));
  }

  /** The job graph as soon as `holds` is true of it: the newest one now, or one to come. */
  jobs(what: string, holds: (jobs: Jobs) => boolean): Promise<Jobs> {
    return this.until(what, () => {
      const newest = this.all.findLast(({ message }) => message.kind === "jobs")?.message;
      return newest?.kind === "jobs" && holds(newest.jobs) ? newest.jobs : undefined;
    });
  }

  private take(told: Told): void {
    if (told.kind === "key") this.keys.push(told.at);
    else if (told.kind === "painted") {
      const heard = this.byId.get(told.id);
      if (heard !== undefined) heard.painted = told.at;
    } else {
      const heard = { message: told.message, at: told.at, painted: null };
      this.all.push(heard);
      this.byId.set(told.id, heard);
    }
    for (const wake of [...this.listeners]) wake();
  }

  private next(milliseconds: number, tooLate: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.listeners.delete(wake);
          reject(tooLate());
        },
        Math.max(0, milliseconds),
      );
      const wake = (): void => {
        clearTimeout(timer);
        this.listeners.delete(wake);
        resolve();
      };
      this.listeners.add(wake);
    });
  }

  /** The last messages in short, for who reads why a test failed. */
  private last(): string {
    const words = this.all.slice(-6).map(({ message }) => {
      if (message.kind === "edited") return `edited to version ${message.version}`;
      if (message.kind === "server") return `server ${message.state}`;
      if (message.kind !== "preview") return message.kind;
      const { purpose, version, outcome, breadcrumb, states, problems } = message.preview;
      const why = problems.map((problem) => problem.message).join(" ");
      return `${purpose} of version ${version}: ${outcome} ${breadcrumb.join(" › ")} ${states.join(", ")} ${why}`.trim();
    });
    return words.length === 0 ? "The panel has heard nothing." : `The panel last heard: ${words.join("; ")}.`;
  }
}

/**
 * Runs in each frame before its scripts. VS Code writes the panel's page into a frame by `document.write`, which takes
 * all listeners away but leaves prototypes: so what is added later is listened in to where it is added.
 */
function listenIn(): void {
  const tell = (told: object): void => (globalThis as unknown as { speqlTold: (told: object) => void }).speqlTold(told);
  const clock = (milliseconds: number): number => performance.timeOrigin + milliseconds;
  if (window === window.top) {
    window.addEventListener("keydown", (event) => tell({ kind: "key", at: clock(event.timeStamp) }), { capture: true });
    return;
  }
  if (window.parent === window.top) return;
  let count = 0;
  const told = new WeakSet<Event>();
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (
    this: EventTarget,
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    if (type !== "message" || this !== window || typeof listener !== "function") {
      add.call(this, type, listener, options);
      return;
    }
    const listening = (event: Event): void => {
      const at = clock(performance.now());
      const message: unknown = (event as MessageEvent).data;
      listener.call(this, event);
      if (typeof (message as { kind?: unknown } | null)?.kind !== "string" || told.has(event)) return;
      told.add(event);
      const id = `${performance.timeOrigin} ${++count}`;
      tell({ kind: "heard", id, message, at });
      requestAnimationFrame(() => {
        // Runs behind the painting of this frame.
        const channel = new MessageChannel();
        channel.port1.onmessage = () => tell({ kind: "painted", id, at: clock(performance.now()) });
        channel.port2.postMessage(null);
      });
    };
    add.call(this, type, listening, options);
  };
}
