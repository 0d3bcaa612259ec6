import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faults } from "../accessibility";
import { client, machine } from "../machine";
import { PanelPage } from "../panelPage";

/** The panel with the sample messages of the gallery, in a plain page. */
const folder = mkdtempSync(join(tmpdir(), "speql-accessibility-"));
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await build({
    entryPoints: [join(client, "test/gallery.ts")],
    outfile: join(folder, "gallery.js"),
    bundle: true,
    logLevel: "warning",
  });
  await build({
    entryPoints: [join(client, "src/panel/panel.css")],
    outfile: join(folder, "gallery.css"),
    bundle: true,
    logLevel: "warning",
  });
  const head = '<meta charset="utf-8"><title>SpeQL</title><link rel="stylesheet" href="gallery.css">';
  writeFileSync(
    join(folder, "gallery.html"),
    `<!doctype html><html lang="en">${head}<body><script src="gallery.js"></script></body></html>`,
  );
  browser = await chromium.launch({ executablePath: machine().chromium, args: ["--no-sandbox"] });
  const context = await browser.newContext({ reducedMotion: "reduce" });
  page = await context.newPage();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The faults of a scene of the gallery. */
async function faultsOf(scene: { scene: string; tab: string; theme: string; width: number }): Promise<string[]> {
  await page.setViewportSize({ width: scene.width, height: 760 });
  const hash = new URLSearchParams({ ...scene, width: String(scene.width) });
  // Another query, so that the browser loads the page again for another hash.
  await page.goto(`${pathToFileURL(join(folder, "gallery.html"))}?${hash}#${hash}`);
  const panel = new PanelPage(page);
  await panel.root.waitFor();
  return faults(panel.root);
}

const themes = ["dark", "light", "hc", "hc-light"];
const states = ["stale", "failed", "stopped", "few", "empty", "first", "cached", "predicted"];

describe.each(themes)("in the theme %s", (theme) => {
  for (const tab of ["rows", "diff", "jobs"]) {
    test(`axe finds no fault in the tab ${tab}, narrow and wide`, async () => {
      for (const width of [420, 900])
        expect(await faultsOf({ scene: "repaired", tab, theme, width }), `at ${width}`).toEqual([]);
    });
  }

  test(`axe finds no fault in the tab chart in ${theme}, narrow and wide`, async () => {
    for (const width of [420, 900])
      expect(await faultsOf({ scene: "repaired", tab: "chart", theme, width }), `at ${width}`).toEqual([]);
  });
});

test.each(states)("axe finds no fault in the state %s", async (scene) => {
  for (const theme of ["dark", "light"])
    expect(await faultsOf({ scene, tab: "rows", theme, width: 420 }), theme).toEqual([]);
});
