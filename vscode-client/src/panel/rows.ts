/** The Rows tab: the rows of the preview in a grid, paged, sorted and filtered by the engine. */

import type { Cell, Filter, Preview } from "../protocol.gen";
import { element } from "./dom";
import { lookOf, type ColumnLook } from "./format";
import { asTheyCome, direction, filteredBy, isPlain, sortedBy, type Arrangement } from "./grid/arrangement";
import { intervalOf } from "./grid/cellContent";
import { columnCard } from "./grid/columnCard";
import { ColumnTip } from "./grid/columnTip";
import { columnWidth } from "./grid/columnWidth";
import { showFilterForm } from "./grid/filterForm";
import { GridView } from "./grid/gridView";
import { barOf } from "./grid/histogram";
import { Pager } from "./grid/pager";
import { Pages, pageRows, type Load } from "./grid/pages";
import { RowsNote } from "./grid/rowsNote";
import { headRow } from "./grid/selection";
import { SelectedCells } from "./grid/selectedCells";
import { Statistics } from "./grid/statistics";
import { Toolbar, type ExportFormat } from "./grid/toolbar";
import type { Post } from "./messages";
import type { Asking } from "./questions";

/** What the tab needs of the panel that it is in. */
export interface RowsHost {
  asking: Asking;
  post: Post;
  /** The rows below are not those that were asked for by sort or filter, or they are again. */
  isLate(late: boolean): void;
  /** Whether the server may be given work that nobody has asked for: speculation is on. */
  mayWorkAhead(): boolean;
}

/** An answer within this time is not late: nothing is dimmed (milliseconds). */
const lateAfter = 150;
/** A new preview rests so long before more than its first rows are asked for by themselves. */
const askAfter = 300;

/** The tab. `update` is called with each preview that has rows, `resized` when its room has changed. */
export class Rows {
  readonly root = element("div", "rows");
  private readonly grid: GridView;
  private readonly toolbar: Toolbar;
  private readonly pager: Pager;
  private readonly statistics: Statistics;
  private readonly cells: SelectedCells;
  private readonly tip = new ColumnTip();
  private readonly note = new RowsNote();
  private preview: Preview | null = null;
  private looks: ColumnLook[] = [];
  /** The rows that are drawn: of which preview, and how they are arranged. */
  private pages: Pages | null = null;
  private drawnOf: Preview | null = null;
  private drawn: Arrangement = asTheyCome;
  /** How they are to be arranged. */
  private asked: Arrangement = asTheyCome;
  private hidden: ReadonlySet<number> = new Set();
  /** The server holds the whole result: the user has paged, sorted or filtered it. */
  private isHeld = false;
  private withoutFilters: number | null = null;
  private pending: AbortController | null = null;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private isLate = false;

  constructor(private readonly host: RowsHost) {
    this.grid = new GridView(
      {
        length: () => this.pages?.length ?? 0,
        row: (at) => this.pages?.row(at) ?? null,
        interval: (row, column) => (this.drawnOf === null ? null : intervalOf(this.drawnOf, row, column)),
      },
      {
        viewed: () => this.onView(),
        selected: () => this.onSelected(),
        sort: (column) => this.sort(column),
        filter: (column) => this.openFilter(column),
        statistics: () => this.statistics.want(),
        copy: (withNames) => void this.cells.copy(withNames),
        openValue: () => this.cells.open(),
        lookedAt: (column) => this.showTip(column),
      },
    );
    this.toolbar = new Toolbar({
      filter: (filters) => this.arrange({ ...this.asked, filters }),
      hide: (hidden) => this.hide(hidden),
      statistics: () => this.statistics.want(),
      export: (format) => this.export(format),
      leave: () => this.grid.focus(),
    });
    this.pager = new Pager(
      (row) => this.goTo(row),
      (row) => this.select(row),
    );
    this.statistics = new Statistics(
      host.asking,
      () => host.mayWorkAhead(),
      () => this.drawHeads(),
    );
    this.cells = new SelectedCells(
      this.grid,
      host.post,
      () => this.pages && this.drawnOf && { pages: this.pages, preview: this.drawnOf, looks: this.looks },
      (reason) => this.note.say(reason),
    );
    this.root.append(this.toolbar.root, this.note.root, this.grid.root, this.pager.root);
    this.root.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "g") return;
      event.preventDefault();
      this.pager.ask();
    });
  }

  /**
   * Show a preview with rows, in one step. Selection, scroll position, widths, order and filters stay where the columns
   * are the same. `isCurrent` is false while the text has been edited and no preview of it is there: then nothing is
   * asked of the server that nobody has asked for.
   */
  update(preview: Preview, isCurrent = true): void {
    this.statistics.rest(isCurrent);
    if (preview === this.preview) return;
    const hasSameColumns = this.preview !== null && columnsKey(this.preview) === columnsKey(preview);
    this.preview = preview;
    this.looks = preview.columns.map((column) => lookOf(column.type));
    this.isHeld = false;
    this.cells.withdraw();
    this.note.say(null);
    this.stopPending();
    if (!hasSameColumns) {
      this.asked = asTheyCome;
      this.hidden = new Set();
    }
    if (this.refusal !== null || (isPlain(this.asked) && !(hasSameColumns && this.isScrolledBeyond(preview)))) {
      this.swap(this.pagesOf(preview), asTheyCome, hasSameColumns);
      return;
    }
    // The rows below are of the preview before. They stay until the server has the new ones.
    this.pause = setTimeout(() => {
      this.setLate(true);
      this.pause = setTimeout(() => void this.fetch(this.asked, this.grid.table.rowsInView), askAfter - lateAfter);
    }, lateAfter);
  }

  /** What depends on the panel's size: whole rows only, and a fade where columns continue. */
  resized(): void {
    this.grid.resized();
  }

  /** Why rows cannot be asked for in another way, or all of them; null if they can. */
  private get refusal(): string | null {
    if (this.preview === null) return "There are no rows yet.";
    if (this.preview.result !== "") return null;
    return this.preview.states.includes("sample")
      ? "These rows are estimated from a sample. The exact ones, which can be sorted, filtered and exported, follow."
      : "There is no more to ask for than these rows.";
  }

  /** Whether rows are in view that the preview does not have, though there may be so many. */
  private isScrolledBeyond({ rows, complete, totalRows }: Preview): boolean {
    const [first, last] = this.grid.table.rowsInView;
    return !complete && first > 0 && last >= rows.length && (totalRows === null || first < totalRows);
  }

  private pagesOf(preview: Preview): Pages {
    const total = preview.totalRows ?? (preview.complete ? preview.rows.length : null);
    const isAll = preview.complete || preview.result === "";
    return this.newPages(preview.rows, total, isAll ? null : this.loader(asTheyCome));
  }

  private newPages(rows: readonly Cell[][], total: number | null, load: Load | null): Pages {
    const pages: Pages = new Pages(rows, total, load, {
      arrived: (from, to) => this.arrived(pages, from, to),
      refused: (reason) => this.note.say(reason, () => pages.retry()),
    });
    return pages;
  }

  private loader({ filters, orders }: Arrangement): Load {
    const { uri, result } = this.preview!;
    return async (offset, count, signal) => {
      const params = { uri, result, offset, count, filters: [...filters], orders: [...orders] };
      const rows = await this.host.asking.ask("speql/rows", params, signal);
      if (filters.length > 0) this.withoutFilters = rows.allRows;
      return rows;
    };
  }

  /** Show rows in the place of those that are there, in one frame. */
  private swap(pages: Pages, arrangement: Arrangement, keepsColumns: boolean): void {
    const preview = this.preview!;
    this.pages?.dispose();
    this.pages = pages;
    this.drawnOf = preview;
    this.drawn = arrangement;
    if (arrangement.filters.length === 0) this.withoutFilters = null;
    const held = this.isHeld ? pages.total : null;
    this.statistics.follow({ preview, filters: arrangement.filters, held }, keepsColumns);
    const { character } = this.grid;
    const widths = preview.columns.map((_, at) => columnWidth(preview, at, this.looks[at]!, character));
    if (keepsColumns) {
      this.grid.widen(widths);
      this.grid.refresh();
    } else {
      this.grid.show({ columns: preview.columns, looks: this.looks, widths, hidden: this.hidden });
      this.resized();
    }
    this.drawToolbar();
    this.setLate(false);
    this.drawHeads();
  }

  private arrived(pages: Pages, from: number, to: number): void {
    if (pages !== this.pages) return;
    this.note.say(null);
    this.grid.widen([]);
    this.grid.refreshRows(from, to);
    this.isHeld = true;
    this.statistics.held(pages.total);
    this.drawPager();
  }

  private sort(column: number): void {
    if (this.refusal !== null) this.note.say(this.refusal);
    else this.arrange(sortedBy(this.asked, column));
  }

  /** Ask for the rows in another way. The ones below stay until the others are there. */
  private arrange(arrangement: Arrangement): void {
    this.stopPending();
    this.asked = arrangement;
    this.note.say(null);
    this.drawToolbar();
    this.drawHeads();
    if (this.preview === null) return;
    if (isPlain(arrangement)) {
      this.swap(this.pagesOf(this.preview), arrangement, true);
      this.grid.table.scrollToTop(0);
      return;
    }
    this.pause = setTimeout(() => this.setLate(true), lateAfter);
    void this.fetch(arrangement, null);
  }

  /** Get the rows in view of an arrangement, or its first ones, and show them. */
  private async fetch(arrangement: Arrangement, view: [first: number, last: number] | null): Promise<void> {
    const control = new AbortController();
    this.pending = control;
    const isAsTheyCome = isPlain(arrangement);
    const pages = isAsTheyCome ? this.pagesOf(this.preview!) : this.newPages([], null, this.loader(arrangement));
    const fit = this.grid.table.rowsThatFit;
    const [first, last] = view ?? [0, fit];
    try {
      await pages.fetch(first, last, control.signal);
      const { total } = pages;
      // Fewer rows than were scrolled past: the last ones will be in view.
      if (total !== null && total > 0 && first >= total)
        await pages.fetch(Math.max(0, total - fit), total - 1, control.signal);
    } catch (error) {
      if (control.signal.aborted) return;
      this.stopPending();
      this.asked = this.drawn;
      this.note.say(messageOf(error));
      // A preview that cannot be arranged is shown as it comes; the rows of the one before are not left standing.
      if (this.drawnOf !== this.preview) this.swap(this.pagesOf(this.preview!), asTheyCome, true);
      this.asked = this.drawn;
      this.setLate(false);
      this.drawToolbar();
      this.drawHeads();
      return;
    }
    if (control.signal.aborted) return;
    this.stopPending();
    this.isHeld = true;
    this.swap(pages, arrangement, true);
    if (view === null) this.grid.table.scrollToTop(0);
  }

  private stopPending(): void {
    clearTimeout(this.pause);
    this.pending?.abort();
    this.pending = null;
  }

  private setLate(late: boolean): void {
    if (late === this.isLate) return;
    this.isLate = late;
    this.root.classList.toggle("old", late);
    this.host.isLate(late);
  }

  private hide(hidden: ReadonlySet<number>): void {
    if (hidden.size >= (this.preview?.columns.length ?? 0)) return;
    this.hidden = hidden;
    this.grid.hide(hidden);
    this.drawToolbar();
    this.drawHeads();
  }

  private goTo(row: number | "last"): void {
    this.whenCounted(row === "last" ? Infinity : row, (at) => this.grid.table.scrollToTop(at));
  }

  private select(row: number): void {
    this.whenCounted(row, (at) => {
      this.grid.select({ row: at, column: this.grid.selected?.at.column ?? 0 }, true);
      this.grid.focus();
    });
  }

  /** Do something with the row of this number, or with the last one where there are fewer. */
  private whenCounted(row: number, act: (at: number) => void): void {
    const { pages } = this;
    if (pages === null) return;
    if (row < pages.length || pages.total !== null) {
      act(Math.max(0, Math.min(row, pages.length - 1)));
      return;
    }
    // How many rows there are is known with any page that the server sends.
    this.stopPending();
    const control = new AbortController();
    this.pending = control;
    this.pause = setTimeout(() => this.setLate(true), lateAfter);
    const done = (): void => {
      this.stopPending();
      this.setLate(false);
    };
    pages.fetch(0, pageRows - 1, control.signal).then(
      () => {
        if (control.signal.aborted || pages !== this.pages) return;
        done();
        this.arrived(pages, 0, pageRows - 1);
        if (pages.total !== null) act(Math.max(0, Math.min(row, pages.total - 1)));
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        done();
        this.note.say(messageOf(error));
      },
    );
  }

  private onView(): void {
    const { pages } = this;
    if (pages === null) return;
    const [first, last] = this.grid.table.rowsInView;
    if (first > 0 || this.isHeld) pages.want(first, last);
    else if (last >= (this.drawnOf?.rows.length ?? 0)) this.wantLater(pages);
    this.statistics.look(this.grid.table.columnsInView);
    this.drawPager();
    this.tip.hide();
  }

  /** More rows than a preview has fit into the view, though nobody has scrolled: once it rests they are asked for. */
  private wantLater(pages: Pages): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => pages === this.pages && pages.want(...this.grid.table.rowsInView), askAfter);
  }

  private onSelected(): void {
    this.drawHeads();
    this.pager.say(...this.cells.said());
  }

  private drawToolbar(): void {
    this.toolbar.update(this.preview?.columns ?? [], this.asked.filters, this.hidden);
  }

  private drawPager(): void {
    const { pages, preview } = this;
    if (pages === null || preview === null) return;
    const [first, last] = this.grid.table.rowsInView;
    const alone = this.refusal === null || preview.complete ? null : this.refusal;
    this.pager.update({
      first,
      last,
      total: pages.total,
      about: isPlain(this.drawn) ? preview.estimatedRows : null,
      withoutFilters: this.withoutFilters,
      alone: alone === null ? null : { word: preview.sample === null ? "and more" : "of a sample", reason: alone },
      hasColumns: preview.columns.length > 0,
    });
    this.toolbar.allow(this.refusal, this.statistics.missing === "on demand" && preview.columns.length > 0);
  }

  private drawHeads(): void {
    const { preview, pages } = this;
    if (preview === null) return;
    const at = this.grid.selected?.at ?? null;
    const cells = at === null ? null : (pages?.row(at.row) ?? null);
    preview.columns.forEach((_, column) => {
      const { profile, isOld } = this.statistics.profile(column);
      const cell = at?.column === column ? (cells?.[column] ?? null) : null;
      this.grid.setHead(column, {
        direction: direction(this.asked, column),
        isFiltered: this.asked.filters.some((one) => one.column === column),
        profile,
        isOld: isOld && profile !== null,
        bar: profile === null || cell === null ? null : barOf(profile, cell, this.looks[column]!),
      });
    });
    this.drawPager();
    if (this.tip.column !== null) this.showTip(this.tip.column);
  }

  /** Let the user choose what to export to. */
  chooseExport(): void {
    this.toolbar.chooseFormat();
  }

  private export(format: ExportFormat): void {
    if (this.preview === null || this.refusal !== null) return;
    const { uri, result } = this.preview;
    const { filters, orders } = this.asked;
    this.host.post({ kind: "export", uri, result, format, filters: [...filters], orders: [...orders] });
  }

  private openFilter(number: number): void {
    const column = this.preview?.columns[number];
    this.grid.table.reveal(headRow, number);
    const anchor = this.grid.headElement(number);
    if (column === undefined || anchor === null) return;
    if (this.refusal !== null) {
      this.note.say(this.refusal);
      return;
    }
    this.tip.hide();
    showFilterForm({
      column,
      number,
      look: this.looks[number]!,
      filters: this.asked.filters.filter((one) => one.column === number),
      profile: this.statistics.profile(number).profile,
      anchor,
      apply: (filters: Filter[]) => this.arrange(filteredBy(this.asked, number, filters)),
      leave: () => this.grid.focus(),
    });
  }

  private showTip(column: number | null): void {
    const known = column === null ? undefined : this.preview?.columns[column];
    const anchor = column === null ? null : this.grid.headElement(column);
    if (column === null || known === undefined || anchor === null) {
      this.tip.hide();
      return;
    }
    const { profile, isOld } = this.statistics.profile(column);
    const facts = profile === null || isOld ? this.statistics.missing : profile;
    this.tip.show(column, columnCard(known, this.looks[column]!, facts), anchor);
  }
}

function columnsKey(preview: Preview): string {
  return JSON.stringify(preview.columns.map((column) => [column.name, column.type]));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
