import { expect, test } from "vitest";
import { workbenchOf } from "../workbenchOf";

const file = "hostile.sql";
const attack = '<img src=x onerror="window.speqlBroken=1"><script>window.speqlBroken=1</script>';
const query = `SELECT '${attack}' AS "${attack.replaceAll('"', '""')}", 1 AS n`;

const workbench = workbenchOf({ files: { [file]: query } });

test("a hostile cell and a hostile name are text in each tab, and nothing runs", async () => {
  const { heard, page, panel } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursor(file, 1, 5);
  const shown = await heard.preview("The rows", ({ outcome }) => outcome === "rows");
  expect(shown.rows).toEqual([[attack, 1]]);
  await expect.poll(() => panel.cells(1)).toEqual([attack, "1"]);
  for (const tab of await panel.root.getByRole("tab").all()) {
    await tab.click();
    expect(await panel.foreign.count()).toBe(0);
  }
  for (const frame of page.frames()) {
    expect(await frame.evaluate(() => "speqlBroken" in window).catch(() => false)).toBe(false);
  }
});

test("the page's policy lets no other script, style or address in", async () => {
  const { panel } = workbench();
  const policy = await panel.frame.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toMatch(/script-src 'nonce-[^']+'(;|$)/);
  expect(policy).not.toContain("unsafe");
  // A script of somebody else that got in after all is refused by the browser.
  await panel.root.evaluate((root: HTMLElement) => {
    const script = document.createElement("script");
    script.textContent = "window.speqlBroken = 1";
    root.append(script);
    root.setAttribute("onclick", "window.speqlBroken = 1");
    root.click();
    script.remove();
    root.removeAttribute("onclick");
  });
  expect(await panel.root.evaluate(() => "speqlBroken" in window)).toBe(false);
  // These refusals were asked for.
  workbench().troubles.length = 0;
});
