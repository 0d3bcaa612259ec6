/**
 * The table on the screen: SlickGrid, which makes only the rows and cells that are in view and maps ten million rows to
 * a height that a browser can scroll.
 *
 * Three things are not its way, and why:
 *
 * Row numbers stay at the left. Its frozen columns are a second table that follows the first by script, a frame behind
 * when the browser scrolls by itself, and to a screen reader each row is two. Here the numbers are a column like others
 * that sticks to the left, so both scroll as one and a row is one row.
 *
 * Widths and places of cells are set through the style object. It would write a style sheet at run time, which a strict
 * Content Security Policy forbids.
 *
 * The keyboard is in the cells themselves: the current one, or its header, is the table's one tab stop and has the
 * focus. The row that has it is not taken away when it leaves the view, which is what `activeRow` is set for. It is
 * clipped by the canvas, since its place may be beyond what the browser can lay out.
 */

import {
  SlickEventData,
  SlickGrid,
  type CellViewportRange,
  type Column,
  type ColumnMetadata,
  type SlickEvent,
} from "slickgrid";
import { count } from "../format";

export const rowHeight = 26;
export const headHeight = 74;

/** So many rows beyond the view are drawn where it is scrolled to, and behind; so many pixels at the sides. */
const drawnAhead = 12;
const drawnBehind = 4;
const drawnBeside = 240;

/** A row as SlickGrid knows it: its number, nothing else. Cells are asked for when they are drawn. */
interface TableRow {
  at: number;
}

/** What the table shows. Columns are numbered from 0, the row numbers are not among them. */
export interface TableContent {
  /** How many rows there are. */
  length(): number;
  /** Whether the row is here. */
  isHere(row: number): boolean;
  /** What stands in a cell, whether it is here or not. Text is shown as text. */
  cell(row: number, column: number): string | HTMLElement | DocumentFragment;
  /** Marks of a cell that was just made: selected, current. */
  dress(cell: HTMLElement, row: number, column: number): void;
}

/** A column as the table wants it. */
export interface TableColumn {
  head: HTMLElement;
  width: number;
  atRight: boolean;
  hidden: boolean;
}

/** What comes of an event that nobody listens to. */
const unheard = new SlickEventData();

/** A table of any number of rows and columns. `width` and `height` of its container are what it fills. */
export class Table extends SlickGrid<TableRow> {
  private heads = new Map<number, HTMLElement>();
  /** What of the view the scroll bars leave, measured when that may have changed: asking the browser is a layout. */
  private view = { width: 0, height: 0, bar: 0 };

  constructor(
    private readonly box: HTMLElement,
    private readonly content: TableContent,
  ) {
    super(
      box,
      { getLength: () => content.length(), getItem: (at: number) => ({ at }), getItemMetadata: () => null },
      [],
      {
        rowHeight,
        enableHtmlRendering: false,
        enableCellNavigation: false,
        enableColumnReorder: false,
        enableMouseWheelScrollHandler: false,
        explicitInitialization: true,
        forceSyncScrolling: true,
        fullWidthRows: true,
        showCellSelection: false,
        suppressCssChangesOnHiddenInit: true,
        syncColumnCellResize: true,
      },
    );
    this.init();
    // Where the keyboard can stop is decided here alone.
    for (const stop of box.querySelectorAll("[tabindex]")) stop.removeAttribute("tabindex");
    for (const sink of [this._focusSink, this._focusSink2]) sink.remove();
    this._headerL.setAttribute("aria-rowindex", "1");
    this._headerScrollerL.addEventListener("scroll", () => this.followHead());
  }

  /** The element that scrolls. */
  get viewport(): HTMLElement {
    return this._viewportTopL;
  }

  /** The width of the scroll bar at the right. */
  get bar(): number {
    return this.view.bar;
  }

  /** The first row that is in view, in whole or in part, and the last. */
  get rowsInView(): [first: number, last: number] {
    const top = this.scrollTop + this.offset;
    const last = Math.ceil((top + this.view.height) / rowHeight) - 1;
    return [Math.floor(top / rowHeight), Math.max(0, Math.min(last, this.content.length() - 1))];
  }

  /** How many whole rows fit into the view. */
  get rowsThatFit(): number {
    return Math.max(1, Math.floor(this.view.height / rowHeight));
  }

  /** The columns that are shown and at least partly in view. */
  get columnsInView(): number[] {
    const left = this.scrollLeft + (this.columnPosRight[0] ?? 0);
    const right = this.scrollLeft + this.view.width;
    return this.shownColumns.filter((at) => this.columnPosRight[at + 1]! > left && this.columnPosLeft[at + 1]! < right);
  }

  /** The columns that are not hidden. */
  get shownColumns(): number[] {
    return this.columns.flatMap((column, at) => (at === 0 || column.hidden === true ? [] : [at - 1]));
  }

  /** Whether columns continue at the right. */
  get continues(): boolean {
    return this.scrollLeft + this.view.width < this.canvasWidth - 2;
  }

  /** Show other columns. */
  show(columns: readonly TableColumn[], numbers: { head: HTMLElement; width: number }): void {
    const first: Column<TableRow> = {
      id: "numbers",
      field: "at",
      name: numbers.head,
      width: numbers.width,
      minWidth: 0,
      resizable: false,
      alwaysRenderColumn: true,
      cssClass: "no",
      headerCssClass: "no",
      formatter: (row) => count(row + 1),
    };
    const others = columns.map((column, at): Column<TableRow> => ({
      id: at,
      field: "at",
      name: column.head,
      width: column.width,
      minWidth: 56,
      hidden: column.hidden,
      cssClass: column.atRight ? "r" : "",
      headerCssClass: column.atRight ? "r" : "",
      formatter: (row) => this.content.cell(row, at),
    }));
    this.setColumns([first, ...others]);
    this.measure();
    this.dressHeads();
  }

  /** The widths of the columns as they are now. */
  widths(): number[] {
    return this.columns.slice(1).map((column) => column.width ?? 0);
  }

  /** Change widths, of the row numbers too. */
  setWidths(widths: readonly number[], numbers: number): void {
    [numbers, ...widths].forEach((width, at) => {
      const column = this.columns[at];
      if (column !== undefined) column.width = Math.max(width, column.minWidth ?? 0);
    });
    this.reRenderColumns(true);
    this.measure();
  }

  /** Draw all rows in view again, in one step. What was scrolled to stays there. */
  refresh(): void {
    this.updateRowCount();
    this.invalidateAllRows();
    this.render();
  }

  /** Draw some rows again, of which there may be more or fewer now. */
  refreshRows(from: number, to: number): void {
    this.updateRowCount();
    const rows = Object.keys(this.rowsCache).map(Number);
    this.invalidateRows(rows.filter((row) => row >= from && row <= to));
    this.render();
  }

  /** The header of a column. */
  head(column: number): HTMLElement | null {
    return this.heads.get(column) ?? null;
  }

  /** A cell that is drawn. */
  drawnCell(row: number, column: number): HTMLElement | null {
    this.ensureCellNodesInRowsCache(row);
    return this.rowsCache[row]?.cellNodesByColumnIdx[column + 1] ?? null;
  }

  /** The row and column of an element inside a cell; the column of the row numbers is -1. */
  placeOf(target: Element): { row: number; column: number } | null {
    const found = this.getCellFromEvent({ target } as unknown as Event);
    return found === null ? null : { row: found.row, column: found.cell - 1 };
  }

  /** Mark all drawn cells again. */
  dressAll(): void {
    for (const [row, cells] of this.drawn()) {
      for (const [at, cell] of cells) if (at > 0) this.content.dress(cell, row, at - 1);
    }
  }

  /** The row and column of the keyboard: it is not taken away while it is out of view. Null: there is none. */
  keep(place: { row: number; column: number } | null): void {
    this.activeRow = place === null ? (null as unknown as number) : place.row;
    this.activeCell = place === null ? (null as unknown as number) : place.column + 1;
  }

  /** Scroll no further than needed to have a cell in view, or for row -1 its header. */
  reveal(row: number, column: number): void {
    const { viewport } = this;
    const { width, height } = this.view;
    if (row >= 0) {
      const top = row * rowHeight;
      const seen = this.scrollTop + this.offset;
      if (top < seen) this.scrollTo(top);
      else if (top + rowHeight > seen + height) this.scrollTo(top + rowHeight - height);
    }
    const numbers = this.columnPosRight[0] ?? 0;
    const left = (this.columnPosLeft[column + 1] ?? 0) - numbers;
    const right = this.columnPosRight[column + 1] ?? 0;
    const from = this.scrollLeft;
    const to = left < from ? left : right > from + width ? Math.min(left, right - width) : from;
    if (to !== from) {
      viewport.scrollLeft = to;
      this.handleScroll();
    }
    this.render();
  }

  /** Scroll so that a row is the first in view, as far as there are rows below. */
  scrollToTop(row: number): void {
    this.scrollRowToTop(row);
  }

  /** Scroll on or back to where a row begins at the upper edge: the view shows whole rows. */
  snap(): void {
    const top = this.scrollTop + this.offset;
    const isAtEnd = top + this.view.height >= this.content.length() * rowHeight - 1;
    if (top % rowHeight !== 0 && !isAtEnd) this.scrollTo(Math.round(top / rowHeight) * rowHeight);
  }

  /** The container has another size. */
  resized(): void {
    this.resizeCanvas();
    this.measure();
  }

  // What follows takes the place of SlickGrid's own.

  protected override createCssRules(): void {}

  protected override removeCssRules(): void {}

  protected override applyColumnWidths(): void {
    for (const [, cells] of this.drawn()) for (const [at, cell] of cells) this.place(cell, at);
  }

  protected override appendRowHtml(
    left: HTMLElement[],
    right: HTMLElement[],
    row: number,
    range: CellViewportRange,
    length: number,
  ): void {
    super.appendRowHtml(left, right, row, range, length);
    const made = left.at(-1)!;
    made.setAttribute("aria-rowindex", String(row + 2));
    if (!this.content.isHere(row)) {
      made.classList.add("wait");
      made.setAttribute("aria-busy", "true");
    }
  }

  protected override appendCellHtml(
    parent: HTMLElement,
    row: number,
    at: number,
    colspan: number,
    rowspan: number,
    metadata: ColumnMetadata | null,
    item: TableRow,
  ): void {
    super.appendCellHtml(parent, row, at, colspan, rowspan, metadata, item);
    const cell = parent.lastElementChild as HTMLElement;
    cell.removeAttribute("aria-describedby");
    cell.setAttribute("aria-colindex", String(at + 1));
    this.place(cell, at);
    if (at === 0) {
      cell.setAttribute("role", "rowheader");
      cell.removeAttribute("tabindex");
    } else {
      this.content.dress(cell, row, at - 1);
    }
  }

  protected override createDraggable(): void {}

  protected override bindAncestorScrollEvents(): void {}

  protected override handleKeyDown(): void {}

  protected override handleClick(): void {}

  protected override setFocus(): void {}

  /**
   * What is drawn: the view, and a little more, since the browser scrolls by itself before it tells. SlickGrid would draw
   * as much again on each side, which with many columns is most of the work.
   */
  override getRenderedRange(viewportTop?: number, viewportLeft?: number): CellViewportRange {
    const { top, bottom, leftPx, rightPx } = this.getVisibleRange(viewportTop, viewportLeft);
    const [above, below] = this.vScrollDir < 0 ? [drawnAhead, drawnBehind] : [drawnBehind, drawnAhead];
    return {
      top: Math.max(0, top - above),
      bottom: Math.min(this.content.length() - 1, bottom + below),
      leftPx: Math.max(0, leftPx - drawnBeside),
      rightPx: Math.min(this.canvasWidth, rightPx + drawnBeside),
    };
  }

  /** Most events are for plugins, and one is fired for each cell. */
  protected override trigger<Args>(event: SlickEvent, args?: Args, from?: Event | SlickEventData): SlickEventData {
    return event.subscriberCount === 0 ? unheard : super.trigger(event, args, from);
  }

  /** The browser scrolls a header into view that gets the focus: the rows go with it. */
  private followHead(): void {
    const head = this._headerScrollerL;
    if (head.scrollLeft === this.scrollLeft) return;
    this.viewport.scrollLeft = head.scrollLeft;
    this.handleScroll();
    head.scrollLeft = this.scrollLeft;
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height, offsetWidth } = this.viewport;
    this.view = { width, height, bar: offsetWidth - width };
  }

  private place(cell: HTMLElement, at: number): void {
    cell.style.left = at === 0 ? "" : `${this.columnPosLeft[at] ?? 0}px`;
    cell.style.width = `${this.columns[at]?.width ?? 0}px`;
  }

  private dressHeads(): void {
    this.heads = new Map();
    for (const head of this._headerL.querySelectorAll<HTMLElement>(":scope > .slick-header-column")) {
      const isNumbers = head.dataset["id"] === "numbers";
      head.setAttribute("aria-colindex", isNumbers ? "1" : String(Number(head.dataset["id"]) + 2));
      head.querySelector(".slick-resizable-handle")?.setAttribute("aria-hidden", "true");
      if (!isNumbers) this.heads.set(Number(head.dataset["id"]), head);
    }
    this.box.setAttribute("aria-colcount", String(this.columns.length));
  }

  /** The rows that are drawn, with their cells by SlickGrid's numbers. */
  private *drawn(): Iterable<[row: number, cells: [at: number, cell: HTMLElement][]]> {
    for (const key of Object.keys(this.rowsCache)) {
      const row = Number(key);
      this.ensureCellNodesInRowsCache(row);
      const cells = Object.entries(this.rowsCache[row]?.cellNodesByColumnIdx ?? {});
      yield [row, cells.map(([at, cell]) => [Number(at), cell])];
    }
  }
}
