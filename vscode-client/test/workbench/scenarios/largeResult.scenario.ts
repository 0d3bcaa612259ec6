import { beforeAll, expect, test } from "vitest";
import { directCount, directRows, saleCount, sales, shown } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "sales.sql";
const query = "SELECT * FROM sales";

const workbench = workbenchOf({
  files: { [file]: "" },
  links: { "sales.duckdb": sales },
  settings: { "speql.database": "sales.duckdb" },
});

/** The columns that are in view at every width of the panel here; others are not drawn. */
const inView = 5;

/** The texts of a row's cells as soon as its page is there. */
const row = (number: number) =>
  expect.poll(async () => (await workbench().panel.cells(number)).slice(0, inView), { timeout: 30_000 });
const where = () => expect.poll(() => workbench().panel.where.textContent(), { timeout: 30_000 });
/** A row of the query by its number, from 1, as the grid writes it. */
const direct = (rest: string, number: number): string[] =>
  shown(directRows(sales, `${query} ${rest} LIMIT 1 OFFSET ${number - 1}`)[0]!).slice(0, inView);

beforeAll(async () => {
  const { heard } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  const version = await workbench().type(file, query);
  await heard.preview("The first rows", (found) => found.version >= version && found.outcome === "rows");
});

test("the pager goes to row 1,000,000 of 10 million, to the last row and back", async () => {
  const { page, panel } = workbench();
  await panel.grid.click();
  await page.keyboard.press("Control+g");
  await panel.goToRow.fill("1000000");
  await panel.goToRow.press("Enter");
  await row(1_000_000).toEqual(direct("ORDER BY sale_id", 1_000_000));
  await where().toContain("of 10,000,000");
  await panel.pagerButton("Last rows").click();
  await row(saleCount).toEqual(direct("ORDER BY sale_id", saleCount));
  await panel.pagerButton("First rows").click();
  await row(1).toEqual(direct("ORDER BY sale_id", 1));
});

test("a click on a name sorts descending, ascending, not at all", async () => {
  const { panel } = workbench();
  const name = panel.columnHeader("sale_id");
  await name.getByText("sale_id", { exact: true }).click();
  await row(1).toEqual(direct("ORDER BY sale_id DESC", 1));
  expect(await name.getAttribute("aria-sort")).toBe("descending");
  await name.getByText("sale_id", { exact: true }).click();
  await row(1).toEqual(direct("ORDER BY sale_id", 1));
  expect(await name.getAttribute("aria-sort")).toBe("ascending");
  await name.getByText("sale_id", { exact: true }).click();
  await expect.poll(() => name.getAttribute("aria-sort")).toSatisfy((sort) => sort === null || sort === "none");
});

test("a filter is pushed down to the engine", async () => {
  const { page, panel } = workbench();
  await panel.filter.fill("net_paid > 850");
  await panel.filter.press("Enter");
  const count = directCount(sales, `${query} WHERE net_paid > 850`).toLocaleString("en-US");
  await where().toContain(`of ${count}`);
  await row(1).toEqual(direct("WHERE net_paid > 850 ORDER BY sale_id", 1));
  await panel.filter.fill("");
  await page.keyboard.press("Enter");
  await where().toContain("of 10,000,000");
});

test("columns show what the engine counts in them", async () => {
  const { page, panel } = workbench();
  await panel.statisticsButton.click();
  await expect.poll(() => panel.columnHeader("sale_id").textContent(), { timeout: 30_000 }).toContain("no nulls");
  // Columns are looked at when they are seen.
  await panel.pagerButton("First rows").click();
  await panel.row(1).getByRole("gridcell").first().click();
  await page.keyboard.press("End");
  await expect.poll(() => panel.columnHeader("coupon").textContent(), { timeout: 30_000 }).toContain("40 % null");
  await page.keyboard.press("Home");
});

test("cells are selected and copied by keyboard alone", async () => {
  const { page, panel } = workbench();
  await panel.row(1).getByRole("gridcell").first().click();
  await page.keyboard.press("Control+Home"); // columns were scrolled to before: the first may be out of view
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Control+c");
  const rows = directRows(sales, "SELECT sale_id, sold_on FROM sales ORDER BY sale_id LIMIT 2");
  const wanted = rows.map((cells) => cells.join("\t")).join("\n");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(wanted);
});
