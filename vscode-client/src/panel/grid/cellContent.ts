/** What stands in a cell. All of it is text. */

import type { Cell, Preview } from "../../protocol.gen";
import { element, spoken } from "../dom";
import { cellText, spread, type ColumnLook } from "../format";

/** A longer cell is cut in the grid: no eye reads on, and the browser would lay it out. */
export const drawnCharacters = 400;

/** The ends of the interval of an estimated cell. */
export type Interval = [low: number, high: number];

/** The content of a cell that is here. NULL is in italics, the text "NULL" is not. */
export function cellContent(cell: Cell, look: ColumnLook, interval: Interval | null): string | DocumentFragment {
  const text = cellText(cell, look);
  if (cell !== null && cell !== "" && interval === null) return cut(text);
  const content = document.createDocumentFragment();
  if (cell === null) content.append(element("span", "null", text));
  else if (cell === "") content.append(element("span", "muted", text), spoken("empty text"));
  else content.append(cut(text));
  if (interval !== null) content.append(element("span", "muted", ` ${spread(...interval)}`));
  return content;
}

/** What stands there while the row is not here: a still grey bar. */
export function waitingContent(row: number, column: number): HTMLElement {
  const bar = element("i", "wait-bar");
  bar.style.width = `${35 + ((row * 31 + column * 17) % 46)}%`;
  return bar;
}

/** The interval of an estimated cell of a preview. */
export function intervalOf(preview: Preview, row: number, column: number): Interval | null {
  const intervals = preview.sample?.intervals[column];
  const low = intervals?.low[row] ?? null;
  const high = intervals?.high[row] ?? null;
  return low === null || high === null ? null : [low, high];
}

function cut(text: string): string {
  return text.length > drawnCharacters ? `${text.slice(0, drawnCharacters)}…` : text;
}
