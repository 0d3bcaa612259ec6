import { expect, test } from "vitest";
import { dataSources, offer } from "../src/dataFiles";

const found = (...paths: string[]): string[] => dataSources(paths).map(({ database }) => database);

test.each<[string, string[], string[]]>([
  ["nothing", ["a.sql", "package.json", "b.txt"], []],
  ["databases first", ["data/a.csv", "z.duckdb", "b.ddb"], ["b.ddb", "z.duckdb", "data"]],
  ["files beside the SQL", ["a.parquet", "a.sql"], ["."]],
  ["one folder", ["data/a.csv", "data/b.PARQUET"], ["data"]],
  ["folders, and what holds them all", ["data/x/a.csv", "data/y/b.csv"], ["data", "data/x", "data/y"]],
  ["folders that have nothing in common", ["x/a.csv", "y/b.csv"], [".", "x", "y"]],
  ["a folder in another", ["data/a.csv", "data/y/b.csv"], ["data", "data/y"]],
  ["names that begin alike", ["data/a.csv", "data2/b.csv"], [".", "data", "data2"]],
])("%s", (_, paths, expected) => expect(found(...paths)).toEqual(expected));

test("a folder says how many files it has, and their names", () => {
  const files = ["a", "b", "c", "d", "e"].map((name) => `data/${name}.csv`);
  expect(dataSources(files)[0]).toEqual({
    database: "data",
    label: "data/",
    description: "5 files as tables: a.csv, b.csv, c.csv, d.csv, ...",
    kind: "folder",
  });
});

test.each([
  [["sales.duckdb"], "sales.duckdb in", "Use sales.duckdb", "sales.duckdb"],
  [["a.duckdb", "b.duckdb", "data/x.csv"], "a.duckdb and 1 more and data files in", "Use a.duckdb", "a.duckdb"],
  [["data/x.csv"], "SpeQL found data files in", "Use the Files as Tables", "data"],
])("the offer for %j", (paths, says, button, database) => {
  expect(offer(dataSources(paths))).toEqual({ message: expect.stringContaining(says), button, database });
});

test("nothing is offered where there is nothing", () => expect(offer([])).toBeNull());
