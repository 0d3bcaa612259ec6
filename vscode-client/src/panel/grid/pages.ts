/** The rows of a result, as far as they are here: pages of 100 that come from the server when they come into view. */

import type { Cell, Rows } from "../../protocol.gen";

/** So many rows a page. */
export const pageRows = 100;
/** So many pages are kept beside those in view and those that came with the preview. */
const pagesKept = 3;
/** Once the server has the result, rows this near to the view are asked for, too: who scrolls slowly sees no bars. */
const ahead = 40;
/** While the view flies by, pages are asked for at most this often (milliseconds). */
const askEvery = 60;

/** Asks the server for rows. */
export type Load = (offset: number, count: number, signal: AbortSignal) => Promise<Rows>;

/** What happens to pages. */
export interface PagesEvents {
  /** Rows are here, `from` the first one `to` the last; the number of all rows may be another, too. */
  arrived(from: number, to: number): void;
  /** The server refused. Nothing is asked of it any more. */
  refused(reason: string): void;
}

interface Request {
  first: number;
  last: number;
  control: AbortController;
}

/** Rows by their number. What is asked for and no longer in view is withdrawn. */
export class Pages {
  private readonly pages = new Map<number, Cell[][]>();
  private readonly pinned = new Set<number>();
  private requests: Request[] = [];
  private wanted: [first: number, last: number] = [0, -1];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private askedAt = -Infinity;
  private isRefused = false;
  private isAnswered = false;
  private known: number | null;
  private readonly shortest: number;

  /**
   * `first` rows are here from the start and stay. `total` is the number of all rows, null where it is not known.
   * Without `load` there are no others.
   */
  constructor(
    first: readonly Cell[][],
    total: number | null,
    private readonly load: Load | null,
    private readonly events: PagesEvents,
  ) {
    this.shortest = first.length;
    this.known = load === null ? first.length : total;
    for (let at = 0; at < first.length; at += pageRows) {
      const rows = first.slice(at, at + pageRows);
      // A page that is cut short by the end of the preview, not by that of the result, is asked for as a whole.
      if (rows.length < pageRows && at + rows.length !== this.known && load !== null) break;
      this.pages.set(at / pageRows, rows);
      this.pinned.add(at / pageRows);
    }
  }

  /** The number of all rows; null while it is not known. */
  get total(): number | null {
    return this.known;
  }

  /** How many rows can be scrolled to. While their number is not known that is a page more than are here. */
  get length(): number {
    return this.known ?? this.shortest + pageRows;
  }

  /** A row; null while it is not here. */
  row(at: number): Cell[] | null {
    return this.pages.get(Math.floor(at / pageRows))?.[at % pageRows] ?? null;
  }

  /** These rows are in view, the last one included: ask for what is missing, withdraw what is not needed any more. */
  want(from: number, to: number): void {
    if (this.load === null || this.length === 0) return;
    const near = this.isAnswered ? ahead : 0;
    const last = Math.min(this.length - 1, to + near);
    this.wanted = [Math.floor(Math.max(0, from - near) / pageRows), Math.floor(Math.max(0, last) / pageRows)];
    for (let page = this.wanted[0]; page <= this.wanted[1]; page += 1) this.touch(page);
    const isNeeded = ({ first, last: end }: Request): boolean => first <= this.wanted[1] && end >= this.wanted[0];
    for (const request of this.requests) if (!isNeeded(request)) request.control.abort();
    this.requests = this.requests.filter(isNeeded);
    this.ask();
  }

  /** All of these rows, whether they are here or not. Rejects as asking does. */
  async collect(from: number, count: number, signal: AbortSignal): Promise<Cell[][]> {
    const here = Array.from({ length: count }, (_, at) => this.row(from + at));
    if (this.load === null || here.every((row) => row !== null)) return here.filter((row) => row !== null);
    return (await this.load(from, count, signal)).rows;
  }

  /** Ask for these rows and wait until they are here. Rejects as asking does. */
  async fetch(from: number, to: number, signal: AbortSignal): Promise<void> {
    if (this.load === null) return;
    const first = Math.floor(from / pageRows);
    const count = (Math.floor(to / pageRows) - first + 1) * pageRows;
    this.keep(await this.load(first * pageRows, count, signal), count);
  }

  /** Ask again after a refusal. */
  retry(): void {
    this.isRefused = false;
    this.ask();
  }

  /** Withdraw everything. */
  dispose(): void {
    clearTimeout(this.timer);
    for (const { control } of this.requests) control.abort();
    this.requests = [];
    this.isRefused = true;
  }

  private ask(): void {
    clearTimeout(this.timer);
    const missing = this.missing();
    if (missing === null || this.isRefused) return;
    const wait = this.askedAt + askEvery - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => this.ask(), wait);
      return;
    }
    this.askedAt = performance.now();
    const [first, last] = missing;
    const request = { first, last, control: new AbortController() };
    this.requests.push(request);
    const count = (last - first + 1) * pageRows;
    const done = (): void => void (this.requests = this.requests.filter((one) => one !== request));
    this.load!(first * pageRows, count, request.control.signal).then(
      (rows) => {
        done();
        if (request.control.signal.aborted) return;
        this.keep(rows, count);
        this.events.arrived(rows.offset, rows.offset + Math.max(rows.rows.length, count) - 1);
        this.ask();
      },
      (error: unknown) => {
        done();
        if (request.control.signal.aborted) return;
        this.isRefused = true;
        this.events.refused(error instanceof Error ? error.message : String(error));
      },
    );
  }

  /** The first run of wanted pages that are neither here nor asked for. */
  private missing(): [first: number, last: number] | null {
    const isMissing = (page: number): boolean =>
      !this.pages.has(page) && !this.requests.some(({ first, last }) => first <= page && page <= last);
    const end = Math.min(this.wanted[1], Math.ceil(this.length / pageRows) - 1);
    let first = this.wanted[0];
    while (first <= end && !isMissing(first)) first += 1;
    if (first > end) return null;
    let last = first;
    while (last < end && isMissing(last + 1)) last += 1;
    return [first, last];
  }

  private keep(answer: Rows, count: number): void {
    this.isAnswered = true;
    this.known = answer.totalRows;
    const first = answer.offset / pageRows;
    for (let at = 0; at * pageRows < count; at += 1) {
      const rows = answer.rows.slice(at * pageRows, (at + 1) * pageRows);
      if (rows.length > 0 || answer.totalRows === 0) this.pages.set(first + at, rows);
    }
    this.evict();
  }

  private touch(page: number): void {
    const rows = this.pages.get(page);
    if (rows === undefined) return;
    this.pages.delete(page);
    this.pages.set(page, rows);
  }

  /** A map keeps the order in which pages were put into it: the first ones are the longest out of view. */
  private evict(): void {
    const [from, to] = this.wanted;
    const spare = [...this.pages.keys()].filter((page) => !this.pinned.has(page) && (page < from || page > to));
    for (const page of spare.slice(0, Math.max(0, spare.length - pagesKept))) this.pages.delete(page);
  }
}
