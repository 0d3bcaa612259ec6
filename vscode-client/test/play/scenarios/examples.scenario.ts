import { expect, test } from "vitest";
import { playing } from "../playing";

const play = playing();

test("an example types itself letter by letter, and what it gives is what a direct run gives", async () => {
  const page = await play().open();
  await page.examples.first().waitFor();
  const whole = (await page.examples.first().getAttribute("title"))!;
  await page.examples.first().click();
  const seen = new Set<string>();
  await expect
    .poll(
      async () => {
        const text = await page.text();
        seen.add(text);
        return text;
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe(whole);
  expect(seen.size).toBeGreaterThan(20);
  for (const text of seen) expect(whole.startsWith(text)).toBe(true);
  // The mean is written by each in its own way.
  await page.shows(play().server.direct(whole), ([first, n]) => [first!, n!]);
});

test("Escape, a key and the button stop it, and the text so far stays", async () => {
  const page = await play().open();
  const stop = page.page.getByRole("button", { name: "Stop typing" });
  for (const how of ["Escape", "x", "button"]) {
    await page.examples.first().click();
    await expect.poll(async () => (await page.text()).length, { timeout: 20_000 }).toBeGreaterThan(5);
    if (how === "button") await stop.click();
    else await page.page.keyboard.press(how);
    await expect.poll(() => stop.isVisible()).toBe(false);
    const text = await page.text();
    expect(text.length).toBeGreaterThan(5);
    // Two keystrokes of a person later, it is the same.
    await page.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
    expect(await page.text()).toBe(text);
  }
});
