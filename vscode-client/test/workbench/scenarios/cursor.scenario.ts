import { expect, test } from "vitest";
import { directRows, rowsOf, shown, tpcds, tpcdsQuery } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "query01.sql";
const query = tpcdsQuery(1);
const cte = query.slice(query.indexOf("(") + 1, query.indexOf(")\nSELECT"));

const workbench = workbenchOf({
  files: { [file]: query },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

/** How often each text is there. */
function count(texts: readonly string[]): number[] {
  return [...new Set(texts)].map((text) => texts.filter((found) => found === text).length);
}

/** The place of the preview that is shown, when it is this. */
const shows = (part: string): Promise<void> =>
  expect.poll(() => workbench().panel.breadcrumb.last().textContent(), { timeout: 20_000 }).toBe(part);

test("the cursor goes into a CTE and its rows are shown; it leaves, and the whole query's are", async () => {
  const { heard, panel } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursorBehind(file, query, "LIMIT 100");
  await shows("main");
  const from = heard.previews.length;
  await workbench().placeCursorBehind(file, query, "sum(sr_return_amt)");
  await shows("CTE customer_total_return");
  const preview = await heard.preview(
    "The CTE's rows",
    ({ breadcrumb, outcome }) => outcome === "rows" && breadcrumb.length === 2,
    from,
  );
  expect(preview.columns.map((column) => column.name)).toEqual(["ctr_customer_sk", "ctr_store_sk", "ctr_total_return"]);
  expect(rowsOf(preview).length).toBeGreaterThan(0);
  expect(directRows(tpcds, cte)).toEqual(expect.arrayContaining(rowsOf(preview)));
  expect(await panel.cells(1)).toEqual(shown(rowsOf(preview)[0]!));
  await workbench().placeCursorBehind(file, query, "ORDER BY c_customer_id");
  await shows("main");
});

test("a changed constant changes the rows, and the submit is right", async () => {
  const { heard, page, panel } = workbench();
  const changed = query.replace("d_year = 2000", "d_year = 2001");
  await workbench().placeCursorBehind(file, query, "d_year = 2000");
  const from = heard.previews.length;
  await workbench().pressEditing(file, "Backspace", 1);
  const version = await workbench().type(file, "1");
  const preview = await heard.preview(
    "The rows of 2001",
    (found) => found.version >= version && found.outcome === "rows",
    from,
  );
  expect(directRows(tpcds, cte.replace("2000", "2001"))).toEqual(expect.arrayContaining(rowsOf(preview)));
  expect(await workbench().saved(file)).toBe(changed);
  await page.keyboard.press("Control+Enter");
  const submitted = await heard.preview("The rows of the submit", ({ purpose }) => purpose === "submit");
  expect(rowsOf(submitted)).toEqual(directRows(tpcds, changed));
  await expect.poll(() => panel.cells(1)).toEqual(shown(rowsOf(submitted)[0]!));
});

test("Escape leads from the panel back to the editor", async () => {
  const { page, panel } = workbench();
  await panel.tab("Rows").click();
  await page.keyboard.press("Escape");
  await workbench().editor(file).and(page.locator(".focused")).waitFor();
});

test("a pinned SELECT stays while the cursor goes elsewhere", async () => {
  const { panel } = workbench();
  await workbench().placeCursorBehind(file, query, "sum(sr_return_amt)");
  await shows("CTE customer_total_return");
  await panel.headerButton("Follow the cursor").click();
  await workbench().placeCursorBehind(file, query, "ORDER BY c_customer_id");
  await workbench().page.getByRole("button", { name: /^Ln / }).waitFor();
  await shows("CTE customer_total_return");
  await panel.headerButton("Follow the cursor").click();
  await shows("main");
});

test("the SELECT that the panel shows is marked in the editor", async () => {
  await workbench().placeCursorBehind(file, query, "sum(sr_return_amt)");
  await shows("CTE customer_total_return");
  const marks = workbench().editor(file).locator('.view-overlays [class*="TextEditorDecorationType"]');
  const lines = cte.split("\n").length;
  await expect.poll(() => marks.count(), { timeout: 30_000 }).toBeGreaterThanOrEqual(lines);
  const classes = await marks.evaluateAll((found) => found.map((mark) => mark.className));
  expect(Math.max(...count(classes))).toBe(lines);
});

test("earlier and later previews come back", async () => {
  const { panel } = workbench();
  await workbench().placeCursorBehind(file, query, "ORDER BY c_customer_id");
  await shows("main");
  // What is between them is in the history, too: the submit.
  let steps = 0;
  while ((await panel.breadcrumb.last().textContent()) === "main" && steps < 5) {
    await panel.headerButton("Earlier preview").click();
    steps += 1;
  }
  await shows("CTE customer_total_return");
  for (let step = 0; step < steps; step += 1) await panel.headerButton("Later preview").click();
  await shows("main");
});

test("two Enters at the end of a statement submit it", async () => {
  const { heard, page } = workbench();
  const from = heard.previews.length;
  await workbench().focusEditor(file);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\n");
  await heard.preview("The submit", ({ purpose }) => purpose === "submit", from);
});
