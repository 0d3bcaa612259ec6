/** Measures the Rows tab on a real server with ten million rows, in a real browser: `npm run measure`. */

import type { Page } from "playwright-core";
import { serve } from "./serve";

const rows = Number(process.env["ROWS"] ?? 10_000_000);
const tables = `
CREATE TABLE sales AS SELECT i AS id, DATE '2002-01-01' + CAST(i % 365 AS INTEGER) AS sold_on, 'store ' || i % 8 AS store,
  ['Books', 'Music', 'Home'][1 + i % 3] AS category, CAST(i * 7919 % 1000 AS INTEGER) AS item, CAST(i % 99 AS INTEGER) AS quantity,
  CAST(i * 7919 % 99991 / 100 AS DECIMAL(7, 2)) AS net_paid, CASE WHEN i % 5 > 1 THEN CAST(i % 700 / 4 AS DECIMAL(7, 2)) END AS coupon,
  i % 2 = 0 AS in_profit FROM range(${rows}) t(i);
CREATE TABLE wide AS SELECT ${Array.from({ length: 500 }, (_, at) => `i * ${at} AS c${at}`).join(", ")} FROM range(1000) t(i)`;

const served = await serve(tables);
const say = (what: string, milliseconds: number): void =>
  console.log(`${what.padEnd(62)} ${milliseconds.toFixed(0).padStart(6)} ms`);
try {
  const page = await served.page("SELECT * FROM sales");
  page.on("console", (message) => console.log(`page: ${message.text()}`));
  page.on("pageerror", (error) => console.log(`page: ${error.message}`));
  const row = (at: number): ReturnType<Page["locator"]> =>
    page.locator(`.slick-row[aria-rowindex="${at + 1}"]:not(.wait)`);
  const timed = async (what: string, act: () => Promise<unknown>, until: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await act();
    await until();
    say(what, performance.now() - start);
  };
  await row(1).waitFor();
  const goTo = async (at: number): Promise<void> => {
    await page.locator(".where").click();
    await page.keyboard.type(String(at));
    await page.keyboard.press("Enter");
  };
  await timed(
    "first page beyond the preview (the whole result is held)",
    () => goTo(1_000_000),
    () => row(1_000_000).waitFor(),
  );
  await timed(
    "statistics of 8 columns",
    () => page.locator("[aria-label='Compute statistics']").click(),
    () => page.locator(".h-hist").nth(7).waitFor({ timeout: 120_000 }),
  );
  await timed(
    "row 7,654,321, held",
    () => goTo(7_654_321),
    () => row(7_654_321).waitFor(),
  );
  const sorted = page.locator("[role=columnheader][aria-sort=descending]");
  await timed(
    `sorted by item`,
    () => page.locator(".h-name", { hasText: "item" }).click(),
    async () => {
      await sorted.waitFor();
      await page.locator(".slick-row[aria-rowindex='2'] .l5", { hasText: "999" }).waitFor();
    },
  );
  await scrolls(page, "sorted rows");
  await page.close();
  const wide = await served.page("SELECT * FROM wide");
  await wide.locator(".slick-row[aria-rowindex='2']").waitFor();
  await wide.waitForTimeout(1_000);
  await scrolls(wide, "500 columns");
  await frames(wide, "500 columns, to the side", async () => {
    await wide.mouse.move(400, 400);
    for (let at = 0; at < 60; at += 1) await wide.mouse.wheel(400, 0);
  });
} finally {
  await served.end();
}

async function scrolls(page: Page, what: string): Promise<void> {
  await page.mouse.move(400, 400);
  await frames(page, `${what}, wheel`, async () => {
    for (let at = 0; at < 120; at += 1) await page.mouse.wheel(0, 240);
  });
  await frames(page, `${what}, scroll bar drawn from end to end`, () =>
    page.evaluate(async () => {
      const viewport = document.querySelector(".slick-viewport")!;
      const steps = 150;
      for (let at = 0; at <= steps; at += 1) {
        viewport.scrollTop = ((viewport.scrollHeight - viewport.clientHeight) * at) / steps;
        await new Promise(requestAnimationFrame);
      }
    }),
  );
}

/** The times of the frames while something goes on, and what the longest task of the page cost the processor. */
async function frames(page: Page, what: string, act: () => Promise<unknown>): Promise<void> {
  const browser = page.context().browser()!;
  await page.evaluate(() => {
    const times: number[] = [];
    let before = performance.now();
    const state = { times, isOn: true };
    const next = (now: number): void => {
      times.push(now - before);
      before = now;
      if (state.isOn) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    Object.assign(globalThis, { measured: state });
  });
  await browser.startTracing(page, { categories: ["toplevel"] });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const times = await page.evaluate(() => {
    const state = (globalThis as unknown as { measured: { times: number[]; isOn: boolean } }).measured;
    state.isOn = false;
    return state.times.slice(1);
  });
  // On a busy machine frames wait for other programs: the processor's time is that of the page alone.
  const main = trace.traceEvents.find(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const tasks = trace.traceEvents
    .filter(({ pid, tid, tdur }) => pid === main?.pid && tid === main.tid && tdur !== undefined)
    .map(({ tdur }) => tdur! / 1_000);
  const cost = (share: number): string =>
    sortedAt(
      tasks.filter((task) => task > 1),
      share,
    );
  console.log(
    `${what}: ${times.length} frames, median ${sortedAt(times, 0.5)}, P99 ${sortedAt(times, 0.99)}, longest ${sortedAt(times, 1)} ms; ` +
      `processor's time of tasks: median ${cost(0.5)}, P99 ${cost(0.99)}, longest ${cost(1)} ms`,
  );
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  args: { name?: string };
  tdur?: number;
}

function sortedAt(values: number[], share: number): string {
  const sorted = [...values].sort((one, other) => one - other);
  return (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
}
