/** The data of the tests, and what queries of it give directly, without SpeQL. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cellText, lookOf } from "../../src/panel/format";
import type { Preview } from "../../src/protocol.gen";
import { client, here, installed, python } from "./machine";

const benchData = join(client, "../bench/data");

/** TPC-DS at a small scale; `make test-vscode` makes it. */
export const tpcds = join(benchData, "tpcds-sf0.01.duckdb");
/** Ten million sales, and the stores that they were made in; setup.ts makes it. */
export const sales = join(installed, "sales.duckdb");
export const saleCount = 10_000_000;
/** The same with few sales: no work on them takes long, whatever else the machine does. */
export const fewSales = join(installed, "few-sales.duckdb");

/** The largest TPC-DS that `make bench-data` has made: on a tiny one little may run ahead, because little is to be saved. */
export function largestTpcds(): string {
  const files = readdirSync(benchData).filter((name) => /^tpcds-sf[\d.]+\.duckdb$/.test(name));
  const sized = files.map((name) => ({ path: join(benchData, name), bytes: statSync(join(benchData, name)).size }));
  return sized.sort((left, right) => right.bytes - left.bytes)[0]?.path ?? tpcds;
}

/** The text of a query of TPC-DS, without its semicolon. */
export function tpcdsQuery(number: number): string {
  const name = `q${String(number).padStart(2, "0")}.sql`;
  return readFileSync(join(benchData, "tpcds", name), "utf8")
    .trim()
    .replace(/;$/, "");
}

/** A row as DuckDB writes its values; NULL is null. */
export type Row = (string | null)[];

/** The rows that DuckDB gives for a query. */
export function directRows(database: string, query: string): Row[] {
  const output = execFileSync(python, [join(here, "data.py"), "rows", database], { input: query, maxBuffer: 1 << 28 });
  return JSON.parse(output.toString()) as Row[];
}

/** The number of rows that DuckDB gives for a query. */
export function directCount(database: string, query: string): number {
  return Number(directRows(database, `SELECT count(*) FROM (${query})`)[0]![0]);
}

/** Make a file with so many sales if it is not there. */
export function makeSales(file: string, count: number): void {
  execFileSync(python, [join(here, "data.py"), "make", file, String(count)], { stdio: "inherit" });
}

/** The rows of a preview as DuckDB writes their values. */
export function rowsOf(preview: Preview): Row[] {
  const looks = preview.columns.map((column) => lookOf(column.type));
  return preview.rows.map((row) =>
    row.map((cell, at) => (cell === null || cell === "" ? cell : cellText(cell, looks[at]!))),
  );
}

/** The cells of a row as the grid shows them. */
export function shown(row: Row): string[] {
  return row.map((value) => (value === null ? "NULL" : value === "" ? "''empty text" : value));
}

/** Rows in an order that does not depend on who gave them. */
export function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}
