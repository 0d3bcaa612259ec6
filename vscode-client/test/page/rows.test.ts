/** The Rows tab in a real browser, on a real server with more rows than a browser can lay out: what jsdom cannot tell. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, serve, type Served } from "./serve";

const rows = 1_500_000;
const tables = `CREATE TABLE sales AS SELECT i AS id, DATE '2002-01-01' + CAST(i % 365 AS INTEGER) AS sold_on, 'store ' || i % 8 AS store,
  CAST(i * 7919 % 99991 / 100 AS DECIMAL(7, 2)) AS net_paid, CASE WHEN i % 5 > 1 THEN i % 700 END AS coupon,
  i % 2 = 0 AS in_profit, '<img src=x onerror=alert(' || i || ')>' AS note, i / 8 AS margin FROM range(${rows}) t(i)`;
const axe = readFileSync(join(process.cwd(), "node_modules/axe-core/axe.min.js"), "utf8");

describe.skipIf(!hasBrowser)("in a browser", () => {
  let served: Served;
  let page: Page;
  const said: string[] = [];

  beforeAll(async () => {
    served = await serve(tables);
    page = await served.page("SELECT * FROM sales", { width: 900, height: 640 });
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    await row(1).waitFor();
  }, 120_000);
  afterAll(async () => served?.end());

  const row = (number: number): Locator => page.locator(`.slick-row[aria-rowindex="${number + 1}"]:not(.wait)`);
  const cell = (number: number, column: number): Locator => row(number).locator(`[aria-colindex="${column + 2}"]`);
  const head = (column: number): Locator => page.locator(`[role=columnheader][aria-colindex="${column + 2}"]`);
  const goTo = async (number: number): Promise<void> => {
    await page.locator(".where").click();
    await page.keyboard.type(String(number));
    await page.keyboard.press("Enter");
    await row(number).waitFor();
  };
  const box = async (found: Locator): Promise<{ x: number; y: number; width: number; height: number }> =>
    (await found.boundingBox())!;
  const faults = async (): Promise<string[]> => {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const run = (
        globalThis as unknown as {
          axe: {
            run(
              options: object,
            ): Promise<{ violations: { id: string; nodes: { html: string }[] }[]; passes: unknown[] }>;
          };
        }
      ).axe;
      const { violations, passes } = await run.run({
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
      });
      if (passes.length < 10) return ["axe has looked at nothing"];
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    });
  };

  test("how many rows there are is the engine's estimate until somebody asks for more of them", async () => {
    expect(await page.locator(".where").textContent()).toBe("1 to 100 of ≈ 1.5 M");
  });

  test("rows are 26 px high, headers 74, and only whole rows are shown", async () => {
    expect((await box(row(2))).y - (await box(row(1))).y).toBe(26);
    expect((await box(page.locator(".slick-header").first())).height).toBe(74);
    const grid = await box(page.locator(".grid"));
    const bar = await page
      .locator(".slick-viewport-left.slick-viewport-top")
      .evaluate((view: HTMLElement) => view.offsetHeight - view.clientHeight);
    expect((grid.height - 74 - bar) % 26).toBe(0);
    const pager = await box(page.locator(".pager"));
    expect(pager.y - grid.y - grid.height).toBeLessThan(26);
  });

  test("columns line up with their headers, and row numbers stay, when it is scrolled to the side", async () => {
    await page.locator(".slick-viewport-top.slick-viewport-left").evaluate((view) => (view.scrollLeft = 150));
    await page.waitForFunction(() => document.querySelector(".slick-header")!.scrollLeft === 150);
    const [name, value] = [await box(head(4)), await box(cell(3, 4))];
    expect([value.x, value.width]).toEqual([name.x, name.width]);
    const grid = await box(page.locator(".grid"));
    expect((await box(row(3).locator("[role=rowheader]"))).x).toBe(grid.x);
    expect((await box(page.locator(".slick-header-column.no"))).x).toBe(grid.x);
    await page.locator(".slick-viewport-top.slick-viewport-left").evaluate((view) => (view.scrollLeft = 0));
  });

  test("rows go with a header that the browser scrolls into view", async () => {
    await page.setViewportSize({ width: 420, height: 640 });
    await head(7).locator(".h-name").focus();
    await page.waitForFunction(() => document.querySelector(".slick-viewport")!.scrollLeft > 100);
    expect((await box(cell(3, 7))).x).toBe((await box(head(7))).x);
    await page.setViewportSize({ width: 900, height: 640 });
    await page.locator(".slick-viewport-top.slick-viewport-left").evaluate((view) => (view.scrollLeft = 0));
  });

  test("row 1,000,001 is the right one, and hostile text is text", async () => {
    await goTo(1_000_001);
    expect(await cell(1_000_001, 0).textContent()).toBe("1000000");
    expect(await cell(1_000_007, 6).textContent()).toBe("<img src=x onerror=alert(1000006)>");
    expect(await page.locator(".where").textContent()).toBe("1,000,001 to 1,000,100 of 1,500,000");
    expect(await page.locator(".sq img").count()).toBe(0);
  });

  test("the row that has the keyboard may leave the view; an arrow key brings it back", async () => {
    await cell(1_000_003, 1).click();
    const viewport = page.locator(".slick-viewport-top.slick-viewport-left");
    const height = await viewport.evaluate((view) => view.scrollHeight);
    await viewport.evaluate((view) => (view.scrollTop = 0));
    await row(1).waitFor();
    expect(await viewport.evaluate((view) => view.scrollHeight)).toBe(height);
    await page.keyboard.press("ArrowDown");
    await row(1_000_004).waitFor();
    expect(
      await page.evaluate(() => document.activeElement!.closest("[role=row]")!.getAttribute("aria-rowindex")),
    ).toBe("1000005");
  });

  test("statistics come with what the engine holds, and the selected value's bin is marked", async () => {
    await page.locator(".h-hist").nth(4).waitFor();
    expect(await head(4).locator(".h-null").textContent()).toBe("40 % null");
    await cell(1_000_004, 3).click();
    expect(await head(3).locator(".h-hist .at").count()).toBe(1);
    await head(3).hover();
    await page.locator("[role=tooltip]").waitFor();
    expect(await page.locator("[role=tooltip]").textContent()).toMatch(/distinct99,991.*min0\.00max999\.90/);
  });

  test("sort and filter are the engine's, from end to end", async () => {
    await head(3).locator(".h-name").click();
    await page.waitForFunction(
      () => document.querySelector(".slick-row[aria-rowindex='2'] .l4")?.textContent === "999.90",
    );
    await page.locator(".field input").fill("store = 'store 3' and net_paid < 0.05");
    await page.keyboard.press("Enter");
    await page
      .locator(".where", { hasText: "of 8" })
      .or(page.locator(".where", { hasText: "of 9" }))
      .first()
      .waitFor();
    expect(new Set(await page.locator(".slick-row .l3").allTextContents())).toEqual(new Set(["store 3"]));
    await page.locator(".field input").fill("");
    await page.keyboard.press("Enter");
    await page.locator(".where", { hasText: "of 1,500,000" }).waitFor();
  });

  test("no accessibility fault: grid, form, menu and card, wide and narrow, dark and light", async () => {
    expect(await faults()).toEqual([]);
    await page.locator("[aria-label=Export]").click();
    expect(await faults()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 420, height: 640 });
    await page.evaluate(() => (document.documentElement.dataset["theme"] = "light"));
    await head(2).hover();
    await head(2).locator(".h-filter").click();
    expect(await faults()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 900, height: 640 });
  });

  test("the page's policy stopped nothing, and nothing failed", () => expect(said).toEqual([]));
});
