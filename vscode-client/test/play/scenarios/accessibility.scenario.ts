import { expect, test } from "vitest";
import { faults } from "../../workbench/accessibility";
import { playing } from "../playing";

const play = playing();

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 420]) {
    test(`no fault for WCAG A and AA: ${colorScheme}, ${width} wide`, async () => {
      const page = await play().open({ colorScheme, viewport: { width, height: 800 } });
      const root = page.page.locator("body");
      expect(await faults(root), "empty").toEqual([]);
      await page.type("SELECT carrier, count(*) AS n FROM flights GROUP BY carrier");
      await page.page.keyboard.press("Escape");
      await page.exact(["carrier", "n"]);
      await page.panel.cells(1);
      expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(await faults(root), "with rows").toEqual([]);
      if (width === 420) await page.page.getByRole("button", { name: "Tables" }).click();
      await page.table("flights").locator(".twist").first().click();
      expect(await faults(root), "with columns").toEqual([]);
      if (width === 420) await page.page.getByRole("button", { name: "Tables" }).click();
      await page.drop([{ name: "no.png", base64: "" }]);
      await page.messages.first().waitFor();
      expect(await faults(root), "with a message").toEqual([]);
      for (const tab of ["Chart", "Diff", "Jobs"] as const) {
        await page.panel.show(tab);
        expect(await faults(root), tab).toEqual([]);
      }
    });
  }
}

test("high contrast has the theme of high contrast", async () => {
  const page = await play().open({ contrast: "more", colorScheme: "dark" });
  expect(await page.page.evaluate(() => document.documentElement.dataset["theme"])).toBe("hc");
  expect(await faults(page.page.locator("body"))).toEqual([]);
});

test("the border between editor and preview moves by keys", async () => {
  const page = await play().open();
  const border = page.page.getByRole("separator", { name: "Size of the editor" });
  const before = (await page.editor.boundingBox())!;
  await border.focus();
  for (let at = 0; at < 3; at += 1) await page.page.keyboard.press("ArrowUp");
  await expect
    .poll(async () => (await page.page.locator(".playeditor").boundingBox())!.height)
    .toBeLessThan(before.height + 400);
  expect(Number(await border.getAttribute("aria-valuenow"))).toBe(33);
});
