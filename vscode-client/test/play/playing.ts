/** A server and a browser for the tests of a file, each test with a context of its own. */

import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { browserPath } from "../page/serve";
import { PlayPage } from "./playPage";
import { PlayServer } from "./playServer";

/** What the tests of a file have. */
export interface Playing {
  server: PlayServer;
  browser: Browser;
  /** A page in a context of its own; a context is a browser without memories. */
  open(options?: BrowserContextOptions): Promise<PlayPage>;
  context(options?: BrowserContextOptions): Promise<BrowserContext>;
}

/** Have a server before the first test, and see that it ends well after the last. */
export function playing(...args: Parameters<typeof PlayServer.start>): () => Playing {
  let server: PlayServer;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const pages: PlayPage[] = [];
  const context = async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
    const made = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    contexts.push(made);
    return made;
  };
  beforeAll(async () => {
    server = await PlayServer.start(...args);
    browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((one) => one.close()));
    // The policy of the page lets nothing else load or run; a complaint would say that something tried to.
    for (const page of pages.splice(0)) expect(page.complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    expect(await server.end()).toBe(0);
  });
  return () => ({
    server,
    browser,
    context,
    open: async (options) => {
      const page = await PlayPage.open(await context(options), server.address);
      pages.push(page);
      return page;
    },
  });
}
