import { describe, expect, test } from "vitest";
import {
  cellText,
  count,
  counted,
  duration,
  intervalNote,
  lookOf,
  percent,
  place,
  size,
  spread,
} from "../src/panel/format";
import type { Cell } from "../src/protocol.gen";

test.each([
  [0.2, "< 1 ms"],
  [4.1, "4 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [1_900, "1.9 s"],
  [59_960, "1 min"],
  [90_000, "1.5 min"],
  [2_460_000, "41 min"],
])("%d milliseconds are %s", (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [60_000, "60 KB"],
  [1_100_000, "1.1 MB"],
  [999_600, "1 MB"],
  [2_000_000_000, "2 GB"],
])("%d bytes are %s", (bytes, text) => expect(size(bytes)).toBe(text));

test("counts have separators, and their noun has a number", () => {
  expect(count(10_412_806)).toBe("10,412,806");
  expect(counted(1, "row")).toBe("1 row");
  expect(counted(1_204, "row")).toBe("1,204 rows");
});

test("places are counted from 1", () => expect(place({ line: 16, character: 6 })).toBe("Line 17, column 7"));

test.each([
  ["INTEGER", "#", true],
  ["UBIGINT", "#", true],
  ["HUGEINT", "#", true],
  ["DECIMAL(7,2)", "#.#", true],
  ["DOUBLE", "#.#", true],
  ["VARCHAR", "Aa", false],
  ["ENUM('a', 'b')", "Aa", false],
  ["DATE", "date", false],
  ["TIMESTAMP WITH TIME ZONE", "date", false],
  ["INTERVAL", "date", false],
  ["BOOLEAN", "boolean", false],
  ["INTEGER[]", "[]", false],
  ["DECIMAL(7,2)[3]", "[]", false],
  ["STRUCT(a INTEGER[])", "{}", false],
  ["MAP(VARCHAR, INTEGER)", "{}", false],
  ["GEOMETRY", "?", false],
])("the type %s is shown as %s", (type, sign, atRight) => expect(lookOf(type)).toMatchObject({ sign, atRight }));

describe("cells are written as DuckDB writes them", () => {
  test.each<[string, Cell, string]>([
    ["DOUBLE", 5, "5.0"],
    ["DOUBLE", -0.25, "-0.25"],
    ["DOUBLE", 1e16, "1e+16"],
    ["DOUBLE", "nan", "nan"],
    ["INTEGER", 5, "5"],
    ["BOOLEAN", true, "true"],
    ["VARCHAR", "", "''"],
    ["VARCHAR", "NULL", "NULL"],
    ["VARCHAR", null, "NULL"],
    ["DECIMAL(7,2)", "5.00", "5.00"],
  ])("%s %j", (type, cell, text) => expect(cellText(cell, lookOf(type))).toBe(text));
});

test("estimates are off by a part of themselves", () => {
  expect(percent(0.0004)).toBe("< 0.1 %");
  expect(percent(1 / 9)).toBe("11 %");
  expect(spread(90, 110)).toBe("± 10 %");
  expect(spread(-110, -90)).toBe("± 10 %");
  expect(spread(999.9, 1000.1)).toBe("± < 0.1 %");
  expect(spread(-5, 5)).toBe("± 5.0");
  expect(intervalNote(1234.5678, 2e6)).toBe("Between 1,234.57 and 2,000,000 with 95 % confidence");
});
