/** The pure parts of the page of `speql play`. */

import { expect, test } from "vitest";
import { sorted } from "../src/play/dropping";
import { examplesFor } from "../src/play/exampleQueries";
import { keystrokes } from "../src/play/typist";
import type { SchemaTable } from "../src/protocol.gen";

function table(name: string, rows: number, columns: Record<string, string>): SchemaTable {
  return {
    name,
    schema: "main",
    database: "db",
    kind: "table",
    sql: name,
    rows,
    columns: Object.entries(columns).map(([column, type]) => ({
      name: column,
      type,
      sql: column,
      primaryKey: column === "id",
    })),
  };
}

test("a text is typed whole, in order, at the speed of a person", () => {
  const text = "SELECT 1,\n    2 -- 😀\nFROM t";
  const strokes = keystrokes(text, () => 0.5);
  expect(strokes.at(-1)?.length).toBe(text.length);
  const lengths = strokes.map(({ length }) => length);
  expect(lengths).toEqual([...lengths].sort((left, right) => left - right));
  // The indentation is not typed, and no half of a letter.
  expect(lengths).not.toContain(text.indexOf("    ") + 2);
  expect(lengths).not.toContain(text.indexOf("😀") + 1);
  const seconds = strokes.reduce((sum, { pause }) => sum + pause, 0) / 1_000;
  expect(strokes.length / seconds).toBeGreaterThan(2);
  expect(strokes.length / seconds).toBeLessThan(10);
  const lineEnd = strokes.find(({ length }) => text[length - 1] === "\n")!;
  expect(lineEnd.pause).toBeGreaterThan(strokes[0]!.pause);
});

test("examples that were written for the database, else some that its tables have", () => {
  const written = [{ name: "a", question: "A?", text: "SELECT 1", database: "demo.duckdb" }];
  const tables = [
    table("few", 3, { id: "INTEGER", label: "VARCHAR" }),
    table("many", 3_000, { id: "INTEGER", city: "VARCHAR", price: "DECIMAL(9,2)" }),
    table("numbers", 30, { n: "BIGINT" }),
  ];
  expect(examplesFor(written, "demo.duckdb", tables)).toEqual(written);
  expect(examplesFor(written, "other.duckdb", tables).map(({ text }) => text)).toEqual([
    "SELECT city, count(*) AS n, avg(price) AS mean\nFROM many\nGROUP BY city\nORDER BY n DESC, city\nLIMIT 20",
    "SELECT *\nFROM numbers\nLIMIT 20",
    "SELECT label, count(*) AS n\nFROM few\nGROUP BY label\nORDER BY n DESC, label\nLIMIT 20",
  ]);
  expect(examplesFor(written, "", [])).toEqual([]);
});

test("texts are told from data by their names", () => {
  const files = ["a.SQL", "b.csv", "c.parquet", "d.txt"].map((name) => new File([], name));
  const { texts, data } = sorted(files);
  expect(texts.map(({ name }) => name)).toEqual(["a.SQL", "d.txt"]);
  expect(data.map(({ name }) => name)).toEqual(["b.csv", "c.parquet"]);
});
