// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../src/panel/chart/bundle";
import type { ChartDrawing } from "../src/panel/chart/bundle";
import type { News } from "../src/panel/messages";
import type { ChartParams, Preview } from "../src/protocol.gen";
import { mounted, type Answers, type Mounted } from "./mounted";
import {
  chartOf,
  estimatedSales,
  failed,
  jobs,
  preview,
  repaired,
  rowsOf,
  sales,
  salesChart,
  status,
  uri,
} from "./samples";

const drawing = (globalThis as { speqlChart?: ChartDrawing }).speqlChart!;
const rows = (message: Preview): News => ({ kind: "preview", preview: message });
const edited = (version: number): News => ({ kind: "edited", uri, version });

let charts: ChartParams[] = [];
const answers: Answers = {
  "speql.chart": (params) => {
    charts.push(params);
    return params.x === undefined || params.x === 0 ? salesChart : chartOf(params as Partial<typeof salesChart>);
  },
  "speql.columns": () => ({ columns: sales.columns }),
};

let panel: Mounted;
const open = (tab: string): void => panel.one(`#t-${tab}`).click();
const words = (selector: string): string => panel.one(selector).textContent ?? "";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  charts = [];
  panel = mounted(answers, () => Promise.resolve(drawing));
});
afterEach(() => vi.useRealTimers());

/** Wait until the picture stands: Vega draws in its own time. */
async function drawn(): Promise<void> {
  await panel.settled();
  await vi.waitFor(() => expect(panel.all(".picture svg")).toHaveLength(1), { timeout: 10_000 });
}

test("each part of the breadcrumb moves the cursor into its SELECT", () => {
  panel.show(rows(sales));
  panel.all(".crumbs button").forEach((part) => part.click());
  expect(panel.posted.filter((message) => message.kind === "reveal")).toEqual(
    sales.places.map((position) => ({ kind: "reveal", uri, position })),
  );
});

test("earlier and later previews, marked with their time", () => {
  panel.show(rows({ ...sales, totalRows: 1 }));
  vi.advanceTimersByTime(5_000);
  panel.show(edited(2), rows({ ...repaired, version: 2, totalRows: 2 }));
  const [earlier, later] = panel.all(".topbuttons .icon");
  expect(later!.getAttribute("aria-disabled")).toBe("true");
  earlier!.click();
  expect(words(".facts")).toMatch(/^earlier, \d\d:\d\d:\d\d1row/);
  expect(panel.one(".sq").classList.contains("old")).toBe(true);
  panel.press(panel.one(".sq"), "ArrowRight", { altKey: true });
  expect(words(".facts")).toMatch(/^exact2rows/);
  const cell = panel.one(".grid [tabindex='0']");
  cell.focus();
  panel.press(cell, "ArrowLeft", { altKey: true });
  expect(words(".facts")).toMatch(/^earlier/);
  panel.show(edited(3));
  expect(words(".facts")).toMatch(/^exact2rows/);
});

test("pinning keeps the SELECT, and says so to the host", () => {
  panel.show(rows(sales));
  const follow = panel.one("[aria-label='Follow the cursor']");
  follow.click();
  expect(follow.getAttribute("aria-pressed")).toBe("false");
  expect(panel.posted.at(-1)).toEqual({ kind: "pin", uri, position: sales.places.at(-1) });
  panel.show(rows({ ...sales, version: 2, breadcrumb: ["main"], totalRows: 7 }));
  expect(panel.texts(".crumbs li")).toEqual(["main", "CTE sales", "subquery"]);
  follow.click();
  expect(panel.posted.at(-1)).toEqual({ kind: "pin", uri, position: null });
});

test("the menu has every action by keyboard, and Escape closes it alone", () => {
  panel.show(rows(sales), { kind: "status", status });
  const more = panel.one<HTMLButtonElement>("[aria-label='More actions']");
  more.focus();
  panel.press(more, "ArrowDown");
  expect(panel.one("[role=menu]").contains(document.activeElement)).toBe(true);
  panel.press(document.activeElement!, "ArrowDown");
  expect(document.activeElement?.textContent).toBe("Cancel what runs");
  panel.press(document.activeElement!, "c");
  expect(document.activeElement?.textContent).toBe("Copy the executed SQL");
  (document.activeElement as HTMLElement).click();
  expect(panel.posted.at(-1)).toEqual({ kind: "copy", text: sales.executedSql });
  expect(document.activeElement).toBe(more);
  more.click();
  panel.press(document.activeElement!, "Escape");
  expect(panel.all("[role=menu]")).toEqual([]);
  expect(panel.posted).not.toContainEqual({ kind: "focusEditor" });
});

test.each<[string, Partial<Preview>, string]>([
  ["from temp tables", { servedFrom: ["a"], tempOnly: true }, "served from 1 temp tableinstead of ≈ 812 ms"],
  ["from the cache", { servedFrom: [], states: ["exact", "cached"] }, "from the result cacheinstead of ≈ 812 ms"],
  ["from base tables", { servedFrom: [] }, "served from base tables"],
])("what was saved is said of rows %s", (_, fields, text) => {
  panel.show(rows({ ...sales, ...fields }));
  expect(panel.texts(".facts .group").at(-1)).toBe(text);
});

test.each([
  ["would not have taken long", { direct: 12 }],
  ["waited longer for the text to rest", { total: 1_600, direct: 812 }],
])("what %s is not called saved", (_, timings) => {
  panel.show(rows({ ...sales, timings: { ...sales.timings, ...timings } }));
  expect(words(".facts")).not.toContain("instead of");
});

test("an estimate says how far it may be off, and when the exact rows come", () => {
  panel.show(rows(estimatedSales));
  expect(panel.texts(".chip")).toEqual(["sample 5 % ±4.5 %"]);
  expect(words(".facts")).toContain("exact in ≈ 2 s");
});

const running: News = {
  kind: "jobs",
  jobs: {
    ...jobs,
    nodes: jobs.nodes.map((node) =>
      node.kind === "preview" ? { ...node, state: "running", estimatedMilliseconds: 9_000 } : node,
    ),
    edges: [],
  },
};

test("late rows: when the next ones come, where they run, a sample on demand", async () => {
  panel.show(rows(sales), edited(2), running);
  vi.advanceTimersByTime(999);
  expect(words(".facts")).not.toContain("next");
  vi.advanceTimersByTime(1);
  expect(words(".facts")).toContain("next ≈ 8 s");
  vi.advanceTimersByTime(2_000);
  expect(words(".notice")).toContain("Running on base tables, 3.0 s of about 9 s.");
  panel.one(".notice .btn").click();
  expect(panel.posted.at(-1)).toMatchObject({ kind: "ask", method: "speql.sample", params: { uri } });
  expect(words(".notice")).toContain("Drawing a sample.");
  await panel.settled();
  expect(words(".notice")).toContain("Nobody answers this.");
});

test("before the first rows their columns stand over grey bars", async () => {
  panel.show({ kind: "document", uri, name: "weekly_report.sql" }, edited(1), running);
  vi.advanceTimersByTime(149);
  expect(panel.all(".firstload")).toEqual([]);
  vi.advanceTimersByTime(1);
  await panel.settled();
  expect(panel.texts(".firstload th .nm")).toEqual(sales.columns.map((column) => column.name));
  vi.advanceTimersByTime(400);
  expect(words(".facts")).toBe("0.5 srunning on base tablesfirst rows in ≈ 8 s");
  panel.one(".facts .link").click();
  expect(panel.one("#p-jobs").hidden).toBe(false);
  expect(panel.all(".firstload")).toEqual([]);
  expect(panel.all(".node.running")).not.toEqual([]);
  open("rows");
  expect(panel.all(".firstload")).toHaveLength(1);
  panel.show(rows(sales));
  expect(panel.all(".firstload")).toEqual([]);
});

test("a preview that was stopped says so over the old rows, and offers the submit", () => {
  const problem = {
    code: "preview-too-slow",
    message: "The preview took longer than 2 s and was stopped.",
    severity: "warning",
    hint: "Submit the query to run it to its end.",
    range: null,
  } as const;
  panel.show(rows(sales), edited(2), rows(preview({ version: 2, problems: [problem] })));
  vi.advanceTimersByTime(599);
  expect(panel.all(".notice")).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(words(".notice")).toContain("was stopped. Submit the query to run it to its end. Rows below are from before.");
  panel.one(".notice .btn").click();
  expect(panel.posted.at(-1)).toEqual({ kind: "command", command: "speql.submit" });
  panel.show(edited(3), rows({ ...sales, version: 3 }));
  expect(panel.all(".notice")).toEqual([]);
});

test("the fix of an error is the primary button, and can be dismissed", () => {
  panel.show(rows(sales), edited(2), rows(failed));
  vi.advanceTimersByTime(600);
  expect(words(".notice .primary")).toBe("Use i_category Alt+M");
  panel.texts(".notice code").forEach((name, at) => expect(name).toBe(["i_catgory", "item"][at]));
  panel.all(".notice .quiet")[0]!.click();
  expect(panel.all(".notice .primary")).toEqual([]);
  expect(panel.all("#t-diff .count")).toEqual([]);
});

test("a server that is started again counts down", () => {
  panel.show(rows(sales), {
    kind: "server",
    state: "restarting",
    restart: { attempt: 2, attempts: 5, seconds: 2 },
  });
  expect(words(".notice")).toContain("Starting again in 2 s, attempt 2 of 5. Your text is untouched.");
  vi.advanceTimersByTime(1_000);
  expect(words(".notice")).toContain("in 1 s");
  vi.advanceTimersByTime(1_000);
  expect(words(".notice")).toContain("Starting again now");
  panel.show({ kind: "server", state: "running" });
  expect(panel.all(".notice")).toEqual([]);
});

test.each([
  [0.2, "12 %", "meter"],
  [0.2 * 8, "96 %", "meter most"],
])("the footer says what was spent and saved, of a budget of which %d dollars are gone", (spent, share, classes) => {
  const languageModel = { ...status.languageModel, state: "idle", dollarsDay: 0.12, dollarsHour: spent * 0.6 } as const;
  panel.show({ kind: "status", status: { ...status, languageModel: { ...languageModel, dollarsPerHour: 1 } } });
  expect(words(".foot .cost")).toBe("spent $0.12 · saved 41 min");
  expect(panel.one(".foot .meter").getAttribute("aria-label")).toBe(`${share} of the hourly budget spent`);
  expect(panel.one(".foot .meter").className).toBe(classes);
});

test("the footer says how much of the hour's budget of the document's connection is spent", () => {
  const speculation = { ...status.connection.speculation!, paid: true, hourShare: 0.12, hour: "$0.12 of $1.00" };
  const paid = { ...status, connection: { ...status.connection, speculation } };
  panel.show({ kind: "status", status: { ...paid, budget: { ...status.budget, dollarsSpent: 0.12 } } });
  expect(panel.one(".foot .meter").getAttribute("aria-label")).toBe("12 % of the hourly budget spent");
  expect(panel.one(".foot .cost").title).toMatch(/^Of this hour's budget \$0\.12 of \$1\.00 · /);
  // The language model has spent more of what it may: that is what ends first.
  const languageModel = { ...status.languageModel, state: "idle", dollarsHour: 0.9, dollarsPerHour: 1 } as const;
  panel.show({ kind: "status", status: { ...paid, languageModel } });
  expect(panel.one(".foot .meter").getAttribute("aria-label")).toBe("90 % of the hourly budget spent");
});

test.each([
  ["Paused by you: speql.pause goes on.", "Resume"],
  ["The budget of this hour is spent: $1.00 of $1.00.", "Pause"],
])("paused because %j, the button says what it would do: %s", (reason, word) => {
  panel.show(rows(sales), { kind: "status", status: { ...status, speculation: { state: "paused", reason } } });
  expect(panel.one(".foot .spec").title).toBe(`${reason} · ${word} speculation`);
  open("jobs");
  expect(words(".jobstab .tools .btn")).toBe(word);
  panel.one("[aria-label='More actions']").click();
  expect(panel.texts("[role=menuitem]").some((text) => text.startsWith(`${word} speculation`))).toBe(true);
});

test.each([true, false])(
  "where statements cost money (%s), statistics are computed when they are asked for",
  (paid) => {
    const speculation = { ...status.connection.speculation!, paid };
    const known = { ...status, connection: { ...status.connection, speculation } };
    const few = rowsOf([["carrier", "VARCHAR"]], [["UA"], ["AA"]], { totalRows: 2, result: "1" });
    panel.show({ kind: "status", status: known }, rows(few));
    // Without the button they come by themselves.
    expect(panel.one("[aria-label='Compute statistics']").hidden).toBe(!paid);
  },
);

test("where statements cost money a chart is drawn when it is asked for, for each result anew", async () => {
  const speculation = { ...status.connection.speculation!, paid: true };
  panel.show({ kind: "status", status: { ...status, connection: { ...status.connection, speculation } } }, rows(sales));
  open("chart");
  await panel.settled();
  expect(charts).toEqual([]);
  expect(words(".chartmessage")).toContain("what runs here costs money");
  panel.one(".chartmessage .btn").click();
  await drawn();
  panel.all(".alts button")[1]!.click();
  await panel.settled();
  expect(charts).toHaveLength(2);
  panel.show({ kind: "jobs", jobs });
  expect(charts).toHaveLength(2);
  panel.show(edited(2), rows({ ...sales, version: 2, result: "another" }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(charts).toHaveLength(2);
  expect(words(".chartmessage .btn")).toBe("Draw the chart");
});

test("the connection of the document is shown, not that of others", () => {
  const other = { ...status.connection, name: "sales", label: "other.duckdb" };
  const documents = [{ uri, name: "sales", chosenBy: "comment" as const, problem: "" }];
  panel.show(rows(sales), {
    kind: "status",
    status: { ...status, connections: [status.connection, other], documents },
  });
  expect(words(".foot b")).toBe("other.duckdb");
});

test("data that was found is offered on the empty screen", () => {
  panel.show({ kind: "data", files: [{ name: "sales.duckdb", detail: "24 tables", kind: "database" }] });
  expect(panel.texts(".files li")).toEqual(["sales.duckdb24 tables"]);
  panel.one(".files button").click();
  expect(panel.posted.at(-1)).toEqual({ kind: "useData", name: "sales.duckdb" });
});

test("the diff shows both texts level, with numbers that lead to the reasons", () => {
  panel.show(rows(repaired));
  expect(words("#t-diff .count")).toBe("5");
  open("diff");
  expect(panel.texts(".pane.executed .tag")).toEqual(["1", "2", "3", "4", "5"]);
  expect(panel.all(".pane.typed .gap")).toHaveLength(2);
  expect(panel.all(".pane.typed .ln")).toHaveLength(panel.all(".pane.executed .ln").length);
  expect(panel.texts(".pane.executed ins.pred")).toEqual(["antity > 0"]);
  expect(panel.texts(".pane.executed del.gone")).toEqual(["i_catgory"]);
  expect(words(".bar .w-wide")).toBe("Accept writes the 4 repairs into the editor. Tab takes the prediction.");
  panel.all(".pane.executed .tag")[2]!.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
  expect(panel.texts(".why li.lit .tag")).toEqual(["3"]);
  panel.all(".pane.executed .tag")[2]!.click();
  expect(panel.posted.at(-1)).toEqual({ kind: "reveal", uri, position: repaired.edits[2]!.range.start });
  panel.one(".bar .primary").click();
  expect(panel.posted.at(-1)).toEqual({ kind: "command", command: "speql.acceptRepair" });
});

test("a dismissed repair is hidden until the text changes", () => {
  panel.show(rows(repaired));
  open("diff");
  panel.one(".bar .quiet").click();
  expect(words("#p-diff")).toContain("dismissed until the text changes");
  expect(panel.all("#t-diff .count, #p-diff ins")).toEqual([]);
  panel.show(edited(2), rows({ ...repaired, version: 2 }));
  expect(panel.all("#p-diff ins")).not.toEqual([]);
});

test("the repair of an earlier preview can be read, not accepted", () => {
  panel.show(rows(repaired));
  vi.advanceTimersByTime(5_000);
  panel.show(edited(2), rows({ ...sales, version: 2 }));
  open("diff");
  expect(panel.all("#p-diff ins")).toEqual([]);
  panel.one("[aria-label^='Earlier']").click();
  expect(panel.all("#p-diff ins")).not.toEqual([]);
  expect(panel.all("#p-diff .bar")).toEqual([]);
});

test("nodes of the job graph are buttons that say all in words", () => {
  panel.show(rows(sales), { kind: "status", status }, { kind: "jobs", jobs });
  expect(words("#t-jobs .count")).toBe("3/5");
  panel.one<HTMLElement>(".facts .link").click();
  expect(panel.texts(".node")).toContain("sales, temp table, done, 10.4 M rows · 412 MB, 1.9 s");
  expect(panel.texts(".node")).toContain("store_sales, base table, 288 M rows · 12 GB, ");
  expect(panel.all(".dag.lit path.serve")).toHaveLength(2);
  expect(words(".jobstab .tools")).toContain("498 MB of 2 GB temp tables");
});

test("the side note says why a temp table was not used, what was instead, and its SQL", () => {
  panel.show(rows(sales), { kind: "jobs", jobs });
  open("jobs");
  panel.one<HTMLElement>(".node.greyed").click();
  expect(panel.texts(".note .checks li")).toEqual([
    "main › CTE sales. The view keeps only d_year = 2001, the query needs d_year = 2002.",
    "The query reads its tables",
    "They are joined as in the query",
  ]);
  expect(words(".note .links")).toBe("sales, built in 1.9 s");
  panel.one(".note .acts .btn").click();
  expect(panel.posted.at(-1)).toEqual({ kind: "copy", text: jobs.nodes[2]!.sql });
  panel.one(".note .links .link").click();
  expect(words(".note h2")).toBe("sales");
  expect(words(".note h3")).toBe("Why reused");
});

test("time goes on in the side note without taking the focus from it", () => {
  panel.show(rows(sales), { kind: "jobs", jobs });
  open("jobs");
  panel.one<HTMLElement>(".node.greyed").click();
  const copy = panel.one<HTMLElement>(".note .acts .btn");
  copy.focus();
  vi.advanceTimersByTime(5_000);
  expect(words(".note .when")).toMatch(/greyed out [45] s ago/);
  expect(document.activeElement).toBe(copy);
});

test("the focus and the selection stay on a node when the graph changes", () => {
  panel.show(rows(sales), { kind: "jobs", jobs });
  open("jobs");
  const returns = panel.one<HTMLElement>(".node.running");
  returns.click();
  returns.focus();
  const place = returns.style.transform;
  const nodes = jobs.nodes.filter((node) => node.key !== "items").map((node) => ({ ...node, state: "done" }));
  panel.show({ kind: "jobs", jobs: { ...jobs, nodes } });
  expect(document.activeElement).toBe(returns);
  expect(returns.getAttribute("aria-pressed")).toBe("true");
  expect(returns.style.transform).toBe(place);
});

test("a chart is asked for once the tab is open, and drawn without making code of expressions", async () => {
  panel.show(rows(sales));
  expect(charts).toEqual([]);
  open("chart");
  await drawn();
  expect(charts).toEqual([{ uri, result: "r1" }]);
  expect(words(".chart h2")).toBe("Sum of net_paid by month and category");
  expect(words(".chart .sub")).toBe("36 points from 10,412,806 rows");
  expect(panel.one(".plot").getAttribute("aria-label")).toContain("For Books, Home and Music.");
  expect(panel.texts(".alts button")).toEqual([
    "Lineby sold_on",
    "Barby category",
    "Histogramof net_paid",
    "Barby store",
  ]);
});

test("one click draws another proposal, two choose another mark", async () => {
  panel.show(rows(sales));
  open("chart");
  await drawn();
  panel.all(".alts button")[1]!.click();
  await drawn();
  expect(charts.at(-1)).toEqual({ uri, result: "r1", ...salesChart.proposals[1] });
  expect(panel.all(".alts button")[1]!.getAttribute("aria-pressed")).toBe("true");
  panel.one(".pick").click();
  panel
    .all("[role=menuitemradio]")
    .find((item) => item.textContent === "Area")!
    .click();
  await drawn();
  expect(charts.at(-1)).toMatchObject({ mark: "area", x: 2, y: 5 });
});

test("arrow keys move the crosshair and read the values", async () => {
  panel.show(rows(sales));
  open("chart");
  await drawn();
  const plot = panel.one(".plot");
  plot.focus();
  panel.press(plot, "Home");
  panel.press(plot, "ArrowRight");
  expect(words(".charttab [role=status]")).toBe("Feb 2002: Books 19.0 M, Home 16.0 M, Music 10.0 M");
  expect(words(".tip b")).toBe("Feb 2002");
  panel.press(plot, "End");
  expect(words(".tip b")).toBe("Dec 2002");
});

test("the same numbers are there as a table, and as a picture in a file", async () => {
  panel.show(rows(sales));
  open("chart");
  await drawn();
  panel.one("[aria-label='Save as PNG or SVG']").click();
  panel.all("[role=menuitem]")[1]!.click();
  await vi.waitFor(() => expect(panel.posted.at(-1)?.kind).toBe("save"));
  const saved = panel.posted.at(-1) as { name: string; type: string; base64: string };
  expect([saved.name, saved.type]).toEqual(["Sum of net_paid by month and category.svg", "image/svg+xml"]);
  expect(atob(saved.base64)).toContain("<svg");
  panel.one("[aria-label='Show as table']").click();
  expect(panel.all(".tablebox tbody tr")).toHaveLength(36);
  expect(words(".tablebox tbody tr")).toBe("Jan 2002Books21,000,000");
});

test("nothing is asked for while the text is ahead of the rows, and an edit withdraws what was asked", () => {
  panel.show(rows(sales), edited(2));
  open("chart");
  expect(charts).toEqual([]);
  panel.show(rows({ ...sales, version: 2, result: "r2" }));
  expect(charts).toHaveLength(1);
  panel.show(edited(3));
  expect(panel.posted.filter((message) => message.kind === "withdraw")).toHaveLength(1);
  panel.show(rows({ ...sales, version: 3, result: "r3" }), edited(4), rows({ ...sales, version: 4, result: "r4" }));
  expect(charts).toHaveLength(1);
  vi.advanceTimersByTime(400);
  expect(charts.map((params) => params.result)).toEqual(["r2", "r4"]);
  open("rows");
  expect(panel.posted.filter((message) => message.kind === "withdraw")).toHaveLength(2);
});

test("an estimate is drawn from its own rows, with bands; the exact chart takes its place", async () => {
  panel.show(rows(estimatedSales));
  open("chart");
  await drawn();
  expect(charts).toEqual([]);
  expect(words(".chart .sub")).toBe("36 points from 520,640 sampled rows of store_sales, bands: 95 % interval");
  panel.show(rows({ ...estimatedSales, states: ["exact"], sample: null, complete: true, totalRows: 36 }));
  vi.advanceTimersByTime(400);
  await panel.settled();
  expect(charts).toHaveLength(1);
  expect(words(".chart .sub")).toBe("36 points from 36 rows");
});

test("an estimate that makes no chart says so, and leaves it to the user to run the whole query", async () => {
  const sample = { ...estimatedSales.sample!, intervals: [null, null, null] };
  panel.show(rows({ ...estimatedSales, sample }));
  open("chart");
  expect(words(".chartmessage")).toContain("they make no chart");
  panel.one(".chartmessage .btn").click();
  expect(charts).toHaveLength(1);
  await drawn();
  expect(panel.one(".chartmessage").hidden).toBe(true);
});

test("a refusal is said in the server's words", async () => {
  panel = mounted({}, () => Promise.resolve(drawing));
  panel.show(rows(sales));
  open("chart");
  await panel.settled();
  expect(words(".chartmessage")).toBe("Nobody answers this.");
});

test("a host without the script that draws says that charts cannot be drawn", () => {
  panel = mounted(answers, null);
  panel.show(rows(sales));
  open("chart");
  expect(words(".chartmessage")).toBe("Charts cannot be drawn here.");
});

test("no tab has an inline handler or a style attribute in what is made of text", () => {
  panel.show(rows(repaired), { kind: "jobs", jobs }, { kind: "status", status });
  for (const tab of ["chart", "diff", "jobs"]) {
    open(tab);
    const handlers = panel
      .all("*")
      .flatMap((found) => found.getAttributeNames().filter((name) => name.startsWith("on")));
    expect(handlers).toEqual([]);
  }
});
