import { test } from "vitest";
import { sales } from "../data";
import { workbenchOf } from "../workbenchOf";
import { spread } from "./spread";

const file = "sales.sql";
const workbench = workbenchOf({
  files: { [file]: "" },
  links: { "sales.duckdb": sales },
  settings: { "speql.database": "sales.duckdb" },
});

test("scrolling ten million rows", async () => {
  const { heard, page, panel } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  const version = await workbench().type(file, "SELECT * FROM sales");
  await heard.preview("The first rows", (found) => found.version >= version && found.outcome === "rows");
  await panel.pagerButton("Next page").click();
  const box = (await panel.grid.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const wheeled = await framesOf(async () => {
    for (let step = 0; step < 200; step += 1) await page.mouse.wheel(0, 260);
  });
  const right = box.x + box.width - 5;
  const dragged = await framesOf(async () => {
    await page.mouse.move(right, box.y + 90);
    await page.mouse.down();
    await page.mouse.move(right, box.y + box.height - 20, { steps: 120 });
    await page.mouse.up();
  });
  console.log(`Scrolling ten million rows, milliseconds between frames:`);
  console.log(`  by the wheel: ${spread(wheeled)}`);
  console.log(`  by the scroll bar, from the first row to the last: ${spread(dragged)}`);

  /** The times between the frames of the panel while something is done. */
  async function framesOf(work: () => Promise<void>): Promise<number[]> {
    await panel.root.evaluate(() => {
      const times: number[] = [];
      const next = (): void => {
        times.push(performance.now());
        if ((globalThis as { speqlFrames?: number[] }).speqlFrames === times) requestAnimationFrame(next);
      };
      (globalThis as { speqlFrames?: number[] }).speqlFrames = times;
      next();
    });
    await work();
    const times = await panel.root.evaluate(() => {
      const found = (globalThis as { speqlFrames?: number[] }).speqlFrames!;
      delete (globalThis as { speqlFrames?: number[] }).speqlFrames;
      return found;
    });
    return times.slice(1).map((time, at) => time - times[at]!);
  }
});
