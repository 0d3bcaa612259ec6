// @vitest-environment jsdom
/** The Rows tab, with a host that makes up its answers: what is drawn, what is asked, what keys do. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer, FromPanel } from "../src/panel/messages";
import { Asking } from "../src/panel/questions";
import { Rows } from "../src/panel/rows";
import type { Preview, RowsParams } from "../src/protocol.gen";
import { fakeAnswer } from "./fakeHost";
import { layOut } from "./layout";
import { paged, pagedResult, rowsOf, sales } from "./samples";

let posted: FromPanel[];
let late: boolean[];
let ahead: boolean;
let rows: Rows;
let asking: Asking;

beforeEach(() => {
  vi.useFakeTimers();
  layOut();
  posted = [];
  late = [];
  ahead = true;
  const post = (message: FromPanel): void => void posted.push(message);
  asking = new Asking(post);
  rows = new Rows({ asking, post, isLate: (now) => late.push(now), mayWorkAhead: () => ahead });
  const panel = document.createElement("main");
  panel.className = "sq";
  panel.append(rows.root);
  document.body.replaceChildren(panel);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const one = <Found extends Element = HTMLElement>(selector: string): Found => {
  const found = document.querySelector<Found>(selector);
  if (found === null) throw new Error(`Nothing matches ${selector}`);
  return found;
};
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
const texts = (selector: string): string[] => all(selector).map((found) => found.textContent ?? "");
/** The drawn rows as texts, by their numbers. */
const drawn = (): Map<number, string[]> =>
  new Map(
    all(".slick-row").map((row) => [
      Number(row.getAttribute("aria-rowindex")) - 1,
      [...row.querySelectorAll("[role=gridcell]")].map((cell) => cell.textContent ?? ""),
    ]),
  );
const cell = (row: number, column: number): HTMLElement =>
  one(`[aria-rowindex="${row + 1}"] [aria-colindex="${column + 2}"]`);
const head = (column: number): HTMLElement => one(`[role=columnheader][aria-colindex="${column + 2}"]`);
const asks = (method: string): (FromPanel & { kind: "ask" })[] =>
  posted.filter((message) => message.kind === "ask" && message.method === method) as (FromPanel & { kind: "ask" })[];
const withdrawn = (): number[] => posted.flatMap((message) => (message.kind === "withdraw" ? [message.id] : []));
const press = (key: string, more: KeyboardEventInit = {}): boolean =>
  document.activeElement!.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
  );
const mouse = (target: EventTarget, type: string, more: MouseEventInit = {}): boolean =>
  target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, ...more }));
const later = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

/** Answer what has been asked and not withdrawn. */
async function answer(method?: string, change?: (answer: Answer) => Answer): Promise<void> {
  const open = posted.filter((message) => message.kind === "ask" && !withdrawn().includes(message.id)) as {
    id: number;
    method: string;
  }[];
  posted = posted.filter((message) => message.kind !== "ask");
  for (const message of open) {
    if (method !== undefined && message.method !== method) continue;
    const made = fakeAnswer(pagedResult, message as FromPanel)!;
    asking.receive(change?.(made) ?? made);
  }
  await later(0);
}

test("cells are as the engine writes them: NULL apart from the text, '' for the empty text, numbers at the right", () => {
  const columns: [string, string][] = [
    ["n", "INTEGER"],
    ["s", "VARCHAR"],
    ["d", "DOUBLE"],
  ];
  rows.update(
    rowsOf(columns, [
      [1_000_000, "", 2],
      [null, "NULL", 0.5],
    ]),
  );
  expect([...drawn().values()]).toEqual([
    ["1000000", "''empty text", "2.0"],
    ["NULL", "NULL", "0.5"],
  ]);
  expect(texts(".slick-cell .null")).toEqual(["NULL"]);
  expect(cell(1, 0).classList.contains("r")).toBe(true);
  expect(texts(".slick-header .nm")).toEqual(["n", "s", "d"]);
  expect(texts(".h-null")).toEqual(["INTEGER", "VARCHAR", "DOUBLE"]);
  expect(one(".where").textContent).toBe("1 to 2 of 2");
});

test("no rows, no columns", () => {
  rows.update(rowsOf([["n", "INTEGER"]], []));
  expect(one(".where").textContent).toBe("No rows");
  one("[role=columnheader][tabindex='0']").focus();
  press("ArrowDown");
  expect(document.activeElement).toBe(head(0));
  rows.update(rowsOf([], []));
  expect(one(".where").textContent).toBe("No columns");
});

test("a hostile cell is text", () => {
  const hostile = "<img src=x onerror=\"document.title='broken'\">";
  rows.update(rowsOf([[hostile, hostile]], [[hostile]]));
  expect(cell(1, 0).textContent).toBe(hostile);
  expect(all("img, script")).toEqual([]);
});

test("it is a grid to a screen reader, and one tab stop", () => {
  rows.update(paged);
  const grid = one("[role=grid]");
  expect(grid.getAttribute("aria-rowcount")).toBe("10412807");
  expect(grid.getAttribute("aria-colcount")).toBe("10");
  expect(one(".slick-header [role=row]").getAttribute("aria-rowindex")).toBe("1");
  expect(head(0).getAttribute("aria-sort")).toBe("none");
  const stops = (): HTMLElement[] =>
    [grid, ...grid.querySelectorAll<HTMLElement>("*")].filter((found) => found.tabIndex === 0);
  expect(stops()).toEqual([cell(1, 0)]);
  cell(1, 0).focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"]) press(key);
  expect(document.activeElement).toBe(cell(2, 1));
  expect(stops()).toEqual([cell(2, 1)]);
  for (const key of ["ArrowUp", "ArrowUp"]) press(key);
  expect(document.activeElement).toBe(head(1));
  expect(stops()).toEqual([head(1)]);
  press("End");
  expect(document.activeElement).toBe(head(8));
});

test("selection, scroll position and widths stay while the columns do", () => {
  rows.update(paged);
  mouse(cell(3, 3), "mousedown");
  mouse(document.body, "mouseup");
  head(3).focus();
  press("ArrowUp");
  const widths = (): string[] => all(".slick-header-column").map((found) => found.style.width);
  const before = widths();
  cell(3, 3).focus();
  rows.update({ ...paged, version: 2, rows: sales.rows.map((row) => row.map(() => 1)) });
  expect(widths()).toEqual(before);
  expect(document.activeElement?.textContent).toBe("1");
  rows.update(rowsOf([["n", "INTEGER"]], [[1]], { version: 3 }));
  expect(all("[aria-selected=true]").length).toBeLessThan(2);
  expect(one(".where").textContent).toBe("1 to 1 of 1");
});

test("pages come when they are scrolled to, bars stand for them, and what has flown by is withdrawn", async () => {
  rows.update(paged);
  await later(5_000);
  expect(asks("speql/rows")).toEqual([]);
  one<HTMLButtonElement>("[aria-label='Next page']").click();
  expect(drawn().get(101)?.[0]).toBe("");
  expect(one("[aria-rowindex='102']").classList.contains("wait")).toBe(true);
  expect(one("[aria-rowindex='102'] [role=rowheader]").textContent).toBe("101");
  expect(asks("speql/rows").map((ask) => (ask.params as RowsParams).offset)).toEqual([100]);
  const first = asks("speql/rows")[0]!.id;
  one<HTMLButtonElement>("[aria-label='Last rows']").click();
  await later(100);
  expect(withdrawn()).toContain(first);
  await answer("speql/rows");
  expect(Math.max(...drawn().keys())).toBe(10_412_806);
  expect(drawn().get(10_412_806)).toEqual(
    pagedResult.row(10_412_805).map((one) => (one === null ? "NULL" : expect.anything())),
  );
  expect(all(".wait")).toEqual([]);
});

test("a total that is not known is estimated, or left open", async () => {
  const open = { ...paged, totalRows: null, estimatedRows: 10_400_000 };
  rows.update(open);
  expect(one(".where").textContent).toBe("1 to 100 of ≈ 10.4 M");
  rows.update({ ...open, version: 2, estimatedRows: null });
  expect(one(".where").textContent).toBe("1 to 100 and more");
  one<HTMLButtonElement>("[aria-label='Last rows']").click();
  await answer("speql/rows");
  expect(one(".where").textContent).toBe("10,412,801 to 10,412,806 of 10,412,806");
});

test("Ctrl+G goes to a row", async () => {
  rows.update(paged);
  cell(1, 0).focus();
  press("g", { ctrlKey: true });
  const input = one<HTMLInputElement>(".popup input");
  expect(document.activeElement).toBe(input);
  const go = (value: string): void => {
    input.value = value;
    one<HTMLFormElement>(".popup form").requestSubmit();
  };
  go("0");
  expect(one(".popup .problem").textContent).toBe("Say a number from 1 to 10,412,806.");
  go("1,000,001");
  await later(100);
  await answer("speql/rows");
  expect(all(".popup")).toEqual([]);
  expect(document.activeElement).toBe(cell(1_000_001, 0));
  expect(one(".where").textContent).toBe("1,000,001 to 1,000,100 of 10,412,806");
});

test("a click on a name sorts: descending, ascending, off; the old rows stay, late, until the answer is there", async () => {
  rows.update(paged);
  const before = drawn();
  const sort = (): void => head(3).querySelector<HTMLElement>(".h-name")!.click();
  sort();
  expect(head(3).getAttribute("aria-sort")).toBe("descending");
  expect(asks("speql/rows").at(-1)!.params).toMatchObject({
    result: "r7-cafe",
    orders: [{ column: 3, descending: true }],
    offset: 0,
  });
  expect(drawn()).toEqual(before);
  expect(late).toEqual([]);
  await later(150);
  expect(late).toEqual([true]);
  await answer("speql/rows");
  expect(late).toEqual([true, false]);
  expect(drawn().get(1)?.[3]).toBe(String(pagedResult.row(10_412_805)[3]));
  sort();
  expect(asks("speql/rows").at(-1)!.params).toMatchObject({ orders: [{ column: 3, descending: false }] });
  sort();
  expect(head(3).getAttribute("aria-sort")).toBe("none");
  expect(withdrawn().length).toBeGreaterThan(0);
  expect(drawn().get(1)).toEqual(before.get(1));
});

test("an order stays for the next preview, which is asked for in it once it rests", async () => {
  rows.update(paged);
  head(3).querySelector<HTMLElement>(".h-name")!.click();
  await answer("speql/rows");
  const sorted = drawn();
  rows.update({ ...paged, version: 2, result: "r8-cafe" });
  rows.update({ ...paged, version: 3, result: "r9-cafe" });
  expect(drawn()).toEqual(sorted);
  await later(149);
  expect(late).toEqual([]);
  await later(1);
  expect(late).toEqual([true]);
  await later(150);
  expect(asks("speql/rows").map((ask) => (ask.params as RowsParams).result)).toEqual(["r9-cafe"]);
  await answer("speql/rows");
  expect(late).toEqual([true, false]);
});

test("filters are one line of text and a form a column", async () => {
  rows.update(paged);
  const input = one<HTMLInputElement>(".field input");
  const write = (text: string): void => {
    input.value = text;
    input.dispatchEvent(new Event("change"));
  };
  write("net_paid > 100 and store");
  expect(one(".field-problem").textContent).toContain("Say how store is compared");
  expect(asks("speql/rows")).toEqual([]);
  write("net_paid > 100 and store in (able, 'o''t')");
  const filters = [
    { column: 5, operator: ">", values: ["100"] },
    { column: 1, operator: "in", values: ["able", "o't"] },
  ];
  expect(asks("speql/rows").at(-1)!.params).toMatchObject({ filters });
  await answer("speql/rows");
  expect(head(5).getAttribute("aria-label")).toContain("filtered");
  head(5).focus();
  expect(document.activeElement).toBe(head(5));
  head(5).querySelector<HTMLElement>(".h-filter")!.click();
  const value = one<HTMLInputElement>(".popup input");
  expect([one<HTMLSelectElement>(".popup select").value, value.value]).toEqual([">", "100"]);
  value.value = "7";
  one<HTMLFormElement>(".popup form").requestSubmit();
  expect(asks("speql/rows").at(-1)!.params).toMatchObject({ filters: [{ ...filters[0], values: ["7"] }, filters[1]] });
  await answer("speql/rows");
  expect(input.value).toBe("net_paid > 7 and store in (able, 'o''t')");
});

test("a refusal is said, and the rows stay", async () => {
  rows.update(paged);
  const before = drawn();
  head(0).querySelector<HTMLElement>(".h-name")!.click();
  await answer("speql/rows", ({ id }) => ({
    kind: "refused",
    id,
    reason: "The data has changed. Run the query again.",
  }));
  expect(one(".rows-note[role=alert]").textContent).toContain("The data has changed. Run the query again.");
  expect(head(0).getAttribute("aria-sort")).toBe("none");
  expect(drawn()).toEqual(before);
});

test("rows of a sample are neither paged nor sorted, and it says why", () => {
  const sample = { fraction: 0.05, table: "flights", intervals: [{ low: [90], high: [110] }], rows: 5_000 };
  rows.update(rowsOf([["flights", "BIGINT"]], [[100]], { states: ["sample"], sample, complete: false }));
  expect(cell(1, 0).textContent).toBe("100 ± 10 %");
  expect(cell(1, 0).title).toBe("Between 90 and 110 with 95 % confidence");
  expect(one(".where").textContent).toBe("1 to 1 of a sample");
  head(0).querySelector<HTMLElement>(".h-name")!.click();
  expect(one(".rows-note").textContent).toContain("estimated from a sample");
  expect(one<HTMLButtonElement>("[aria-label=Export]").disabled).toBe(true);
  expect(posted).toEqual([]);
});

test.each<[string, Partial<Preview>, boolean, boolean]>([
  ["few rows, all here, quick", { complete: true, totalRows: 100 }, true, true],
  ["the same, while speculation is paused", { complete: true, totalRows: 100 }, false, false],
  ["the same, out of the result cache", { complete: true, totalRows: 100, states: ["exact", "cached"] }, true, false],
  [
    "all here, but it took a second",
    { complete: true, timings: { analysis: 1, engine: 1_000, total: 1_001, direct: null } },
    true,
    false,
  ],
  ["in temp tables, a million rows", { totalRows: 1_000_000 }, true, true],
  ["in temp tables, ten million rows", {}, true, false],
  ["from base tables", { totalRows: 5_000, tempOnly: false }, true, false],
])("statistics that nobody has asked for: %s", async (_, change, mayWorkAhead, isAsked) => {
  ahead = mayWorkAhead;
  rows.update({ ...paged, ...change });
  await later(599);
  expect(asks("speql.profile")).toEqual([]);
  await later(1);
  expect(asks("speql.profile").length > 0).toBe(isAsked);
  expect(one("[aria-label='Compute statistics']").hidden).toBe(isAsked);
});

test("statistics of columns in view are drawn, with the bin of the selected cell; edits withdraw what is asked", async () => {
  const cheap = { ...paged, totalRows: 1_000_000 };
  rows.update(cheap);
  await later(600);
  const asked = asks("speql.profile").at(-1)!;
  rows.update(cheap, false);
  expect(withdrawn()).toContain(asked.id);
  rows.update(cheap, true);
  await later(600);
  for (let at = 0; at < 3; at += 1) await answer("speql.profile");
  expect(texts(".h-null").slice(0, 7)).toEqual([
    "no nulls",
    "no nulls",
    "no nulls",
    "no nulls",
    "no nulls",
    "no nulls",
    "40 % null",
  ]);
  expect(all(".h-hist").length).toBeGreaterThan(6);
  expect(all(".h-hist .at")).toEqual([]);
  mouse(cell(2, 5), "mousedown");
  expect(all(".h-hist .at")).toHaveLength(1);
  expect(head(5).contains(one(".h-hist .at"))).toBe(true);
  head(5).focus();
  expect(one("[role=tooltip]").textContent).toMatch(/distinct.*min.*max.*mean/);
  expect(head(5).getAttribute("aria-describedby")).toBe(one("[role=tooltip]").id);
});

test("a range is selected by mouse and keys, summed, and copied with and without names", async () => {
  rows.update(paged);
  mouse(cell(1, 3), "mousedown");
  mouse(cell(2, 5), "mouseover");
  mouse(document, "mouseup");
  expect(texts("[aria-selected=true]")).toEqual(["1000", "1", "1.00", "174691", "29", "708.63"]);
  expect(texts(".sel .fact")).toEqual(["count 6", "sum 176430.63", "min 1", "max 174691"]);
  press("c", { ctrlKey: true });
  press("c", { ctrlKey: true, shiftKey: true });
  press("ArrowLeft", { shiftKey: true });
  press("ArrowUp", { shiftKey: true });
  press("c", { ctrlKey: true });
  await later(0);
  expect(posted.filter(({ kind }) => kind === "copy")).toEqual([
    { kind: "copy", text: "1000\t1\t1.00\n174691\t29\t708.63" },
    { kind: "copy", text: "item\tquantity\tnet_paid\n1000\t1\t1.00\n174691\t29\t708.63" },
    { kind: "copy", text: "1000\t1" },
  ]);
  press("a", { ctrlKey: true });
  expect(texts(".sel .fact")).toEqual(["count 93,715,254"]);
  press("c", { ctrlKey: true });
  expect(one(".rows-note").textContent).toContain("Copying takes up to 10,000 rows.");
});

test("rows that are not here are fetched to be copied", async () => {
  rows.update(paged);
  mouse(cell(1, 0), "mousedown");
  mouse(document, "mouseup");
  press("g", { ctrlKey: true });
  one<HTMLInputElement>(".popup input").value = "250";
  one<HTMLFormElement>(".popup form").requestSubmit();
  press("Home", { ctrlKey: true, shiftKey: true });
  press("c", { ctrlKey: true });
  await answer("speql/rows");
  const copied = posted.find((message) => message.kind === "copy") as { text: string };
  expect(copied.text.split("\n")).toHaveLength(250);
});

test("one cell is said in full, and opened", () => {
  rows.update(paged);
  mouse(cell(2, 5), "mousedown");
  expect(one(".sel").textContent).toBe("net_paid 708.63 DECIMAL(7,2)");
  press("Enter");
  expect(one(".popup pre").textContent).toBe("708.63");
  one<HTMLButtonElement>(".popup .btn").click();
  expect(posted.at(-1)).toEqual({ kind: "copy", text: "708.63" });
});

test.each([
  ["CSV", "csv"],
  ["Parquet", "parquet"],
  ["JSON", "json"],
  ["Excel", "xlsx"],
])("the export to %s says what is exported", async (label, format) => {
  rows.update(paged);
  head(3).querySelector<HTMLElement>(".h-name")!.click();
  await answer("speql/rows");
  one<HTMLButtonElement>("[aria-label=Export]").click();
  all("[role=menuitem]")
    .find((item) => item.textContent!.startsWith(label))!
    .click();
  const { uri, result } = paged;
  expect(posted.at(-1)).toEqual({
    kind: "export",
    uri,
    result,
    format,
    filters: [],
    orders: [{ column: 3, descending: true }],
  });
});

test("what is open is one, and its button closes it", () => {
  rows.update(paged);
  const [columns, formats] = [one(".tools [aria-haspopup=dialog]"), one(".tools [aria-haspopup=menu]")];
  columns.click();
  formats.click();
  expect(all(".popup").map((popup) => popup.getAttribute("aria-label"))).toEqual(["Export to"]);
  expect([columns, formats].map((made) => made.getAttribute("aria-expanded"))).toEqual(["false", "true"]);
  formats.click();
  expect(all(".popup")).toEqual([]);
  expect(document.activeElement).toBe(formats);
});

test("columns are hidden and shown", () => {
  rows.update(paged);
  one<HTMLButtonElement>(".tools [aria-haspopup=dialog]").click();
  all(".column-choice input")[1]!.click();
  expect(texts(".slick-header .nm").slice(0, 2)).toEqual(["sold_on", "category"]);
  expect(drawn().get(1)?.slice(0, 2)).toEqual(["2002-11-28", "Books"]);
  expect(one("[aria-label='Columns: 8 of 9 columns']")).toBeTruthy();
});

test("500 columns: only those in view are drawn and asked about", async () => {
  const columns = Array.from({ length: 500 }, (_, at): [string, string] => [`c${at}`, "INTEGER"]);
  const cells = Array.from({ length: 100 }, (_, row) => columns.map((_, at) => row * at));
  rows.update(rowsOf(columns, cells, { result: "r1-cafe" }));
  expect(all(".slick-row:first-child [role=gridcell]").length).toBeLessThan(40);
  await later(600);
  expect((asks("speql.profile")[0]!.params as { columns: number[] }).columns).toEqual([0, 1, 2, 3]);
  cell(1, 0).focus();
  press("End");
  expect(document.activeElement).toBe(cell(1, 499));
});
