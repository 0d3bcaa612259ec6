/** A host that makes up its answers from a formula, for pictures and for tests of the panel alone. It is no server. */

import type { Answer, FromPanel } from "../src/panel/messages";
import type { Cell, Column, ColumnProfile, ProfileParams, Rows, RowsParams } from "../src/protocol.gen";

/** What it knows of a result. */
export interface FakeResult {
  columns: Column[];
  total: number;
  row: (at: number) => Cell[];
}

/** Answers what a panel asks. Filters are not looked at, orders turn the rows round. */
export function fakeAnswer(result: FakeResult, message: FromPanel): Answer | null {
  if (message.kind !== "ask") return null;
  const answer = (): unknown => {
    if (message.method === "speql/rows") return rowsOf(result, message.params as RowsParams);
    if (message.method === "speql.profile") return { columns: profilesOf(result, message.params as ProfileParams) };
    return null;
  };
  const made = answer();
  return made === null
    ? { kind: "refused", id: message.id, reason: "The fake host does not know that." }
    : { kind: "answer", id: message.id, answer: made };
}

function rowsOf({ columns, total, row }: FakeResult, { offset = 0, count = 100, orders = [] }: RowsParams): Rows {
  const turned = orders[0]?.descending === true;
  const length = Math.max(0, Math.min(count, total - offset));
  const rows = Array.from({ length }, (_, at) => row(turned ? total - 1 - offset - at : offset + at));
  return { columns, offset, rows, arrow: "", totalRows: total, allRows: total };
}

function profilesOf(result: FakeResult, { columns = [] }: ProfileParams): ColumnProfile[] {
  const sample = Array.from({ length: 997 }, (_, at) => result.row((at * 10_007) % result.total));
  return columns.map((column) => profileOf(result, column, sample));
}

function profileOf({ columns, total }: FakeResult, column: number, sample: Cell[][]): ColumnProfile {
  const { name, type } = columns[column]!;
  const cells = sample.map((row) => row[column] ?? null);
  const filled = cells.filter((cell) => cell !== null);
  const scaled = (count: number): number => Math.round((count / sample.length) * total);
  const numbers = filled.map((cell) => (type === "DATE" ? Date.parse(String(cell)) : Number(cell)));
  const isNumber = type !== "VARCHAR" && type !== "BOOLEAN";
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const counts = Array.from<number>({ length: 20 }).fill(0);
  for (const number of numbers) counts[Math.min(19, Math.floor(((number - least) / (most - least)) * 20))]! += 1;
  const cellOf = (number: number): Cell => filled[numbers.indexOf(number)] ?? null;
  const times = new Map<Cell, number>();
  for (const cell of filled) times.set(cell, (times.get(cell) ?? 0) + 1);
  const frequent = [...times].sort((one, other) => other[1] - one[1]).slice(0, 10);
  return {
    column,
    name,
    type,
    rows: total,
    nulls: total - scaled(filled.length),
    distinct: isNumber ? scaled(times.size) : times.size,
    low: isNumber ? cellOf(least) : null,
    high: isNumber ? cellOf(most) : null,
    mean: isNumber && type !== "DATE" ? numbers.reduce((sum, one) => sum + one, 0) / numbers.length : null,
    histogram: isNumber ? { low: cellOf(least), high: cellOf(most), counts: counts.map(scaled) } : null,
    frequent: isNumber ? [] : frequent.map(([value, count]) => ({ value, count: scaled(count) })),
    others: 0,
  };
}
