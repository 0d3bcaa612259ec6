/**
 * Statistics of the columns in view, computed by the engine.
 *
 * What they cost: `speql.profile` needs the whole result, so the server runs the query once more, holds all its rows,
 * and reads each column a few times. Nobody has asked for that while a query is being typed. So statistics are asked
 * for by themselves only if
 *
 * - the preview has rested for 600 ms: nothing is typed and no newer preview is there,
 * - speculation is not paused,
 * - and it is cheap: all rows are in the preview and took the engine at most 250 ms; or there are at most two million
 *   rows, and they are all in temp tables, or the server holds the result already since the user has paged, sorted or
 *   filtered it.
 *
 * Otherwise they wait for the button or the key for statistics. Only columns in view are asked for, a few at a time;
 * what is under way is withdrawn, down to the engine, when the text changes or another result comes.
 */

import type { ColumnProfile, Filter, Preview } from "../../protocol.gen";
import type { Asking } from "../questions";

/** So long a preview rests before anything is asked about it (milliseconds). */
export const restFor = 600;
/** So many columns are asked for at a time: the first ones are there early, and withdrawing stops soon. */
const columnsAtOnce = 4;

/** So long a query may have taken to be run again unasked (milliseconds), and so many rows may be read. */
const quick = 250;
const fewRows = 2_000_000;

/** The rows that statistics are of. */
export interface StatisticsOf {
  preview: Preview;
  filters: readonly Filter[];
  /** How many rows the server holds; null while it does not hold them. */
  held: number | null;
}

function isCheap({ preview, held }: StatisticsOf): boolean {
  if (held !== null) return held <= fewRows;
  if (preview.states.includes("cached")) return false;
  if (preview.complete) return preview.timings.engine !== null && preview.timings.engine <= quick;
  return preview.tempOnly && preview.totalRows !== null && preview.totalRows <= fewRows;
}

function isSame(filters: readonly Filter[], others: readonly Filter[]): boolean {
  return JSON.stringify(filters) === JSON.stringify(others);
}

/** Profiles of the columns of one result at a time. `changed` is called when there are others. */
export class Statistics {
  private of: StatisticsOf | null = null;
  private profiles = new Map<number, ColumnProfile>();
  private before = new Map<number, ColumnProfile>();
  private inView: readonly number[] = [];
  private control: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isResting = true;
  private isWanted = false;
  private problem: string | null = null;

  constructor(
    private readonly asking: Asking,
    private readonly mayWorkAhead: () => boolean,
    private readonly changed: () => void,
  ) {}

  /** Rows to be known more of. Profiles of before stay, as old ones, until there are new ones. */
  follow(of: StatisticsOf, hasSameColumns: boolean): void {
    const before = this.of;
    if (before !== null && before.preview === of.preview && isSame(before.filters, of.filters)) {
      // The same rows in another order.
      this.held(of.held);
      return;
    }
    this.withdraw();
    this.before = hasSameColumns ? new Map([...this.before, ...this.profiles]) : new Map();
    this.profiles = new Map();
    this.problem = null;
    this.of = of;
    this.isWanted &&= before !== null && before.preview === of.preview;
    this.wait();
  }

  /** The server holds so many rows now. */
  held(rows: number | null): void {
    if (this.of === null || this.of.held === rows) return;
    this.of = { ...this.of, held: rows };
    this.look(this.inView);
    this.changed();
  }

  /** Whether the text has come to rest. */
  rest(isResting: boolean): void {
    if (isResting === this.isResting) return;
    this.isResting = isResting;
    if (isResting) this.wait();
    else this.withdraw();
  }

  /** The columns in view. */
  look(columns: readonly number[]): void {
    this.inView = columns;
    if (this.timer === undefined && this.isDue) this.ask();
  }

  /** The user wants them, whatever they cost. */
  want(): void {
    if (this.of === null) return;
    this.isWanted = true;
    this.problem = null;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.ask();
    this.changed();
  }

  /** What is known of a column, and whether that is of rows of before. */
  profile(column: number): { profile: ColumnProfile | null; isOld: boolean } {
    const now = this.profiles.get(column);
    if (now !== undefined) return { profile: now, isOld: false };
    return { profile: this.before.get(column) ?? null, isOld: true };
  }

  /** Why there is no profile of a column. */
  get missing(): "coming" | "on demand" | "not possible" | { refused: string } {
    if (this.problem !== null) return { refused: this.problem };
    if (!this.canAsk) return "not possible";
    return this.isAllowed ? "coming" : "on demand";
  }

  private get canAsk(): boolean {
    return this.of !== null && this.of.preview.result !== "";
  }

  private get isAllowed(): boolean {
    return this.canAsk && (this.isWanted || (this.mayWorkAhead() && isCheap(this.of!)));
  }

  private get isDue(): boolean {
    return this.isResting && this.isAllowed && this.problem === null;
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isDue) this.ask();
      else if (this.before.size > 0 && this.isResting) {
        // There will be no new ones: those of other rows are not left standing.
        this.before = new Map();
        this.changed();
      }
    }, restFor);
  }

  private withdraw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.control?.abort();
    this.control = null;
  }

  private ask(): void {
    if (this.control !== null || this.of === null || !this.canAsk) return;
    const columns = this.inView.filter((column) => !this.profiles.has(column)).slice(0, columnsAtOnce);
    if (columns.length === 0) return;
    const control = new AbortController();
    this.control = control;
    const { preview, filters } = this.of;
    const params = { uri: preview.uri, result: preview.result, columns, filters: [...filters] };
    this.asking.ask("speql.profile", params, control.signal).then(
      (answer) => {
        if (control.signal.aborted) return;
        this.control = null;
        for (const profile of answer.columns) this.profiles.set(profile.column, profile);
        this.changed();
        this.ask();
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        this.control = null;
        this.problem = error instanceof Error ? error.message : String(error);
        this.before = new Map();
        this.changed();
      },
    );
  }
}
