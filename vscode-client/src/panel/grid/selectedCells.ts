/** What is said of the selected cells, and how they are copied. */

import type { Cell, Preview } from "../../protocol.gen";
import { button, element, type Child } from "../dom";
import { cellText, count, type ColumnLook } from "../format";
import type { Post } from "../messages";
import { showPopup } from "../popup";
import { drawnCharacters } from "./cellContent";
import type { GridView } from "./gridView";
import type { Pages } from "./pages";
import { isRange, type Block } from "./selection";
import { summaryFacts, summaryOf } from "./summary";
import { tsv } from "./tsv";

/** So many rows are copied at most: that is as many as the server sends at once. */
const mostCopied = 10_000;
/** More cells than this are only counted. */
const mostSummed = 200_000;

/** The rows that are drawn, and what their columns are. */
export interface DrawnRows {
  preview: Preview;
  pages: Pages;
  looks: readonly ColumnLook[];
}

/** The selected cells of a grid. */
export class SelectedCells {
  private copying: AbortController | null = null;

  constructor(
    private readonly grid: GridView,
    private readonly post: Post,
    private readonly drawn: () => DrawnRows | null,
    private readonly complain: (reason: string) => void,
  ) {}

  /** Column, value and type of one cell; count, sum, least and greatest of several. */
  said(): Child[] {
    const { selected } = this.grid;
    const drawn = this.drawn();
    if (selected === null || drawn === null) return [];
    if (isRange(selected.block)) return this.summary(selected.block, drawn);
    const { row, column } = selected.at;
    const cell = cellAt(drawn, row, column);
    const { name, type } = drawn.preview.columns[column] ?? { name: "", type: "" };
    if (cell === undefined) return [];
    const text = cellText(cell, drawn.looks[column]!).slice(0, drawnCharacters);
    const node = this.grid.cellElement();
    // In a narrow panel there is no room for it below.
    if (node !== null && node.title === "") node.title = `${name} ${text} ${type}`;
    return [`${name} `, element(cell === null ? "i" : "b", "", text), ` ${type}`];
  }

  /** Copy the selected cells, with a line of names if asked for. Rows that are not here come from the server. */
  async copy(withNames: boolean): Promise<void> {
    const { selected } = this.grid;
    const drawn = this.drawn();
    if (selected === null || drawn === null) return;
    const { top, bottom, left, right } = selected.block;
    if (bottom - top + 1 > mostCopied) {
      this.complain(`Copying takes up to ${count(mostCopied)} rows. Export writes all of them.`);
      return;
    }
    this.withdraw();
    const control = new AbortController();
    this.copying = control;
    try {
      const rows = await drawn.pages.collect(top, bottom - top + 1, control.signal);
      const columns = this.columns(left, right);
      const cells = rows.map((row) => columns.map((at) => row[at] ?? null));
      const names = withNames ? columns.map((at) => drawn.preview.columns[at]!.name) : null;
      const looks = columns.map((at) => drawn.looks[at]!);
      this.post({ kind: "copy", text: tsv(cells, looks, names) });
    } catch (error) {
      if (!control.signal.aborted) this.complain(error instanceof Error ? error.message : String(error));
    }
  }

  /** Copy no rows that are still on their way. */
  withdraw(): void {
    this.copying?.abort();
  }

  /** Show the whole value of the selected cell, with its type. */
  open(): void {
    const at = this.grid.selected?.at;
    const drawn = this.drawn();
    const anchor = this.grid.cellElement();
    if (at === undefined || drawn === null || anchor === null) return;
    const cell = cellAt(drawn, at.row, at.column);
    const column = drawn.preview.columns[at.column];
    if (cell === undefined || column === undefined) return;
    const text = cellText(cell, drawn.looks[at.column]!);
    const title = element("p", "popup-title", element("b", "", column.name), " ");
    title.append(element("span", "muted", column.type));
    const value = element("pre", cell === null ? "value null" : "value", text);
    value.tabIndex = 0;
    const copy = button("btn", () => this.post({ kind: "copy", text: cell === null ? "" : String(cell) }), "Copy");
    showPopup(() => [title, value, element("div", "acts", copy)], {
      anchor,
      label: `Value of ${column.name}`,
      role: "dialog",
      leave: () => this.grid.focus(),
    });
  }

  private summary({ top, bottom, left, right }: Block, { pages, looks }: DrawnRows): Child[] {
    const columns = this.columns(left, right);
    const rows = bottom - top + 1;
    const here =
      rows * columns.length > mostSummed ? [null] : Array.from({ length: rows }, (_, at) => pages.row(top + at));
    // What is not here is not added up: a part of a sum would be a wrong one.
    const facts: [string, string][] = here.every((row) => row !== null)
      ? summaryFacts(summaryOf(columns.map((at) => ({ look: looks[at]!, cells: here.map((row) => row[at] ?? null) }))))
      : [["count", count(rows * columns.length)]];
    return facts.map(([name, value]) => element("span", "fact", `${name} `, element("b", "", value)));
  }

  private columns(left: number, right: number): number[] {
    return this.grid.table.shownColumns.filter((at) => at >= left && at <= right);
  }
}

function cellAt({ pages }: DrawnRows, row: number, column: number): Cell | undefined {
  const cells = pages.row(row);
  return cells === null ? undefined : (cells[column] ?? null);
}
