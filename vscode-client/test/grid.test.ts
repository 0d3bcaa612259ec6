/** The values behind the grid: filters as text, arrangements, selections, keys, sums, bins, pages. */

import { describe, expect, test, vi } from "vitest";
import { lookOf } from "../src/panel/format";
import { asTheyCome, direction, filteredBy, sortedBy } from "../src/panel/grid/arrangement";
import { filterText, parseFilters } from "../src/panel/grid/filterText";
import { barOf, barsOf } from "../src/panel/grid/histogram";
import { keyMeaning } from "../src/panel/grid/keys";
import { Pages } from "../src/panel/grid/pages";
import { blockOf, moved, selectionOf, within, type Selection } from "../src/panel/grid/selection";
import { summaryFacts, summaryOf } from "../src/panel/grid/summary";
import { tsv } from "../src/panel/grid/tsv";
import type { Cell, Column, ColumnProfile, Filter, Rows } from "../src/protocol.gen";

const columns: Column[] = ["net_paid", "store", "sold on", "and", "store", 'a "b"'].map((name) => ({
  name,
  type: "VARCHAR",
}));

describe("filters as text", () => {
  test.each<[string, Filter[]]>([
    ["", []],
    ["net_paid > 100", [{ column: 0, operator: ">", values: ["100"] }]],
    ["NET_PAID>=-1.5e3", [{ column: 0, operator: ">=", values: ["-1.5e3"] }]],
    [
      "net_paid != 1 AND store = 'o''t'",
      [
        { column: 0, operator: "<>", values: ["1"] },
        { column: 1, operator: "=", values: ["o't"] },
      ],
    ],
    [
      "store contains new york and net_paid<5",
      [
        { column: 1, operator: "contains", values: ["new york"] },
        { column: 0, operator: "<", values: ["5"] },
      ],
    ],
    ["store in (a, 'b, c', d e)", [{ column: 1, operator: "in", values: ["a", "b, c", "d e"] }]],
    ['"sold on" <= 2002-11-01 05:00:00', [{ column: 2, operator: "<=", values: ["2002-11-01 05:00:00"] }]],
    [
      "store is null and net_paid IS NOT NULL",
      [
        { column: 1, operator: "is null", values: [] },
        { column: 0, operator: "is not null", values: [] },
      ],
    ],
    [
      "\"and\" = 'and' and #5 = ''",
      [
        { column: 3, operator: "=", values: ["and"] },
        { column: 4, operator: "=", values: [""] },
      ],
    ],
    ['"a ""b""" = x', [{ column: 5, operator: "=", values: ["x"] }]],
  ])("%s", (text, filters) => {
    expect(parseFilters(text, columns)).toEqual({ filters });
    // What is written of them is read as the same.
    expect(parseFilters(filterText(filters, columns), columns)).toEqual({ filters });
  });

  test.each([
    ["Books", "Say how Books"],
    ["nothing = 1", "There is no column nothing."],
    ["#7 = 1", "There is no column #7."],
    ["net_paid >", "Say what net_paid > is compared with."],
    ["net_paid > 1 store = 2", "Put AND before"],
    ["net_paid > 1 and", "Say a condition behind AND."],
    ["store in a", "in parentheses"],
    ["store in (a", "Close the parenthesis"],
    ["store in (a,)", "commas between them"],
    ["store = 'open", "Close the quote."],
    ["store is 5", "is null"],
    ["= 5", "Begin with the name of a column."],
    ["store ! 5", "! means nothing here."],
  ])("%s is not read: %s", (text, told) => {
    const parsed = parseFilters(text, text === "Books" ? [{ name: "Books", type: "VARCHAR" }] : columns);
    expect("problem" in parsed ? parsed.problem : "").toContain(told);
  });
});

test("a column sorts descending, ascending, off; a filter takes the place of the one before", () => {
  const once = sortedBy(asTheyCome, 2);
  expect([direction(once, 2), direction(sortedBy(once, 2), 2), direction(sortedBy(sortedBy(once, 2), 2), 2)]).toEqual([
    "descending",
    "ascending",
    null,
  ]);
  expect(direction(sortedBy(once, 3), 2)).toBeNull();
  const [a, b, c]: Filter[] = [1, 2, 1].map((column, at) => ({ column, operator: "=", values: [String(at)] }));
  const both = filteredBy(filteredBy(asTheyCome, 1, [a!]), 2, [b!]);
  expect(filteredBy(both, 1, [c!]).filters).toEqual([c, b]);
  expect(filteredBy(both, 1, []).filters).toEqual([b]);
});

describe("the selection", () => {
  const limits = { rows: 10_000_000, columns: [0, 2, 3], page: 20 };
  const at = (row: number, column: number): Selection => selectionOf({ row, column });
  test.each<[string, Selection, object, [row: number, column: number, anchorRow: number]]>([
    ["ArrowDown", at(0, 0), {}, [1, 0, 1]],
    ["ArrowRight", at(0, 0), {}, [0, 2, 0]],
    ["ArrowLeft", at(0, 0), {}, [0, 0, 0]],
    ["ArrowUp", at(0, 2), {}, [-1, 2, -1]],
    ["ArrowUp", at(0, 2), { shiftKey: true }, [0, 2, 0]],
    ["ArrowDown", at(-1, 2), {}, [0, 2, 0]],
    ["ArrowDown", at(5, 0), { shiftKey: true }, [6, 0, 5]],
    ["ArrowDown", at(5, 0), { whole: true }, [9_999_999, 0, 9_999_999]],
    ["PageDown", at(9_999_990, 0), {}, [9_999_999, 0, 9_999_999]],
    ["PageUp", at(30, 0), { shiftKey: true }, [10, 0, 30]],
    ["End", at(4, 0), {}, [4, 3, 4]],
    ["Home", at(4, 3), { whole: true }, [0, 0, 0]],
  ])("%s from %j %j", (key, from, more, [row, column, anchorRow]) => {
    const next = moved(from, { key, shiftKey: false, whole: false, ...more }, limits)!;
    expect([next.at.row, next.at.column, next.anchor.row]).toEqual([row, column, anchorRow]);
  });

  test("other keys move nothing, and fewer rows hold it", () => {
    expect(moved(at(0, 0), { key: "x", shiftKey: false, whole: false }, limits)).toBeNull();
    expect(within(at(500, 1), { rows: 10, columns: [0, 2], page: 1 }).at).toEqual({ row: 9, column: 2 });
    expect(within(at(0, 0), { rows: 0, columns: [], page: 1 }).at.row).toBe(-1);
    expect(blockOf({ at: { row: 1, column: 3 }, anchor: { row: 4, column: 0 } })).toEqual({
      top: 1,
      bottom: 4,
      left: 0,
      right: 3,
    });
  });

  test.each([
    ["c", { ctrlKey: true }, false, "copy"],
    ["C", { metaKey: true, shiftKey: true }, false, "copy with names"],
    ["Enter", {}, true, "sort"],
    ["Enter", {}, false, "open value"],
    ["f", {}, true, "filter"],
    ["f", {}, false, null],
    ["ArrowDown", { altKey: true }, true, "filter"],
    ["ArrowLeft", { altKey: true }, false, null],
    ["ArrowRight", { shiftKey: true }, true, "wider"],
    ["ArrowRight", { shiftKey: true }, false, "move"],
    ["Tab", {}, false, null],
    ["Escape", {}, false, null],
  ])("%s %j in the header %s is %s", (key, more, inHead, meaning) => {
    const event = { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more };
    expect(keyMeaning(event, inHead)).toBe(meaning);
  });
});

test.each<[string, Cell[], string]>([
  ["INTEGER", [1, 2, null], "count 3, nulls 1, sum 3, min 1, max 2"],
  ["DECIMAL(18,2)", ["0.10", "0.20", "-10.00"], "count 3, sum -9.70, min -10.00, max 0.20"],
  ["BIGINT", ["9007199254740993", 1], "count 2, sum 9007199254740994, min 1, max 9007199254740993"],
  ["DOUBLE", [0.5, 1e21], "count 2, sum 1e+21, min 0.5, max 1e+21"],
  ["DOUBLE", [0.5, "nan"], "count 2"],
  ["DATE", ["2002-11-28", "1999-01-01"], "count 2, min 1999-01-01, max 2002-11-28"],
  ["VARCHAR", ["a", "b"], "count 2"],
  ["INTEGER", [null], "count 1, nulls 1"],
])("%s %j: %s", (type, cells, said) => {
  const facts = summaryFacts(summaryOf([{ look: lookOf(type), cells }]));
  expect(facts.map((fact) => fact.join(" ")).join(", ")).toBe(said);
});

test("copied text has tabs and lines, and quotes where it needs them", () => {
  const looks = ["VARCHAR", "DOUBLE"].map(lookOf);
  expect(
    tsv(
      [
        ["a\tb", 5],
        [null, 0.5],
        ['say "x"', null],
      ],
      looks,
      ["one", "two\n"],
    ),
  ).toBe('one\t"two\n"\n"a\tb"\t5.0\n\t0.5\n"say ""x"""\t');
});

describe("bins", () => {
  const profile = (fields: Partial<ColumnProfile>): ColumnProfile => ({
    column: 0,
    name: "",
    type: "",
    rows: 10,
    nulls: 4,
    distinct: 3,
    low: null,
    high: null,
    mean: null,
    histogram: null,
    frequent: [],
    others: 0,
    ...fields,
  });
  const counts = [4, 2, 0, 1];
  test.each<[string, Cell, Cell, Cell, number | null]>([
    ["INTEGER", 0, 100, 0, 0],
    ["INTEGER", 0, 100, 99, 3],
    ["INTEGER", 0, 100, 100, 3],
    ["INTEGER", 0, 100, 101, null],
    ["INTEGER", 0, 100, null, null],
    ["DECIMAL(7,2)", "0.00", "10.00", "2.50", 1],
    ["DATE", "2002-01-01", "2002-01-05", "2002-01-03", 2],
    ["TIMESTAMP", "2002-01-01 00:00:00", "2002-01-01 04:00:00", "2002-01-01 03:59:59.5", 3],
    ["TIMESTAMP WITH TIME ZONE", "2002-01-01 00:00:00+00", "2002-01-01 04:00:00+00", "2002-01-01 02:30:00+01", 1],
    ["DOUBLE", 0, 1, "nan", null],
  ])("%s from %j to %j: %j is in %j", (type, low, high, cell, bin) =>
    expect(barOf(profile({ histogram: { low, high, counts } }), cell, lookOf(type))).toBe(bin),
  );

  test("values have bars, too, and NULLs a share", () => {
    const frequent = [
      { value: "a", count: 4 },
      { value: true, count: 2 },
    ];
    expect(barsOf(profile({ frequent }))).toEqual({ heights: [1, 0.5], nulls: 0.4 });
    expect(barOf(profile({ frequent }), true, lookOf("BOOLEAN"))).toBe(1);
    expect(barOf(profile({ frequent }), "true", lookOf("VARCHAR"))).toBeNull();
  });
});

describe("pages", () => {
  const answer = (offset: number, count: number, total: number): Rows => ({
    columns: [],
    offset,
    arrow: "",
    totalRows: total,
    allRows: total,
    rows: Array.from({ length: Math.max(0, Math.min(count, total - offset)) }, (_, at) => [offset + at]),
  });
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

  test("what is in view is asked for, three more pages are kept, those of the preview stay", async () => {
    vi.useFakeTimers();
    const load = vi.fn((offset: number, count: number) => Promise.resolve(answer(offset, count, 1_000_000)));
    const arrived = vi.fn();
    const pages = new Pages(answer(0, 100, 100).rows, 1_000_000, load, { arrived, refused: () => {} });
    for (const page of [50, 60, 70, 80, 90]) {
      pages.want(page * 100 + 45, page * 100 + 55);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(load.mock.calls.map(([offset, count]) => [offset, count])).toEqual(
      [50, 60, 70, 80, 90].map((page) => [page * 100, 100]),
    );
    expect([0, 50, 60, 70, 80, 90].map((page) => pages.row(page * 100 + 7)?.[0] ?? null)).toEqual([
      7,
      null,
      6007,
      7007,
      8007,
      9007,
    ]);
    expect(arrived).toHaveBeenLastCalledWith(9000, 9099);
    vi.useRealTimers();
  });

  test("a total that is not known is a page more than what is here, until an answer says it", async () => {
    const load = (offset: number, count: number): Promise<Rows> => Promise.resolve(answer(offset, count, 130));
    const pages = new Pages(answer(0, 100, 100).rows, null, load, { arrived: () => {}, refused: () => {} });
    expect([pages.total, pages.length]).toEqual([null, 200]);
    pages.want(90, 110);
    await settled();
    expect([pages.total, pages.length, pages.row(129)?.[0], pages.row(130)]).toEqual([130, 130, 129, null]);
  });

  test("fewer rows than asked for are not asked for again and again", async () => {
    const load = vi.fn((offset: number, count: number) => Promise.resolve(answer(offset, count, 0)));
    const pages = new Pages([], null, load, { arrived: () => {}, refused: () => {} });
    pages.want(0, 50);
    await settled();
    pages.want(0, 50);
    expect(load).toHaveBeenCalledTimes(1);
    expect(pages.length).toBe(0);
  });

  test("a refusal is told once, and nothing more is asked until the user says so", async () => {
    const load = vi.fn(() => Promise.reject(new Error("no longer known")));
    const refused = vi.fn();
    const pages = new Pages([], 1_000, load, { arrived: () => {}, refused });
    pages.want(0, 50);
    await settled();
    pages.want(500, 550);
    await settled();
    expect(refused.mock.calls).toEqual([["no longer known"]]);
    expect(load).toHaveBeenCalledTimes(1);
    pages.retry();
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
  });
});
