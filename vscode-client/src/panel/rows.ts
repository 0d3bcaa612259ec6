/** The Rows tab: the rows as a grid that the keyboard moves in. */

import type { Cell, Preview } from "../protocol.gen";
import { element, icon, spoken } from "./dom";
import { cellText, count, intervalNote, lookOf, spread, type ColumnLook } from "./format";

/** More rows than this are not drawn at once; the pager says so. */
const drawnRows = 1_000;
/** A longer cell is cut in the grid: no eye reads on, and the browser would lay it out. */
const drawnCharacters = 400;
const headHeight = 50;
const rowHeight = 26;
const narrowest = 7;
const widest = 36;

/** The ends of the interval of an estimated cell. */
type Interval = [low: number, high: number];

interface Place {
  row: number;
  column: number;
}

/** The grid, its pager line, and the selected cell. */
export class Rows {
  readonly root = element("div", "rows");
  private readonly scroller = element("div", "grid");
  private readonly table = element("table");
  private readonly pager = element("div", "pager num");
  private shown: Preview | null = null;
  private looks: ColumnLook[] = [];
  private widths: number[] = [];
  /** The cell that Tab reaches. It is marked only once the user has gone there. */
  private selected: Place = { row: 0, column: 0 };
  private isChosen = false;

  constructor() {
    this.scroller.tabIndex = -1;
    this.table.setAttribute("role", "grid");
    this.table.setAttribute("aria-label", "Rows of the preview");
    this.table.addEventListener("keydown", (event) => this.onKey(event));
    this.table.addEventListener("click", (event) => this.onClick(event));
    this.table.addEventListener("focusin", () => this.onFocus());
    this.scroller.addEventListener("scroll", () => this.fadeAtRight(), { passive: true });
    this.scroller.append(this.table);
    this.root.append(this.scroller, this.pager);
  }

  /** Swap the rows in one step. Selection, scroll position and widths stay where the columns are the same. */
  update(preview: Preview): void {
    if (preview === this.shown) return;
    const hadFocus = this.table.contains(document.activeElement);
    const sameColumns = this.shown !== null && columnsKey(this.shown) === columnsKey(preview);
    const { scrollTop, scrollLeft } = this.scroller;
    this.shown = preview;
    this.looks = preview.columns.map((column) => lookOf(column.type));
    const needed = preview.columns.map((_, at) => neededWidth(preview, at, this.looks[at]!));
    // Columns may grow as longer values come, but never shrink under the reader.
    this.widths = sameColumns ? needed.map((width, at) => Math.max(width, this.widths[at] ?? 0)) : needed;
    if (!sameColumns) {
      this.selected = { row: 0, column: 0 };
      this.isChosen = hadFocus;
    }
    this.selected.row = Math.max(0, Math.min(this.selected.row, this.drawn.length - 1));
    this.draw(preview);
    this.scroller.scrollTop = sameColumns ? scrollTop : 0;
    this.scroller.scrollLeft = sameColumns ? scrollLeft : 0;
    this.select(this.selected, hadFocus);
    this.resized();
  }

  /** What depends on the panel's size: whole rows only, and a fade where columns continue. */
  resized(): void {
    const { style } = this.scroller;
    style.flex = "";
    const left = this.scroller.clientHeight - headHeight;
    if (left > 2 * rowHeight) style.flex = `0 0 ${headHeight + Math.floor(left / rowHeight) * rowHeight}px`;
    this.fadeAtRight();
  }

  private get drawn(): Cell[][] {
    return this.shown?.rows.slice(0, drawnRows) ?? [];
  }

  private draw(preview: Preview): void {
    const rows = this.drawn;
    this.table.setAttribute(
      "aria-rowcount",
      String((preview.totalRows ?? (preview.complete ? preview.rows.length : -2)) + 1),
    );
    this.table.setAttribute("aria-colcount", String(preview.columns.length + 1));
    const numberWidth = Math.max(3, count(rows.length).length);
    const columns = element("colgroup", "", ...[numberWidth, ...this.widths].map(columnOf));
    const head = element("thead", "", this.headRow(preview));
    const body = element("tbody", "", ...rows.map((row, at) => this.bodyRow(row, at)));
    this.table.replaceChildren(columns, head, body);
    this.drawPager();
  }

  private headRow(preview: Preview): HTMLTableRowElement {
    const corner = element("th", "no", "row");
    corner.scope = "col";
    const names = preview.columns.map((column, at) => {
      const look = this.looks[at]!;
      const sign = element("span", "ty", look.sign === "date" || look.sign === "boolean" ? icon(look.sign) : look.sign);
      sign.setAttribute("aria-hidden", "true");
      const name = element("div", "h-name", sign, element("span", "nm", column.name));
      const header = element("th", look.atRight ? "r" : "", name, element("div", "h-type", column.type));
      header.scope = "col";
      header.title = `${column.name} ${column.type}`;
      return header;
    });
    const row = element("tr", "", corner, ...names);
    row.setAttribute("aria-rowindex", "1");
    return row;
  }

  private bodyRow(cells: Cell[], at: number): HTMLTableRowElement {
    const number = element("th", "no", count(at + 1));
    number.scope = "row";
    const row = element(
      "tr",
      "",
      number,
      ...cells.map((cell, column) => this.cell(cell, this.looks[column]!, intervalOf(this.shown, column, at))),
    );
    row.setAttribute("aria-rowindex", String(at + 2));
    return row;
  }

  private cell(cell: Cell, look: ColumnLook, interval: Interval | null): HTMLTableCellElement {
    const text = cellText(cell, look);
    const made = element("td", look.atRight ? "r" : "");
    made.setAttribute("role", "gridcell");
    made.tabIndex = -1;
    if (cell === null) made.append(element("span", "null", text));
    else if (cell === "") made.append(element("span", "muted", text), spoken("empty text"));
    else made.textContent = text.length > drawnCharacters ? `${text.slice(0, drawnCharacters)}…` : text;
    if (interval !== null) {
      made.append(element("span", "muted", ` ${spread(...interval)}`));
      made.title = intervalNote(...interval);
    }
    return made;
  }

  private drawPager(): void {
    const preview = this.shown!;
    const drawn = this.drawn.length;
    const total = preview.totalRows ?? (preview.complete ? preview.rows.length : null);
    const where = element("span", "where");
    if (preview.columns.length === 0) where.append("No columns");
    else if (drawn === 0) where.append("No rows");
    else
      where.append(
        `1 to ${count(drawn)} `,
        element("span", "muted", total === null ? "and more" : `of ${count(total)}`),
      );
    this.pager.replaceChildren(where, element("span", "grow"), this.selectedValue());
  }

  private selectedValue(): HTMLElement {
    const column = this.shown!.columns[this.selected.column];
    const row = this.drawn[this.selected.row];
    const line = element("span", "muted sel");
    if (!this.isChosen || column === undefined || row === undefined) return line;
    const cell = row[this.selected.column] ?? null;
    const text = cellText(cell, this.looks[this.selected.column]!);
    const value = element(cell === null ? "i" : "b", "", text.slice(0, drawnCharacters));
    line.append(`${column.name} `, value, ` ${column.type}`);
    line.title = line.textContent;
    return line;
  }

  private cellAt(place: Place): HTMLTableCellElement | null {
    return this.table.tBodies[0]?.rows[place.row]?.cells[place.column + 1] ?? null;
  }

  /** The one cell that Tab reaches; arrow keys move it. */
  private select(place: Place, withFocus: boolean): void {
    const before = this.cellAt(this.selected);
    before?.classList.remove("cell-on");
    before?.removeAttribute("aria-selected");
    before?.parentElement?.classList.remove("on");
    if (before !== null) before.tabIndex = -1;
    this.selected = place;
    const now = this.cellAt(place);
    if (now !== null) {
      now.tabIndex = 0;
      if (this.isChosen) {
        now.classList.add("cell-on");
        now.setAttribute("aria-selected", "true");
        now.parentElement?.classList.add("on");
      }
      if (withFocus) now.focus({ preventScroll: false });
    }
    this.drawPager();
  }

  private onFocus(): void {
    if (this.isChosen) return;
    this.isChosen = true;
    this.select(this.selected, false);
  }

  private onClick(event: MouseEvent): void {
    const cell = (event.target as Element).closest("td");
    const row = cell?.parentElement as HTMLTableRowElement | null | undefined;
    if (cell && row) this.select({ row: row.sectionRowIndex, column: cell.cellIndex - 1 }, true);
  }

  private onKey(event: KeyboardEvent): void {
    const lastRow = this.drawn.length - 1;
    const lastColumn = (this.shown?.columns.length ?? 0) - 1;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / rowHeight) - 3);
    const { row, column } = this.selected;
    const wholeGrid = event.ctrlKey || event.metaKey;
    const targets: Record<string, Place> = {
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      PageUp: { row: row - page, column },
      PageDown: { row: row + page, column },
      Home: { row: wholeGrid ? 0 : row, column: 0 },
      End: { row: wholeGrid ? lastRow : row, column: lastColumn },
    };
    const target = targets[event.key];
    if (target === undefined || lastRow < 0) return;
    event.preventDefault();
    this.select(
      { row: Math.max(0, Math.min(target.row, lastRow)), column: Math.max(0, Math.min(target.column, lastColumn)) },
      true,
    );
  }

  private fadeAtRight(): void {
    const { scrollLeft, clientWidth, scrollWidth } = this.scroller;
    this.scroller.classList.toggle("more", scrollLeft + clientWidth < scrollWidth - 2);
  }
}

function intervalOf(preview: Preview | null, column: number, row: number): Interval | null {
  const intervals = preview?.sample?.intervals[column];
  const low = intervals?.low[row] ?? null;
  const high = intervals?.high[row] ?? null;
  return low === null || high === null ? null : [low, high];
}

function columnsKey(preview: Preview): string {
  return JSON.stringify(preview.columns.map((column) => [column.name, column.type]));
}

function neededWidth(preview: Preview, at: number, look: ColumnLook): number {
  const column = preview.columns[at]!;
  // Names are bold, and share their line with the sign of the type.
  let longest = Math.max(column.name.length * 1.12 + 4, Math.min(column.type.length * 0.9, 14));
  preview.rows.slice(0, 100).forEach((row, rowAt) => {
    const interval = intervalOf(preview, at, rowAt);
    const extra = interval === null ? 0 : spread(...interval).length + 1;
    longest = Math.max(longest, cellText(row[at] ?? null, look).length + extra);
  });
  return Math.ceil(Math.max(narrowest, Math.min(longest, widest)));
}

function columnOf(characters: number): HTMLTableColElement {
  const column = element("col");
  // Set through the style object: a strict CSP allows that, and no style attribute in markup.
  column.style.width = `calc(${characters}ch + 22px)`;
  return column;
}
