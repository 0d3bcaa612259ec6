import { expect, test } from "vitest";
import { playing } from "../playing";
import { rowsOf } from "../playPage";

const play = playing();

test("the tables with columns, types and numbers of rows; a click inserts a name", async () => {
  const page = await play().open();
  await expect.poll(() => page.table("flights").textContent()).toBe("flights, table, 20,000 rows");
  await page.table("airlines").locator(".treename").first().click();
  await expect.poll(() => page.text()).toBe("FROM airlines");
  const rows = await page.exact(["carrier", "name"]);
  expect(rowsOf(rows)).toEqual(play().server.direct("FROM airlines"));
  await page.table("flights").locator(".twist").first().click();
  const column = page.page.getByRole("treeitem", { name: /^dep_delay ?, INTEGER$/ });
  await column.waitFor();
  await page.clear();
  await page.type("SELECT ");
  await column.click();
  await expect.poll(() => page.text()).toBe("SELECT dep_delay");
});

test("the tree by keyboard alone", async () => {
  const page = await play().open();
  const { keyboard } = page.page;
  await page.page.getByRole("searchbox").focus();
  await keyboard.press("Tab");
  await expect.poll(() => page.table("airlines").evaluate((node) => node === document.activeElement)).toBe(true);
  await keyboard.press("f");
  await expect.poll(() => page.table("flights").evaluate((node) => node === document.activeElement)).toBe(true);
  await keyboard.press("ArrowRight");
  expect(await page.table("flights").getAttribute("aria-expanded")).toBe("true");
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await expect.poll(() => page.text()).toBe("SELECT carrier");
});

test("the search finds tables by their columns", async () => {
  const page = await play().open();
  await page.page.getByRole("searchbox").fill("delay");
  await expect.poll(() => page.tables.count()).toBe(1);
  await page.page.getByRole("treeitem", { name: /^dep_delay ?, INTEGER$/ }).waitFor();
});

test("another connection has other tables, also when the page is loaded again", async () => {
  const page = await play().open();
  expect(await page.connection.locator("option").allTextContents()).toEqual(["flights.duckdb", "other"]);
  await page.connection.selectOption("other");
  await page.table("other").waitFor();
  await page.type("SELECT city FROM other ORDER BY city");
  await page.shows([["Bonn"], ["Kyoto"]]);
  await page.page.reload();
  await page.table("other").waitFor();
  expect(await page.connection.inputValue()).toBe("other");
});
