import { afterAll, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { closeBrowser, newPage } from "./browser";
import { startMarimo } from "./marimo";
import type { Served } from "./served";
import { Widget } from "./widget";

let served: Served;
beforeAll(async () => {
  served = await startMarimo([
    "import marimo as mo\nimport duckdb\nimport speql",
    "editor = mo.ui.anywidget(speql.Editor('SELECT store, price FROM sales WHERE id < 5', connection='shop.duckdb', frame='polars'))\neditor",
    "with duckdb.connect('shop.duckdb', read_only=True) as direct:\n    same = editor.arrow().equals(direct.sql(editor.value['sql']).to_arrow_table())\nmo.md(f'equal: {same}, rows: {len(editor.df)}, {type(editor.df).__module__.split(\".\")[0]}')",
  ]);
});
afterAll(async () => {
  await closeBrowser();
  await served?.stop();
});

async function runAll(page: Page): Promise<void> {
  await page.goto(served.address);
  await page.locator(".cm-content").first().waitFor();
  const all = page.locator("#run-button, [data-testid=run-button]").first();
  await all.waitFor();
  await page.keyboard.press("Control+Shift+r");
  await page.locator(".speql-editor").first().waitFor();
}

test("the widget is reactive: the next cell has the result of what is typed", async () => {
  const page = await newPage();
  await runAll(page);
  const widget = new Widget(page.locator("body"));
  await expect.poll(() => widget.columns(), { timeout: 60_000 }).toEqual(["store", "price"]);
  await expect
    .poll(() => page.locator("body").textContent(), { timeout: 30_000 })
    .toContain("equal: True, rows: 5, polars");
  await widget.type("0");
  await expect.poll(async () => (await widget.rows())[0], { timeout: 30_000 }).toEqual(["shop 0", "0.0"]);
  await expect
    .poll(() => page.locator("body").textContent(), { timeout: 30_000 })
    .toContain("equal: True, rows: 50, polars");
  // After a reload the widget is there again, and goes on.
  await page.reload();
  const again = new Widget(page.locator("body"));
  await expect.poll(() => again.columns(), { timeout: 60_000 }).toEqual(["store", "price"]);
  await again.type(" AND id > 48");
  await expect.poll(() => again.rows(), { timeout: 30_000 }).toEqual([["shop 1", "73.5"]]);
});
