/** The panel with sample messages in a plain page, to look at it: `#theme=light&width=420&scene=failed&tab=jobs`. */

import type { ToPanel } from "../src/panel/messages";
import { Panel } from "../src/panel/panel";
import { failed, jobs, preview, repaired, rowsOf, sales, status, uri } from "./samples";

const options = new URLSearchParams(location.hash.slice(1));
const document_ = { kind: "document", uri, name: "weekly_report.sql" } as const;
const shown = (message: typeof sales): ToPanel => ({ kind: "preview", preview: message });
const edited: ToPanel = { kind: "edited", uri, version: 2 };

/** Messages, and how long ago each came (milliseconds). */
const scenes: Record<string, [ToPanel, number][]> = {
  exact: [[shown(sales), 0]],
  repaired: [[shown(repaired), 0]],
  cached: [
    [
      shown({
        ...sales,
        states: ["exact", "cached"],
        servedFrom: [],
        timings: { analysis: 1, engine: 0.2, total: 0.6 },
      }),
      0,
    ],
  ],
  predicted: [[shown({ ...repaired, states: ["sample", "predicted"], tempOnly: false }), 0]],
  stale: [
    [shown(sales), 20_000],
    [edited, 4_200],
  ],
  failed: [
    [shown(sales), 20_000],
    [edited, 12_000],
    [shown(failed), 1_000],
  ],
  stopped: [
    [shown(sales), 20_000],
    [{ kind: "server", state: "restarting" }, 3_000],
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
  empty: [[shown(preview({})), 0]],
  first: [[edited, 1_000]],
};

document.documentElement.dataset["theme"] = options.get("theme") ?? "dark";
document.body.style.width = `${options.get("width") ?? "900"}px`;
const start = performance.now();
let ago = 0;
const panel = new Panel(
  document.body,
  () => {},
  () => performance.now() - ago,
);
for (const [message, since] of [
  [document_, 0],
  [{ kind: "status", status }, 0],
  [{ kind: "jobs", jobs }, 0],
  ...(scenes[options.get("scene") ?? "exact"] ?? []),
] as [ToPanel, number][]) {
  ago = since;
  panel.receive(message);
}
ago = 0;
panel.receive({ kind: "status", status: { ...status } });
document.getElementById(`t-${options.get("tab") ?? "rows"}`)?.click();
if (options.get("open") !== null) document.querySelector<HTMLElement>(`details:nth-of-type(1)`)?.click();
console.info(`drawn in ${(performance.now() - start).toFixed(1)} ms`);
