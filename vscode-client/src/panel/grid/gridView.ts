/** The grid of rows and columns: what is drawn, what is selected, and what keys do in it. */

import type { Cell, Column } from "../../protocol.gen";
import { element, focusedNear } from "../dom";
import { intervalNote, type ColumnLook } from "../format";
import { cellContent, waitingContent, type Interval } from "./cellContent";
import { ColumnHead, headLabel, type HeadFacts } from "./columnHead";
import { characterWidth, numberWidth } from "./columnWidth";
import { keyMeaning, type KeyMeaning } from "./keys";
import { Pointer } from "./pointer";
import {
  blockOf,
  headRow,
  isIn,
  isRange,
  moved,
  selectionOf,
  within,
  type Block,
  type Limits,
  type Place,
  type Selection,
} from "./selection";
import { headHeight, rowHeight, Table } from "./table";

/** Where the rows come from. */
export interface GridSource {
  length(): number;
  /** A row, null while it is not here. */
  row(at: number): Cell[] | null;
  interval(row: number, column: number): Interval | null;
}

/** What happens in the grid. */
export interface GridEvents {
  /** Other rows or columns are in view, or the same ones were drawn again. */
  viewed(): void;
  /** Another selection. */
  selected(): void;
  sort(column: number): void;
  filter(column: number): void;
  statistics(): void;
  copy(withNames: boolean): void;
  openValue(): void;
  /** The header of a column is looked at, by mouse or keyboard; null: none is any more. */
  lookedAt(column: number | null): void;
}

/** Columns with their looks and widths. */
export interface GridColumns {
  columns: readonly Column[];
  looks: readonly ColumnLook[];
  widths: readonly number[];
  hidden: ReadonlySet<number>;
}

/** Where nothing is laid out, so much is drawn. */
const rowsToBeginWith = 20;
const widthStep = 16;

/** The grid. `root` takes the room that it is given, and shows whole rows only. */
export class GridView {
  readonly root = element("div", "grid-room");
  readonly table: Table;
  private readonly box = element("div", "grid");
  private readonly pointer: Pointer;
  private shown: GridColumns = { columns: [], looks: [], widths: [], hidden: new Set() };
  private heads: ColumnHead[] = [];
  private facts: HeadFacts[] = [];
  private selection: Selection = selectionOf({ row: 0, column: 0 });
  /** The selection is marked only once the user has gone there. */
  private isChosen = false;
  private isMovingFocus = false;
  private measured: number | null = null;

  constructor(
    private readonly source: GridSource,
    private readonly events: GridEvents,
  ) {
    this.box.style.height = `${headHeight + rowsToBeginWith * rowHeight}px`;
    this.root.append(this.box);
    this.table = new Table(this.box, {
      length: () => this.source.length(),
      isHere: (row) => this.source.row(row) !== null,
      cell: (row, column) => this.content(row, column),
      dress: (cell, row, column) => this.dress(cell, row, column),
    });
    this.box.setAttribute("aria-label", "Rows of the preview");
    this.box.setAttribute("aria-readonly", "true");
    this.box.setAttribute("aria-multiselectable", "true");
    this.box.tabIndex = -1;
    this.table.onRendered.subscribe(() => this.onView());
    this.table.onScroll.subscribe(() => this.onView());
    this.table.onColumnsResized.subscribe(() => this.onView());
    this.table.viewport.addEventListener("scrollend", () => this.table.snap());
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.pointer = new Pointer(this.box, this.table, {
      selection: () => this.selection,
      choose: (selection) => this.choose(selection),
      focus: () => this.focusCurrent(false),
      lookedAt: (column) => this.events.lookedAt(column),
      resetWidth: (column) => this.setWidth(column, this.shown.widths[column]!),
      openValue: () => this.events.openValue(),
    });
    this.box.addEventListener("focusin", (event) => this.onFocusIn(event));
    this.box.addEventListener("focusout", () => this.pointer.lookAt(null));
    this.box.addEventListener("copy", (event) => {
      event.preventDefault();
      this.events.copy(false);
    });
    // What stands above and below the grid comes and goes, too.
    if ("ResizeObserver" in globalThis) new ResizeObserver(() => this.resized()).observe(this.root);
  }

  /** The selected cell, and the cells that are selected with it; null before the user has chosen any. */
  get selected(): { at: Place; block: Block } | null {
    const block = blockOf(this.selection);
    return block === null || !this.isChosen ? null : { at: this.selection.at, block };
  }

  /** Whether the keyboard is in the grid. */
  get hasFocus(): boolean {
    return this.box.contains(focusedNear(this.box));
  }

  /** The width of a digit in a cell, measured once for each set of columns. */
  get character(): number {
    this.measured ??= characterWidth(this.box);
    return this.measured;
  }

  /** Show other columns, and the rows from the first on. The selection begins anew. */
  show(shown: GridColumns): void {
    this.keepingFocus(() => {
      this.isChosen = this.hasFocus;
      this.facts = [];
      this.measured = null;
      this.selection = selectionOf({ row: 0, column: 0 });
      this.fit();
      this.setColumns(shown);
      this.table.viewport.scrollLeft = 0;
      this.table.scrollTo(0);
      this.refresh();
    });
  }

  /** Show and hide columns. Everything else stays. */
  hide(hidden: ReadonlySet<number>): void {
    this.keepingFocus(() => {
      this.setColumns({ ...this.shown, widths: this.table.widths(), hidden });
      this.refresh();
    });
  }

  /** Let columns be wider that need to be. */
  widen(widths: readonly number[]): void {
    const now = this.table.widths();
    const numbers = this.numbersWidth();
    const isWider = widths.some((width, at) => width > now[at]!);
    if (!isWider && numbers === this.table.getColumns()[0]?.width) return;
    const wider = now.map((width, at) => Math.max(width, widths[at] ?? 0));
    this.keepingFocus(() => this.table.setWidths(wider, numbers));
  }

  /** Draw the rows again, in one step. Scroll position and selection stay, as far as there are so many rows. */
  refresh(): void {
    this.keepingFocus(() => {
      const { column } = this.selection.at;
      this.selection = within(this.selection, this.limits());
      this.keep();
      this.table.refresh();
      for (const one of new Set([column, this.selection.at.column])) this.dressHead(one);
      this.box.setAttribute("aria-rowcount", String(this.source.length() + 1));
      this.stop();
    });
    this.events.selected();
  }

  /** Draw some rows again: they are here now, and the number of all rows may be another. */
  refreshRows(from: number, to: number): void {
    this.keepingFocus(() => {
      this.table.refreshRows(from, to);
      this.box.setAttribute("aria-rowcount", String(this.source.length() + 1));
      this.stop();
    });
    const block = blockOf(this.selection);
    if (block !== null && block.top <= to && block.bottom >= from) this.events.selected();
  }

  /** Other facts in the header of a column. */
  setHead(column: number, facts: HeadFacts): void {
    const before = this.facts[column];
    if (before !== undefined && isSame(before, facts)) return;
    this.facts[column] = facts;
    this.heads[column]?.update(facts);
    this.dressHead(column);
  }

  /** The header of a column, for what stands beside it. */
  headElement(column: number): HTMLElement | null {
    return this.table.head(column);
  }

  /** The selected cell, for what stands beside it. */
  cellElement(): HTMLElement | null {
    return this.table.drawnCell(this.selection.at.row, this.selection.at.column);
  }

  /** Select a cell and have it in view, the first one if `atTop`. */
  select(place: Place, atTop = false): void {
    if (atTop) this.table.scrollToTop(place.row);
    this.choose(selectionOf(place));
  }

  /** Put the keyboard where it was in the grid. */
  focus(): void {
    this.focusCurrent(true);
  }

  /** What depends on the room: whole rows only, and a fade where columns continue. */
  resized(): void {
    if (this.root.clientHeight === 0) return;
    const before = this.fit();
    this.table.resized();
    // The scroll bar may have come or gone with the width.
    if (this.fit() !== before) this.table.resized();
    this.onView();
  }

  /** Be as high as whole rows allow; the height in pixels. Where nothing is laid out it stays. */
  private fit(): number {
    const room = this.root.clientHeight;
    const { viewport } = this.table;
    const bar = viewport.offsetHeight - viewport.clientHeight;
    const rows = Math.floor((room - headHeight - bar) / rowHeight);
    const height = rows < 2 ? room : headHeight + rows * rowHeight + bar;
    if (room > 0) this.box.style.height = `${height}px`;
    return height;
  }

  private setColumns(shown: GridColumns): void {
    const corner = element("span", "h", element("span", "corner", "row"));
    this.shown = shown;
    this.facts = shown.columns.map((_, at) => this.facts[at] ?? nothingKnown);
    this.heads = shown.columns.map((column, at) => {
      const actions = { sort: () => this.events.sort(at), filter: () => this.events.filter(at) };
      return new ColumnHead(column, shown.looks[at]!, actions);
    });
    this.table.show(
      this.heads.map((head, at) => ({
        head: head.root,
        width: shown.widths[at]!,
        atRight: shown.looks[at]!.atRight,
        hidden: shown.hidden.has(at),
      })),
      { head: corner, width: this.numbersWidth() },
    );
    shown.columns.forEach((_, at) => {
      this.heads[at]!.update(this.facts[at]!);
      this.dressHead(at);
    });
  }

  private numbersWidth(): number {
    return numberWidth(this.source.length(), this.character);
  }

  private limits(): Limits {
    return { rows: this.source.length(), columns: this.table.shownColumns, page: this.table.rowsThatFit };
  }

  private content(row: number, column: number): string | HTMLElement | DocumentFragment {
    const cells = this.source.row(row);
    if (cells === null) return waitingContent(row, column);
    return cellContent(cells[column] ?? null, this.shown.looks[column]!, this.source.interval(row, column));
  }

  /** Marks of a cell: selected, current, the tab stop. */
  private dress(cell: HTMLElement, row: number, column: number): void {
    const { at } = this.selection;
    const isCurrent = row === at.row && column === at.column;
    const block = this.isChosen ? blockOf(this.selection) : null;
    const isSelected = isIn(block, row, column);
    cell.tabIndex = isCurrent ? 0 : -1;
    cell.classList.toggle("cell-on", isCurrent && this.isChosen);
    cell.classList.toggle("cell-in", isSelected && isRange(block));
    if (isSelected) cell.setAttribute("aria-selected", "true");
    else cell.removeAttribute("aria-selected");
    cell.parentElement?.classList.toggle("on", row === at.row && this.isChosen);
    const interval = this.source.interval(row, column);
    if (interval !== null) cell.title = intervalNote(...interval);
  }

  private dressHead(column: number): void {
    const head = this.table.head(column);
    const facts = this.facts[column];
    if (head === null || facts === undefined) return;
    const { at } = this.selection;
    head.tabIndex = at.row === headRow && at.column === column ? 0 : -1;
    head.setAttribute("aria-label", headLabel(this.shown.columns[column]!, facts));
    head.setAttribute("aria-sort", facts.direction ?? "none");
  }

  /** The one tab stop: the current cell or header, or the grid itself while that is out of view. */
  private stop(): void {
    this.box.tabIndex = this.current() === null ? 0 : -1;
  }

  private current(): HTMLElement | null {
    const { row, column } = this.selection.at;
    return row === headRow ? this.table.head(column) : this.table.drawnCell(row, column);
  }

  private keep(): void {
    this.table.keep(this.selection.at.row === headRow ? null : this.selection.at);
  }

  private choose(selection: Selection): void {
    const { at: before } = this.selection;
    const hadFocus = this.hasFocus;
    this.selection = within(selection, this.limits());
    this.isChosen = true;
    this.keep();
    this.table.reveal(this.selection.at.row, this.selection.at.column);
    this.table.dressAll();
    for (const column of new Set([before.column, this.selection.at.column])) this.dressHead(column);
    this.stop();
    if (hadFocus) this.focusCurrent(false);
    this.events.selected();
  }

  /** The keyboard goes to the current cell or header; while that is out of view and not asked for, to the grid. */
  private focusCurrent(withReveal: boolean): void {
    const { row, column } = this.selection.at;
    if (withReveal) this.table.reveal(row, column);
    this.stop();
    this.isMovingFocus = true;
    (this.current() ?? this.box).focus({ preventScroll: true });
    this.isMovingFocus = false;
  }

  /** Cells that are made again lose the focus: give it to the one at the same place. */
  private keepingFocus(act: () => void): void {
    const hadFocus = this.hasFocus;
    act();
    if (hadFocus && !this.hasFocus) this.focusCurrent(false);
  }

  private onView(): void {
    this.box.classList.toggle("more", this.table.continues);
    const bar = `${this.table.bar}px`;
    if (this.box.style.getPropertyValue("--bar") !== bar) this.box.style.setProperty("--bar", bar);
    this.stop();
    this.events.viewed();
  }

  private onFocusIn(event: FocusEvent): void {
    if (event.target === this.box) {
      if (!this.isMovingFocus) this.focusCurrent(true);
      return;
    }
    const head = this.pointer.headOf(event.target);
    if (head !== null) this.pointer.lookAt(head);
    if (this.isChosen || head !== null) return;
    this.isChosen = true;
    this.table.dressAll();
    this.events.selected();
  }

  private setWidth(column: number, width: number): void {
    const widths = this.table.widths();
    widths[column] = width;
    this.keepingFocus(() => this.table.setWidths(widths, this.numbersWidth()));
  }

  private onKey(event: KeyboardEvent): void {
    const { at } = this.selection;
    const isOnButton = event.target instanceof HTMLButtonElement;
    // A button in a header answers to its own keys.
    if (isOnButton && (event.key === "Enter" || event.key === " ")) return;
    const meaning = keyMeaning(event, at.row === headRow);
    if (meaning === null) return;
    const whole = event.ctrlKey || event.metaKey;
    const next = meaning === "move" ? moved(this.selection, { ...pressed(event), whole }, this.limits()) : null;
    if (meaning === "move" && next === null) return;
    event.preventDefault();
    const lastRow = this.source.length() - 1;
    const columns = this.table.shownColumns;
    const [first, last] = [columns[0] ?? 0, columns.at(-1) ?? 0];
    const all: Selection = { at: { row: 0, column: first }, anchor: { row: lastRow, column: last } };
    const width = this.table.widths()[at.column] ?? 0;
    const acts: Record<KeyMeaning, () => void> = {
      copy: () => this.events.copy(false),
      "copy with names": () => this.events.copy(true),
      "select all": () => lastRow >= 0 && this.choose(all),
      "select column": () => this.choose({ at: { ...at, row: 0 }, anchor: { ...at, row: lastRow } }),
      "select row": () => this.choose({ at: { ...at, column: first }, anchor: { ...at, column: last } }),
      sort: () => this.events.sort(at.column),
      filter: () => this.events.filter(at.column),
      narrower: () => this.setWidth(at.column, width - widthStep),
      wider: () => this.setWidth(at.column, width + widthStep),
      statistics: () => this.events.statistics(),
      "open value": () => this.events.openValue(),
      move: () => this.choose(next!),
    };
    acts[meaning]();
  }
}

const nothingKnown: HeadFacts = { direction: null, isFiltered: false, profile: null, isOld: false, bar: null };

function isSame(one: HeadFacts, other: HeadFacts): boolean {
  return (Object.keys(one) as (keyof HeadFacts)[]).every((fact) => one[fact] === other[fact]);
}

function pressed({ key, shiftKey }: KeyboardEvent): { key: string; shiftKey: boolean } {
  return { key, shiftKey };
}
