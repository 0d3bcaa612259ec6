/** What can be chosen of a chart, and what a choice makes of the others. Pure. */

import type { ChartChoice, Column } from "../../protocol.gen";
import { lookOf } from "../format";

/** What can be done with a column. */
export type ColumnKind = "number" | "time" | "text" | "other";

/** The marks of the dropdown: a histogram is bars over bins. */
export const markChoices = ["bar", "line", "area", "point", "histogram"] as const;
export type MarkChoice = (typeof markChoices)[number];

/** The kind of a column, as the server sees it. */
export function kindOf(type: string): ColumnKind {
  const { sign } = lookOf(type);
  if (sign === "#" || sign === "#.#") return "number";
  if (sign === "date")
    return /^(DATE|TIMESTAMP|DATETIME)/i.test(type) ? "time" : /^TIME/i.test(type) ? "text" : "other";
  return sign === "Aa" || sign === "boolean" ? "text" : "other";
}

/** The mark of a choice, as the dropdown calls it. */
export function markOfChoice(choice: ChartChoice): MarkChoice {
  return choice.binned ? "histogram" : choice.mark;
}

/** The choice with another mark; its fields change as far as they must. Null if no column fits. */
export function withMark(choice: ChartChoice, mark: MarkChoice, columns: readonly Column[]): ChartChoice | null {
  const numbers = columnsOf(columns, "number");
  const measure = choice.y ?? numbers.find((column) => column !== choice.x) ?? null;
  if (mark === "histogram") {
    const x = numbers.includes(choice.x) ? choice.x : (measure ?? numbers[0]);
    if (x === undefined) return null;
    return { mark: "bar", x, y: null, colour: null, aggregate: "count", binned: true };
  }
  if (mark === "point") {
    if (measure === null) return null;
    return { ...choice, mark, y: measure, aggregate: "none", binned: false };
  }
  if (choice.binned) {
    const category = [...columnsOf(columns, "time"), ...columnsOf(columns, "text"), choice.x][0]!;
    if (category === choice.x) return { ...choice, mark, y: null, aggregate: "count", binned: false };
    return { mark, x: category, y: choice.x, colour: null, aggregate: "sum", binned: false };
  }
  const aggregate = choice.aggregate === "none" && choice.mark === "point" ? "sum" : choice.aggregate;
  return { ...choice, mark, aggregate };
}

/** The choice with other fields, made to fit each other: rows can only be counted, a count is of rows. */
export function withFields(choice: ChartChoice, fields: Partial<ChartChoice>): ChartChoice {
  const next = { ...choice, ...fields };
  if (next.binned) return { ...next, y: null, colour: null, aggregate: "count" };
  if (fields.aggregate === "count" || next.y === null) return { ...next, y: null, aggregate: "count" };
  if (next.aggregate === "count") return { ...next, aggregate: next.mark === "point" ? "none" : "sum" };
  return next;
}

/** Whether two choices are the same chart. */
export function sameChoice(one: ChartChoice, other: ChartChoice): boolean {
  return (["mark", "x", "y", "colour", "aggregate", "binned"] as const).every((field) => one[field] === other[field]);
}

/** The numbers of the columns of a kind. */
export function columnsOf(columns: readonly Column[], ...kinds: ColumnKind[]): number[] {
  return columns.flatMap((column, at) => (kinds.includes(kindOf(column.type)) ? [at] : []));
}
