// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FromPanel, ToPanel } from "../src/panel/messages";
import { Panel } from "../src/panel/panel";
import { layOut } from "./layout";
import { failed, jobs, preview, repaired, rowsOf, sales, status, uri } from "./samples";

let posted: FromPanel[];
let panel: Panel;

beforeEach(() => {
  vi.useFakeTimers();
  layOut(900, 300);
  posted = [];
  panel = new Panel(
    document.body,
    (message) => posted.push(message),
    () => Date.now(),
  );
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
  expect(texts(".facts .group")).toEqual([
    "exact",
    "10,412,806rows",
    "4 ms",
    "served from 2 temp tablesinstead of ≈ 812 ms",
  ]);
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
  const sample = { fraction: 1 / 9, table: "flights", intervals, rows: null };
  const cells = [
    ["AA", 100],
    ["ZZ", 9],
  ];
  show(rows(rowsOf(columns, cells, { states: ["sample"], sample, complete: false })));
  expect(texts(".chip")).toEqual(["sample 11 %"]);
  expect(one(".chip").title).toContain("Estimated from 11 % of the rows of flights.");
  expect(texts("[role=gridcell]")).toEqual(["AA", "100 ± 10 %", "ZZ", "9"]);
  expect(all("[role=gridcell]")[1]!.title).toBe("Between 90 and 110 with 95 % confidence");
  show(rows(rowsOf(columns, [["AA", 101]])));
  expect(texts(".chip")).toEqual(["exact"]);
  expect(texts("[role=gridcell]")).toEqual(["AA", "101"]);
});

test("hostile cells, names, labels and messages are text", () => {
  const hostile = "<img src=x onerror=\"document.title='broken'\">";
  const message = rowsOf([[hostile, hostile]], [[hostile]], {
    breadcrumb: [hostile, hostile],
    servedFrom: [hostile],
    executedSql: hostile,
    edits: [{ ...repaired.edits[0]!, newText: hostile, oldText: hostile, reason: hostile }],
    pieces: [{ typed: hostile, executed: `${hostile}${hostile}`, edit: 0 }],
    places: [{ line: 0, character: 0 }],
    decisions: [
      { path: [hostile], view: hostile, used: true, reason: hostile, compensation: hostile, passed: [hostile] },
    ],
  });
  show(
    { kind: "document", uri, name: hostile },
    { kind: "status", status: { ...status, connection: { ...status.connection, label: hostile, message: hostile } } },
    {
      kind: "jobs",
      jobs: {
        uri,
        nodes: [{ ...jobs.nodes[0]!, label: hostile, sql: hostile, reason: hostile, tables: [hostile] }],
        edges: [],
        tables: [{ name: hostile, rows: 1, bytes: 1 }],
      },
    },
    rows(message),
  );
  for (const tab of ["rows", "chart", "diff", "jobs"]) {
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
  expect(one("[role=gridcell]").textContent).toBe(hostile);
  expect(document.title).not.toBe("broken");
});

test("no element has an inline handler or a style attribute in markup", () => {
  show(rows(repaired), { kind: "jobs", jobs }, { kind: "status", status });
  for (const tab of ["rows", "chart", "diff", "jobs"]) {
    one(`#t-${tab}`).click();
    const handlers = all("*").flatMap((found) => found.getAttributeNames().filter((name) => name.startsWith("on")));
    expect(handlers).toEqual([]);
  }
});

test.each(["off", "paused"] as const)("nothing is late while speculation is %s: the rows are stale", (speculation) => {
  const quiet = { ...status, speculation: { state: speculation, reason: "Said by the server." } };
  show(rows(sales), { kind: "status", status: quiet }, { kind: "edited", uri, version: 2 });
  vi.advanceTimersByTime(10_000);
  expect(one(".sq").classList.contains("is-late")).toBe(false);
  expect(all(".notice")).toEqual([]);
  expect(texts(".chip")).toContain("stale 10 s");
});

test("late data: nothing at first, then stale with the old rows, then the reason, then the new rows", () => {
  show(rows(sales), { kind: "edited", uri, version: 2 });
  vi.advanceTimersByTime(149);
  expect(texts(".chip")).toEqual(["exact"]);
  expect(one(".sq").classList.contains("is-late")).toBe(false);
  vi.advanceTimersByTime(1);
  expect(texts(".chip")).toEqual(["stale"]);
  expect(one(".sq").classList.contains("is-late")).toBe(true);
  expect(one(".grid").getAttribute("aria-rowcount")).toBe("10412807");
  vi.advanceTimersByTime(3_000);
  expect(texts(".chip")).toEqual(["stale 3 s"]);
  one(".notice .quiet").click();
  expect(posted).toContainEqual({ kind: "command", command: "speql.cancel" });
  show(rows({ ...sales, version: 2, rows: sales.rows.slice(0, 3), complete: true, totalRows: 3 }));
  expect(texts(".chip")).toEqual(["exact"]);
  expect(all(".notice")).toEqual([]);
  expect(one(".grid").getAttribute("aria-rowcount")).toBe("4");
});

test("an error keeps the old rows and waits a moment before it speaks", () => {
  show(rows(sales), { kind: "edited", uri, version: 2 }, { kind: "preview", preview: failed });
  expect(all(".notice")).toEqual([]);
  vi.advanceTimersByTime(600);
  expect(one(".notice[role=alert]").textContent).toContain("i_catgory does not exist in item.");
  expect(all(".slick-row").length).toBeGreaterThan(5);
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
  expect(all(".slick-row").length).toBeGreaterThan(5);
});

test("Escape in the grid returns to the editor", () => {
  show(rows(sales));
  one("[role=gridcell][tabindex='0']").focus();
  press(document.activeElement!, "Escape");
  expect(posted.at(-1)).toEqual({ kind: "focusEditor" });
});

test("rows that are sorted late make the chip stale", () => {
  show(rows({ ...sales, result: "r7-cafe" }));
  one<HTMLElement>(".h-name").click();
  expect(posted.at(-1)).toMatchObject({ kind: "ask", method: "speql/rows", params: { result: "r7-cafe" } });
  vi.advanceTimersByTime(150);
  return Promise.resolve().then(() => expect(texts(".chip")).toEqual(["stale"]));
});

test("the tabs are one stop, arrow keys change them", () => {
  show(rows(sales));
  const tab = (): HTMLElement => one("[role=tab][tabindex='0']");
  tab().focus();
  press(tab(), "ArrowRight");
  vi.runOnlyPendingTimers();
  expect(tab().id).toBe("t-chart");
  expect(one("#p-chart").hidden).toBe(false);
  expect(one("#p-rows").hidden).toBe(true);
  press(tab(), "ArrowLeft");
  expect(tab().id).toBe("t-rows");
});

test("the footer names connection, speculation with its reason, and savings", () => {
  const paused = { state: "paused", reason: "hourly budget spent" } as const;
  show({ kind: "status", status: { ...status, speculation: paused } });
  expect(one(".foot").textContent).toBe("sales.duckdbspeculation paused: hourly budget spentsaved 41 min");
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
