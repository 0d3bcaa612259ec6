/** Cells as text that spreadsheets and editors paste: tabs between columns, a line a row. */

import type { Cell } from "../../protocol.gen";
import { cellText, type ColumnLook } from "../format";

/** The text of rows, with a line of names if they are given. NULL is an empty field, as spreadsheets have it. */
export function tsv(
  rows: readonly (readonly Cell[])[],
  looks: readonly ColumnLook[],
  names: readonly string[] | null,
): string {
  const lines = rows.map((row) => row.map((cell, at) => field(cell, looks[at]!)).join("\t"));
  if (names !== null) lines.unshift(names.map(quoted).join("\t"));
  return lines.join("\n");
}

function field(cell: Cell, look: ColumnLook): string {
  return cell === null || cell === "" ? "" : quoted(cellText(cell, look));
}

function quoted(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
