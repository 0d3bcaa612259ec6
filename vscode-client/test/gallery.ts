/** The panel with sample messages in a plain page, to look at it: `#theme=light&width=420&scene=failed&tab=jobs`. */

import "../src/panel/chart/bundle";
import type { ChartDrawing } from "../src/panel/chart/bundle";
import type { FromPanel, ToPanel } from "../src/panel/messages";
import { Panel } from "../src/panel/panel";
import { fakeAnswer } from "./fakeHost";
import {
  chartOf,
  estimatedSales,
  failed,
  jobs,
  paged,
  pagedResult,
  preview,
  repaired,
  rowsOf,
  sales,
  salesChart,
  status,
  uri,
} from "./samples";

const options = new URLSearchParams(location.hash.slice(1));
const document_ = { kind: "document", uri, name: "weekly_report.sql" } as const;
const shown = (message: typeof sales): ToPanel => ({ kind: "preview", preview: message });
const edited: ToPanel = { kind: "edited", uri, version: 2 };
const running = {
  kind: "jobs",
  jobs: {
    ...jobs,
    nodes: jobs.nodes.map((node) =>
      node.kind === "preview"
        ? { ...node, state: "running", rows: null, milliseconds: null, estimatedMilliseconds: 9_000 }
        : node,
    ),
    edges: jobs.edges.filter((edge) => edge.kind !== "served-by"),
  },
} as const satisfies ToPanel;

const many = {
  kind: "jobs",
  jobs: {
    ...jobs,
    nodes: [
      ...jobs.nodes,
      ...Array.from({ length: 16 }, (_, at) => ({
        ...jobs.nodes[0]!,
        key: `idle ${at}`,
        label: `main › CTE weekly_${at}`,
        table: `idle_${at}`,
        state: at % 3 === 0 ? "greyed" : "done",
      })),
      { ...jobs.nodes[1]!, key: "deep", label: "main › CTE deep", table: "deep" },
      { ...jobs.nodes[1]!, key: "deeper", label: "main › CTE deeper", table: "deeper", tables: [] },
    ],
    edges: [
      ...jobs.edges,
      { source: "sales", target: "deep", kind: "input" },
      { source: "deep", target: "deeper", kind: "input" },
      { source: "deeper", target: "next", kind: "input" },
    ],
  },
} as const satisfies ToPanel;

/** Messages, and how long ago each came (milliseconds). */
const scenes: Record<string, [ToPanel, number][]> = {
  exact: [[shown(sales), 0]],
  paged: [[shown(paged), 0]],
  wide: [
    [
      shown(
        rowsOf(
          Array.from({ length: 500 }, (_, at): [string, string] => [`c${at}`, "BIGINT"]),
          Array.from({ length: 1_000 }, (_, row) => Array.from({ length: 500 }, (_, at) => row * at)),
        ),
      ),
      0,
    ],
  ],
  repaired: [[shown(repaired), 0]],
  many: [
    [shown(sales), 0],
    [many, 0],
  ],
  cached: [
    [
      shown({
        ...sales,
        states: ["exact", "cached"],
        servedFrom: [],
        timings: { analysis: 1, engine: 0.2, total: 0.6, direct: 812 },
      }),
      0,
    ],
    [{ kind: "status", status: { ...status, speculation: { state: "paused", reason: "Hourly budget spent." } } }, 0],
  ],
  sample: [[shown(estimatedSales), 0]],
  predicted: [[shown({ ...repaired, states: ["exact", "predicted"] }), 0]],
  stale: [
    [shown(sales), 20_000],
    [edited, 4_100],
    [running, 4_000],
  ],
  load: [
    [edited, 550],
    [running, 500],
  ],
  failed: [
    [shown(sales), 20_000],
    [edited, 12_000],
    [shown(failed), 1_000],
  ],
  stopped: [
    [shown(sales), 20_000],
    [{ kind: "server", state: "restarting", restart: { attempt: 2, attempts: 5, seconds: 5 } }, 3_000],
  ],
  earlier: [
    [shown({ ...sales, pieces: repaired.pieces, edits: repaired.edits }), 60_000],
    [edited, 20_000],
    [
      shown({ ...sales, version: 2, totalRows: 12, pieces: [{ typed: "SELECT 1", executed: "SELECT 1", edit: null }] }),
      10_000,
    ],
  ],
  few: [
    [
      shown(
        rowsOf(
          [
            ["carrier", "VARCHAR"],
            ["flights", "BIGINT"],
            ["tags", "VARCHAR[]"],
            ["info", "STRUCT(a INTEGER)"],
            ["at", "TIMESTAMP WITH TIME ZONE"],
          ],
          [
            ["UA", 58_665, "[late, big]", "{'a': 1}", "2013-01-01 05:00:00+00"],
            [null, 1, null, null, null],
            ["<img src=x onerror=alert(1)>", 12, "[]", "{'a': NULL}", "2013-01-01 06:00:00+00"],
          ],
          { purpose: "submit" },
        ),
      ),
      0,
    ],
  ],
  empty: [
    [shown(preview({})), 0],
    [
      {
        kind: "data",
        files: [
          { name: "sales.duckdb", detail: "24 tables", kind: "database" },
          { name: "stores.parquet", detail: "1,204 rows", kind: "table" },
          { name: "promotions.csv", detail: "18 KB", kind: "table" },
        ],
      },
      0,
    ],
  ],
};

const panels: Panel[] = [];

/** The host: it answers as the server would. */
function host(message: FromPanel): void {
  if (message.kind !== "ask") return;
  const made = fakeAnswer(pagedResult, message);
  if (made?.kind === "answer") {
    queueMicrotask(() => panels[0]?.receive(made));
    return;
  }
  const { id, method, params } = message;
  const { x, ...choice } = params as { x?: number };
  const answers: Record<string, () => unknown> = {
    "speql.chart": () => (x === undefined || x === 0 ? { ...salesChart, ...choice } : chartOf({ x, ...choice })),
    "speql.columns": () => ({ columns: sales.columns }),
  };
  const answer = answers[method];
  queueMicrotask(() =>
    panels[0]?.receive(
      answer === undefined
        ? { kind: "refused", id, reason: "This page has no server." }
        : { kind: "answer", id, answer: answer() },
    ),
  );
}

document.documentElement.dataset["theme"] = options.get("theme") ?? "dark";
document.body.style.width = `${options.get("width") ?? "900"}px`;
const start = performance.now();
let ago = 0;
const drawing = (globalThis as { speqlChart?: ChartDrawing }).speqlChart!;
const panel = new Panel(
  document.body,
  host,
  () => performance.now() - ago,
  () => Promise.resolve(drawing),
);
panels.push(panel);
for (const [message, since] of [
  [document_, 0],
  [{ kind: "status", status }, 0],
  [{ kind: "jobs", jobs }, 5_000],
  ...(scenes[options.get("scene") ?? "exact"] ?? []),
] as [ToPanel, number][]) {
  ago = since;
  panel.receive(message);
}
ago = 0;
panel.receive({ kind: "document", uri, name: "weekly_report.sql" });
document.getElementById(`t-${options.get("tab") ?? "rows"}`)?.click();
/** What to do then, in order, as it comes in the address; the page says when it is done. */
void (async () => {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));
  // The first chart has to be there.
  for (let tries = 0; tries < 8; tries += 1) await pause();
  for (const [name, value] of options) {
    if (!["press", "focus", "key"].includes(name)) continue;
    if (name === "press") document.querySelector<HTMLElement>(value)?.click();
    if (name === "focus") document.querySelector<HTMLElement>(value)?.focus();
    if (name === "key")
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: value, bubbles: true }));
    await pause();
  }
  await pause();
  document.documentElement.dataset["done"] = "true";
})();
console.info(`drawn in ${(performance.now() - start).toFixed(1)} ms`);
