/** When a server that stopped by itself is started again: soon at first, later each time, and not for ever. Pure. */

import type { Restart } from "./panel/messages";

const waits = [1, 2, 4, 8, 16];

/** A server that has run for so long (milliseconds) is well again: what stops it then is another matter. */
export const wellAfter = 60_000;

/** Counts how often a server has stopped. Times are milliseconds, and come in. */
export class BackOff {
  private stops = 0;
  private runsSince: number | null = null;

  /** The server runs. */
  started(now: number): void {
    this.runsSince = now;
  }

  /** The server has stopped: when it is to be started again; null if that was tried often enough. */
  stopped(now: number): Restart | null {
    if (this.runsSince !== null && now - this.runsSince >= wellAfter) this.stops = 0;
    this.runsSince = null;
    const seconds = waits[this.stops];
    if (seconds === undefined) return null;
    this.stops += 1;
    return { seconds, attempt: this.stops, attempts: waits.length };
  }

  /** The user has started it: what was before does not count. */
  forget(): void {
    this.stops = 0;
    this.runsSince = null;
  }
}
