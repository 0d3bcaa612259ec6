// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FromPanel, ToPanel } from "../src/panel/messages";
import { Panel } from "../src/panel/panel";
import { failed, jobs, preview, repaired, rowsOf, sales, status, uri } from "./samples";

let posted: FromPanel[];
let panel: Panel;

beforeEach(() => {
  vi.useFakeTimers();
  posted = [];
  panel = new Panel(
    document.body,
    (message) => posted.push(message),
    () => Date.now(),
  );
});
afterEach(() => vi.useRealTimers());

const one = <Found extends Element = HTMLElement>(selector: string): Found => {
  const found = document.querySelector<Found>(selector);
  if (found === null) throw new Error(`Nothing matches ${selector}`);
  return found;
};
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
const texts = (selector: string): string[] => all(selector).map((found) => found.textContent ?? "");
const show = (...messages: ToPanel[]): void => messages.forEach((message) => panel.receive(message));
const press = (target: Element, key: string): boolean =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const rows = (message: typeof sales): ToPanel => ({ kind: "preview", preview: message });

test("it says that it is ready, and what to do while there are no rows", () => {
  expect(posted).toEqual([{ kind: "ready" }]);
  expect(one(".empty").textContent).toContain("No SELECT under the cursor");
});

test("the header has breadcrumb, states, rows, time and source", () => {
  show(rows(sales));
  expect(texts(".crumbs li")).toEqual(["main", "CTE sales", "subquery"]);
  expect(texts(".chip")).toEqual(["exact"]);
  expect(texts(".facts .group")).toEqual(["exact", "10,412,806rows", "4 ms", "served from 2 temp tables"]);
});

test("rows from base tables, and from the result cache", () => {
  show(rows({ ...sales, servedFrom: [], tempOnly: false }));
  expect(one(".facts").textContent).toContain("served from base tables");
  show(rows({ ...sales, states: ["exact", "cached"], servedFrom: [] }));
  expect(texts(".chip")).toEqual(["exact", "cached"]);
  expect(one(".facts").textContent).toContain("from the result cache");
});

test("estimates say from how much, and how far they may be off", () => {
  const columns: [string, string][] = [
    ["carrier", "VARCHAR"],
    ["flights", "BIGINT"],
  ];
  const intervals = [null, { low: [90, null], high: [110, null] }];
  const sample = { fraction: 1 / 9, table: "flights", intervals };
  const cells = [
    ["AA", 100],
    ["ZZ", 9],
  ];
  show(rows(rowsOf(columns, cells, { states: ["sample"], sample, complete: false })));
  expect(texts(".chip")).toEqual(["sample 11 %"]);
  expect(one(".chip").title).toContain("Estimated from 11 % of the rows of flights.");
  expect(texts(".grid td")).toEqual(["AA", "100 ± 10 %", "ZZ", "9"]);
  expect(all(".grid td")[1]!.title).toBe("Between 90 and 110 with 95 % confidence");
  show(rows(rowsOf(columns, [["AA", 101]])));
  expect(texts(".chip")).toEqual(["exact"]);
  expect(texts(".grid td")).toEqual(["AA", "101"]);
});

test("the grid has headers with types, and cells as text", () => {
  show(
    rows(
      rowsOf(
        [
          ["n", "INTEGER"],
          ["s", "VARCHAR"],
          ["d", "DOUBLE"],
        ],
        [
          [1, "", 2],
          [null, "NULL", 0.5],
        ],
      ),
    ),
  );
  expect(texts("thead .nm")).toEqual(["n", "s", "d"]);
  expect(texts("thead .h-type")).toEqual(["INTEGER", "VARCHAR", "DOUBLE"]);
  expect(texts("tbody tr:first-child td")).toEqual(["1", "''empty text", "2.0"]);
  expect(texts("tbody tr:last-child td")).toEqual(["NULL", "NULL", "0.5"]);
  expect(texts("td .null")).toEqual(["NULL"]);
  expect(one("table").getAttribute("aria-rowcount")).toBe("3");
});

test("hostile cells, names, labels and messages are text", () => {
  const hostile = "<img src=x onerror=\"document.title='broken'\">";
  const message = rowsOf([[hostile, hostile]], [[hostile]], {
    breadcrumb: [hostile, hostile],
    servedFrom: [hostile],
    executedSql: hostile,
    edits: [{ ...repaired.edits[0]!, newText: hostile, oldText: hostile, reason: hostile }],
    decisions: [{ path: [hostile], view: hostile, used: true, reason: hostile, compensation: hostile }],
  });
  show(
    { kind: "document", uri, name: hostile },
    { kind: "status", status: { ...status, connection: { ...status.connection, label: hostile, message: hostile } } },
    {
      kind: "jobs",
      jobs: { uri, nodes: [{ ...jobs.nodes[0]!, label: hostile, sql: hostile, reason: hostile }], edges: [] },
    },
    rows(message),
  );
  for (const tab of ["rows", "diff", "jobs"]) {
    one(`#t-${tab}`).click();
    expect(all("img, script, iframe")).toEqual([]);
  }
  show({
    kind: "preview",
    preview: { ...failed, problems: [{ ...failed.problems[0]!, message: hostile, hint: hostile }] },
  });
  vi.advanceTimersByTime(700);
  expect(one(".notice").textContent).toContain(hostile);
  expect(all("img, script, iframe")).toEqual([]);
  expect(one("td").textContent).toBe(hostile);
  expect(document.title).not.toBe("broken");
});

test("no element has an inline handler or a style attribute in markup", () => {
  show(rows(repaired), { kind: "jobs", jobs }, { kind: "status", status });
  for (const tab of ["rows", "diff", "jobs"]) {
    one(`#t-${tab}`).click();
    const handlers = all("*").flatMap((found) => found.getAttributeNames().filter((name) => name.startsWith("on")));
    expect(handlers).toEqual([]);
  }
});

test("late data: nothing at first, then stale with the old rows, then the reason, then the new rows", () => {
  show(rows(sales), { kind: "edited", uri, version: 2 });
  vi.advanceTimersByTime(149);
  expect(texts(".chip")).toEqual(["exact"]);
  expect(one(".sq").classList.contains("is-late")).toBe(false);
  vi.advanceTimersByTime(1);
  expect(texts(".chip")).toEqual(["stale"]);
  expect(one(".sq").classList.contains("is-late")).toBe(true);
  expect(all("tbody tr")).toHaveLength(100);
  vi.advanceTimersByTime(3_000);
  expect(texts(".chip")).toEqual(["stale 3 s"]);
  one(".notice button").click();
  expect(posted).toContainEqual({ kind: "command", command: "speql.cancel" });
  show(rows({ ...sales, version: 2, rows: sales.rows.slice(0, 3) }));
  expect(texts(".chip")).toEqual(["exact"]);
  expect(all(".notice")).toEqual([]);
  expect(all("tbody tr")).toHaveLength(3);
});

test("an error keeps the old rows and waits a moment before it speaks", () => {
  show(rows(sales), { kind: "edited", uri, version: 2 }, { kind: "preview", preview: failed });
  expect(all(".notice")).toEqual([]);
  vi.advanceTimersByTime(600);
  expect(one(".notice[role=alert]").textContent).toContain("i_catgory does not exist in item. Use i_category.");
  expect(all("tbody tr")).toHaveLength(100);
  expect(one(".sq").classList.contains("old")).toBe(true);
  one(".notice .link").click();
  expect(posted).toContainEqual({ kind: "reveal", uri, position: { line: 16, character: 6 } });
});

test("a submit that is refused says so, why, and offers the repair", () => {
  const refusal = {
    code: "not-submitted",
    message: "The statement was not run.",
    severity: "information",
    hint: "",
    range: null,
  } as const;
  show({ kind: "preview", preview: { ...failed, purpose: "submit", problems: [...failed.problems, refusal] } });
  vi.advanceTimersByTime(600);
  expect(one(".notice").textContent).toContain("The statement was not run. i_catgory does not exist in item.");
  one(".notice .primary").click();
  expect(posted).toContainEqual({ kind: "command", command: "speql.acceptRepair" });
});

test("a server that stops is said, with the way out", () => {
  show(rows(sales), { kind: "server", state: "stopped" });
  expect(one(".notice").textContent).toContain("Your text is untouched.");
  one(".notice .btn").click();
  expect(posted).toContainEqual({ kind: "command", command: "speql.restartServer" });
  expect(all("tbody tr")).toHaveLength(100);
});

test("selection and widths stay while the columns do", () => {
  show(rows(sales));
  one<HTMLElement>("tbody tr:nth-child(3) td:nth-child(4)").click();
  const widths = (): string[] => all("col").map((column) => column.style.width);
  const before = widths();
  show(rows({ ...sales, version: 2, rows: sales.rows.map((row) => row.map(() => 1)) }));
  expect(one("tbody tr:nth-child(3) td:nth-child(4)").getAttribute("aria-selected")).toBe("true");
  expect(widths()).toEqual(before);
  (document.activeElement as HTMLElement).blur();
  show(rows(rowsOf([["n", "INTEGER"]], [[1]], { version: 3 })));
  expect(all("[aria-selected=true][role=gridcell]")).toEqual([]);
});

test("arrow keys move in the grid, which is one tab stop", () => {
  show(rows(sales));
  const stops = (): HTMLElement[] => all("td[tabindex='0']");
  expect(stops()).toHaveLength(1);
  stops()[0]!.focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "PageDown"])
    press(document.activeElement!, key);
  expect(document.activeElement).toBe(stops()[0]);
  expect(stops()).toHaveLength(1);
  expect((document.activeElement as HTMLTableCellElement).cellIndex).toBe(2);
  press(document.activeElement!, "Home");
  press(document.activeElement!, "End");
  expect((document.activeElement as HTMLTableCellElement).cellIndex).toBe(sales.columns.length);
  press(document.activeElement!, "Escape");
  expect(posted.at(-1)).toEqual({ kind: "focusEditor" });
});

test("the selected cell is shown in full with its column and type", () => {
  show(rows(sales));
  one<HTMLElement>("tbody tr:nth-child(2) td:nth-child(7)").click();
  expect(one(".sel").textContent).toBe("net_paid 708.63 DECIMAL(7,2)");
});

test("the tabs are one stop, arrow keys change them", () => {
  show(rows(sales));
  const tab = (): HTMLElement => one("[role=tab][tabindex='0']");
  tab().focus();
  press(tab(), "ArrowRight");
  vi.runOnlyPendingTimers();
  expect(tab().id).toBe("t-diff");
  expect(one("#p-diff").hidden).toBe(false);
  expect(one("#p-rows").hidden).toBe(true);
  press(tab(), "ArrowLeft");
  expect(tab().id).toBe("t-rows");
});

test("the diff lists every edit with its number and reason, and accepts them", () => {
  show(rows(repaired));
  expect(one("#t-diff .count").textContent).toBe("3");
  one("#t-diff").click();
  expect(texts("#p-diff .tag")).toEqual(["1", "2", "3"]);
  expect(texts("#p-diff li:nth-child(2) :is(del, ins)")).toEqual(["i_catgory", "i_category"]);
  expect(one("#p-diff .executed pre").textContent).toBe(repaired.executedSql);
  one("#p-diff .primary").click();
  expect(posted).toContainEqual({ kind: "command", command: "speql.acceptRepair" });
});

test("the jobs list says state, size and time in words, and what serves the rows", () => {
  show(rows(sales), { kind: "jobs", jobs });
  expect(one("#t-jobs .count").textContent).toBe("3/5");
  one<HTMLElement>(".facts .link").click();
  expect(one("#p-jobs").hidden).toBe(false);
  const named = (name: string): string => texts("details.job summary").find((text) => text.startsWith(name)) ?? "";
  expect(named("sales 2001")).toContain("greyed out");
  expect(named("salestemp")).toContain("served fromdone10,412,806 rows412 MB1.9 s");
  expect(texts(".decisions li")).toEqual([
    "sales used: Every row and column is there. (main › CTE sales)",
    "sales 2001 not used: It holds d_year = 2001; the SELECT asks for 2002. (main › CTE sales)",
  ]);
});

test("an opened job stays open when the graph changes", () => {
  show(rows(sales), { kind: "jobs", jobs });
  one("#t-jobs").click();
  const returns = (): HTMLDetailsElement => one("details.job[data-key=returns]");
  returns().open = true;
  returns().dispatchEvent(new Event("toggle"));
  show({ kind: "jobs", jobs: { ...jobs, nodes: jobs.nodes.map((node) => ({ ...node, state: "done" })) } });
  expect(returns().open).toBe(true);
});

test("the footer names connection, speculation with its reason, and savings", () => {
  const paused = { state: "paused", reason: "hourly budget spent" } as const;
  show({ kind: "status", status: { ...status, speculation: paused } });
  expect(one(".foot").textContent).toBe(
    "sales.duckdbspeculation paused: hourly budget spent498 MB of 2 GB temp tables·saved 41 min",
  );
  one(".foot button").click();
  expect(posted).toContainEqual({ kind: "command", command: "speql.selectDatabase" });
});

test("the live region speaks when typing has stopped, and not too often", () => {
  const live = (): string => one("[role=status]").textContent ?? "";
  show(rows(sales));
  expect(live()).toBe("exact, 10,412,806 rows, 4 ms");
  show({ kind: "edited", uri, version: 2 });
  vi.advanceTimersByTime(500);
  expect(live()).toBe("exact, 10,412,806 rows, 4 ms");
  show(rows({ ...sales, version: 2, totalRows: 7 }));
  expect(live()).toBe("exact, 10,412,806 rows, 4 ms");
  vi.advanceTimersByTime(2_000);
  expect(live()).toBe("exact, 7 rows, 4 ms");
});

test("why there is nothing to run is said while there are no rows", () => {
  const problem = {
    code: "not-a-query",
    message: "This statement is not a query.",
    severity: "information",
    hint: "",
    range: null,
  } as const;
  show({ kind: "preview", preview: preview({ problems: [problem] }) });
  expect(one(".empty").textContent).toContain("This statement is not a query.");
});
