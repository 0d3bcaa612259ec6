import { expect, test } from "vitest";
import { directRows, fewSales, rowsOf } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "daily.sql";
const query = `WITH daily AS (
  SELECT sold_on, category, sum(net_paid) AS paid, count(*) AS sales
  FROM sales
  GROUP BY sold_on, category
)
SELECT category, max(paid) AS best, sum(sales) AS sales
FROM daily
WHERE sold_on >= DATE '2020-01-01'
GROUP BY category
ORDER BY category`;

const workbench = workbenchOf({
  files: { [file]: query },
  links: { "sales.duckdb": fewSales },
  settings: { "speql.database": "sales.duckdb" },
});

test("a CTE becomes a temp table, and its rows are served from that", async () => {
  const { heard, page, panel } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursorBehind(file, query, "ORDER BY category");
  const graph = await heard.jobs("A temp table that is done", ({ nodes }) =>
    nodes.some(({ kind, state, label }) => kind === "create" && state === "done" && label.endsWith("daily")),
  );
  expect(graph.nodes.find(({ label }) => label.endsWith("daily"))!.sql).toMatch(/sum\(/i);
  await workbench().placeCursorBehind(file, query, "sum(net_paid)");
  const served = await heard.preview(
    "Rows from the temp table",
    ({ breadcrumb, servedFrom }) => breadcrumb.length === 2 && servedFrom.length > 0,
  );
  const cte = query.slice(query.indexOf("(") + 1, query.indexOf("\n)"));
  expect(directRows(fewSales, cte)).toEqual(expect.arrayContaining(rowsOf(served)));
  await panel.servedFrom.click();
  await panel.tabPanel("Jobs").waitFor();
  await expect.poll(() => panel.tabPanel("Jobs").textContent()).toContain("daily");

  await workbench().focusEditor(file);
  await page.keyboard.press("Control+Enter");
  const submitted = await heard.preview("The submit", ({ purpose }) => purpose === "submit");
  expect(rowsOf(submitted)).toEqual(directRows(fewSales, query));
});

test("a node of the graph is a button, and a click shows its SQL", async () => {
  const { panel } = workbench();
  await panel.show("Jobs");
  const node = panel.nodes.filter({ hasText: "daily" }).first();
  // In a narrow panel the state stands beside the time.
  await expect
    .poll(() => panel.nodes.allTextContents(), { timeout: 10_000 })
    .toContainEqual(expect.stringMatching(/daily, temp table, .*done/));
  await node.click();
  await expect.poll(() => panel.selectedJob.textContent()).toMatch(/SELECT/i);
  expect(await panel.tabPanel("Jobs").locator("path").count()).toBeGreaterThan(0);
});

test("nodes keep their place when the graph changes", async () => {
  const { heard, panel } = workbench();
  const node = panel.nodes.filter({ hasText: "daily" }).first();
  const before = await node.boundingBox();
  const count = heard.all.length;
  await workbench().placeCursorBehind(file, query, "DATE '2020");
  await workbench().pressEditing(file, "Backspace", 1);
  await workbench().type(file, "1");
  await heard.until("Another graph", ({ all }) => all.slice(count).find(({ message }) => message.kind === "jobs"));
  expect(await node.boundingBox()).toMatchObject({ x: before!.x, y: before!.y });
});
