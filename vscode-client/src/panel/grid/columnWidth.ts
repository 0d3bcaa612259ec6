/** How wide a column has to be. */

import type { Preview } from "../../protocol.gen";
import { cellText, spread, type ColumnLook } from "../format";
import { intervalOf } from "./cellContent";

const narrowest = 9;
const widest = 36;
/** What stands beside the text: padding, and in the header the sign of the type. */
const besides = 22;

/** The width of a column in pixels, from its name and the rows of the preview. */
export function columnWidth(preview: Preview, at: number, look: ColumnLook, character: number): number {
  // Names are bold, and share their line with the sign of the type and the arrow of the order.
  let longest = (preview.columns[at]?.name.length ?? 0) * 1.12 + 5;
  preview.rows.slice(0, 100).forEach((row, rowAt) => {
    const interval = intervalOf(preview, rowAt, at);
    const extra = interval === null ? 0 : spread(...interval).length + 1;
    longest = Math.max(longest, cellText(row[at] ?? null, look).length + extra);
  });
  return Math.ceil(Math.max(narrowest, Math.min(longest, widest)) * character) + besides;
}

/** The width of the row numbers up to `rows`. */
export function numberWidth(rows: number, character: number): number {
  const digits = Math.max(3, rows.toLocaleString("en-US").length);
  return Math.ceil(digits * character * 0.95) + 14;
}

/** The width of a digit in the font of an element; a guess where nothing is laid out. */
export function characterWidth(parent: HTMLElement): number {
  const probe = document.createElement("span");
  probe.className = "sr cell-font";
  probe.textContent = "0".repeat(40);
  probe.style.width = "auto";
  parent.append(probe);
  const width = probe.getBoundingClientRect().width / 40;
  probe.remove();
  return width > 0 ? width : 7;
}
