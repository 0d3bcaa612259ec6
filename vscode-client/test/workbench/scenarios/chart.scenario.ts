import { beforeAll, expect, test } from "vitest";
import { directRows, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "chart.sql";
const query = "SELECT i_category AS category, count(*) AS items FROM item GROUP BY i_category";

const workbench = workbenchOf({
  files: { [file]: query },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

beforeAll(async () => {
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursor(file, 1, 10);
  await workbench().heard.preview("The rows", ({ outcome }) => outcome === "rows");
  await workbench().panel.show("Chart");
});

test("a chart is proposed and drawn", async () => {
  const { panel } = workbench();
  await panel.plot.locator("svg, canvas").first().waitFor();
  expect(await panel.plot.getAttribute("aria-label")).toMatch(/items.*category/i);
  expect(await panel.proposals.count()).toBeGreaterThan(1);
});

test("another proposal is one click", async () => {
  const { panel } = workbench();
  const before = await panel.plot.getAttribute("aria-label");
  await panel.proposals.nth(1).click();
  await expect.poll(() => panel.proposals.nth(1).getAttribute("aria-pressed"), { timeout: 20_000 }).toBe("true");
  await expect.poll(() => panel.plot.getAttribute("aria-label")).not.toBe(before);
  await panel.proposals.first().click();
  await expect.poll(() => panel.plot.getAttribute("aria-label"), { timeout: 20_000 }).toBe(before);
});

test("the chart as a table has the engine's numbers", async () => {
  const { panel } = workbench();
  await panel.chartButton("Show as table").click();
  const texts = await panel.tabPanel("Chart").getByRole("row").allTextContents();
  for (const [category, items] of directRows(tpcds, query)) {
    if (category !== null) expect(texts.join("\n")).toMatch(new RegExp(`${category}\\D*${items}`));
  }
});
