import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { fewSales } from "../data";
import { client } from "../machine";
import type { Tab } from "../panelPage";
import { Workbench } from "../workbench";

const images = join(client, "../docs/images");
const file = "weekly_report.sql";
const draft = "draft.sql";
const revenue = "revenue.sql";
const byMonth = `SELECT date_trunc('month', sold_on) AS month, category,
       sum(net_paid) AS revenue
FROM sales
WHERE sold_on < DATE '2024-12-01'
GROUP BY ALL
ORDER BY month, category`;
const report = `WITH daily AS (
  SELECT sold_on, store, category,
         count(*) AS sales, sum(net_paid) AS net_paid,
         avg(quantity) AS quantity, max(coupon) AS coupon
  FROM sales
    JOIN stores ON sales.store_id = stores.store_id
  WHERE category IN ('Books', 'Music', 'Home')
  GROUP BY sold_on, store, category
)
SELECT store, category, sum(net_paid) AS net_paid,
       max(sales) AS busiest_day
FROM daily
WHERE sold_on >= DATE '2022-01-01'
GROUP BY store, category
ORDER BY net_paid DESC`;
/** The same as it is being written: a join, a letter and a parenthesis are missing. */
const unfinished = report
  .slice(0, report.indexOf("\n)\nSELECT"))
  .replace("\n    JOIN stores ON sales.store_id = stores.store_id", "")
  .replace("WHERE category IN", "WHERE catgory IN")
  .replace("'Home')", "'Home'");

const tabs: Tab[] = ["Rows", "Jobs"];

test.each([
  ["dark", "Default Dark Modern"],
  ["light", "Default Light Modern"],
])("pictures of the workbench, %s", async (name, theme) => {
  mkdirSync(images, { recursive: true });
  const workbench = await Workbench.start({
    files: { [file]: report, [draft]: unfinished, [revenue]: byMonth },
    links: { "sales.duckdb": fewSales },
    settings: { "speql.database": "sales.duckdb", "speql.inlayHints": "rows" },
    userSettings: { "workbench.colorTheme": theme, "breadcrumbs.enabled": false, "window.commandCenter": false },
    size: { width: 1_440, height: 810 },
  });
  try {
    const { heard, page, panel } = workbench;
    const shot = (tab: string): Promise<Buffer> => page.screenshot({ path: join(images, `vscode-${tab}-${name}.png`) });
    await workbench.openFile(revenue);
    await workbench.openFile(file);
    await workbench.openFile(draft);
    await page.keyboard.press("Control+b");
    await workbench.showPanel();

    await workbench.placeCursorBehind(draft, unfinished, "store, category");
    await heard.preview("The repaired rows", ({ edits, outcome }) => outcome === "rows" && edits.length > 0);
    await panel.show("Diff");
    await shot("diff");

    const from = heard.previews.length;
    await workbench.placeCursorBehind(file, report, "sum(net_paid) AS net_paid,\n       max");
    await heard.preview(
      "The rows of the query",
      ({ uri, outcome }) => uri === workbench.uri(file) && outcome === "rows",
      from,
    );
    await workbench.placeCursorBehind(file, report, "sum(net_paid)");
    await heard.preview(
      "The rows of the CTE",
      ({ uri, breadcrumb, outcome }) => uri === workbench.uri(file) && outcome === "rows" && breadcrumb.length === 2,
      from,
    );
    await heard.jobs("No job that runs", ({ nodes }) =>
      nodes.every(({ state }) => state !== "running" && state !== "queued"),
    );
    // The pointer rests nowhere, and the pictures show no hover.
    await page.mouse.move(1_439, 20);
    for (const tab of tabs) {
      await panel.show(tab);
      await shot(tab.toLowerCase());
    }

    await workbench.placeCursorBehind(revenue, byMonth, "FROM sales");
    await heard.preview(
      "The revenue of each month",
      ({ uri, outcome }) => uri === workbench.uri(revenue) && outcome === "rows",
    );
    await panel.show("Chart");
    await panel.plot.locator("svg, canvas").first().waitFor();
    await page.mouse.move(1_439, 20);
    await shot("chart");
  } catch (error) {
    await workbench.keepEvidence(`picture ${name}`);
    throw error;
  } finally {
    await workbench.stop();
  }
});
