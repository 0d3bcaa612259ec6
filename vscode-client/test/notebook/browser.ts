/** A page of a real browser; what it shows when a test fails is kept. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { onTestFailed } from "vitest";
import { chromium, evidence } from "./machine";

let browser: Browser | undefined;
let pages = 0;

/** A new page; a failing test leaves its picture in `out/`. */
export async function newPage(options: { dark?: boolean; width?: number; height?: number } = {}): Promise<Page> {
  browser ??= await playwright.launch({ executablePath: chromium(), args: ["--no-sandbox"] });
  const { dark = false, width = 1280, height = 960 } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
  const page = await context.newPage();
  const number = (pages += 1);
  page.setDefaultTimeout(60_000);
  try {
    onTestFailed(async ({ task }) => {
      mkdirSync(evidence, { recursive: true });
      await page.screenshot({
        path: join(evidence, `${task.name.replaceAll(/\W+/g, "-").slice(0, 60)}-${number}.png`),
      });
    });
  } catch {
    // Outside of a test nobody fails.
  }
  return page;
}

/** End the browser. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}
