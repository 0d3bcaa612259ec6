/** Pictures of the page for docs/images, on the demo's data. */

import { join } from "node:path";
import { test } from "vitest";
import { playing } from "../playing";

const play = playing([], { demo: true });
const images = join(import.meta.dirname, "../../../../docs/images");

for (const colorScheme of ["light", "dark"] as const) {
  test(`the page, ${colorScheme}`, async () => {
    const page = await play().open({ colorScheme, viewport: { width: 1280, height: 800 } });
    await page.table("flights").locator(".twist").first().click();
    await page.type("SELECT a.name, f.origin, count(*) AS flights, round(avg(f.dep_delay), 1) AS mean_delay");
    await page.page.keyboard.press("Escape");
    await page.page.keyboard.type("\nFROM flights f JOIN airlines a ");
    await page.ghost.waitFor();
    await page.page.keyboard.press("Tab");
    await page.page.keyboard.press("Escape");
    await page.page.keyboard.type("\nGROUP BY a.name, f.origin\nORDER BY mean_delay DES");
    await page.page.keyboard.press("Escape");
    await page.exact(["name", "origin", "flights", "mean_delay"]);
    await page.panel.cells(1);
    await page.page.screenshot({ path: join(images, `play-${colorScheme}.png`) });
  });
}

test("the narrow page", async () => {
  const page = await play().open({ colorScheme: "light", viewport: { width: 420, height: 800 } });
  await page.type("SELECT origin, count(*) AS n FROM flights GROUP BY origin");
  await page.page.keyboard.press("Escape");
  await page.exact(["origin", "n"]);
  await page.panel.cells(1);
  await page.page.screenshot({ path: join(images, "play-narrow.png") });
});
