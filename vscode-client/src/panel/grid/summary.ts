/** Count, sum, least and greatest of selected cells, exact where numbers are. */

import type { Cell } from "../../protocol.gen";
import { count, type ColumnLook } from "../format";

/** What is said of selected cells. `sum` is null where not all values are numbers. */
export interface Summary {
  cells: number;
  nulls: number;
  sum: string | null;
  low: string | null;
  high: string | null;
}

/** The summary of cells, given as columns of values of one type each. */
export function summaryOf(columns: readonly { look: ColumnLook; cells: readonly Cell[] }[]): Summary {
  const all = columns.flatMap(({ cells }) => cells);
  const values = all.filter((cell) => cell !== null);
  const summary: Summary = { cells: all.length, nulls: all.length - values.length, sum: null, low: null, high: null };
  const isNumbers = columns.every(({ look, cells }) => look.atRight && cells.every(isNumber));
  const isTimes = columns.every(({ look }) => look.sign === "date");
  if (values.length === 0 || (!isNumbers && !isTimes)) return summary;
  const texts = values.map(String);
  if (isTimes) {
    // Dates and times as DuckDB writes them are in order as texts, years of four digits that is.
    if (texts.some((text) => !/^\d{4}-|^\d\d:/.test(text))) return summary;
    texts.sort();
  } else {
    summary.sum = sumOf(texts);
    texts.sort((one, other) => Number(one) - Number(other));
  }
  return { ...summary, low: texts[0]!, high: texts.at(-1)! };
}

/** The summary in words, the numbers that matter apart: `6 cells`, `sum 12.50`, ... */
export function summaryFacts(summary: Summary): [name: string, value: string][] {
  const facts: [string, string][] = [["count", count(summary.cells)]];
  if (summary.nulls > 0) facts.push(["nulls", count(summary.nulls)]);
  if (summary.sum !== null) facts.push(["sum", summary.sum]);
  if (summary.low !== null && summary.high !== null) facts.push(["min", summary.low], ["max", summary.high]);
  return facts;
}

function isNumber(cell: Cell): boolean {
  return cell === null || typeof cell === "number" || (typeof cell === "string" && /^-?\d+(\.\d+)?$/.test(cell));
}

/** Whole numbers and decimals are added digit by digit; what has an exponent is a floating-point number. */
function sumOf(texts: readonly string[]): string {
  if (texts.some((text) => !/^-?\d+(\.\d+)?$/.test(text))) {
    return String(texts.reduce((sum, text) => sum + Number(text), 0));
  }
  const scale = Math.max(...texts.map((text) => (text.split(".")[1] ?? "").length));
  const scaled = texts.reduce((sum, text) => {
    const [whole = "", part = ""] = text.split(".");
    return sum + BigInt(whole + part.padEnd(scale, "0"));
  }, 0n);
  if (scale === 0) return String(scaled);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, "0");
  return `${scaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
