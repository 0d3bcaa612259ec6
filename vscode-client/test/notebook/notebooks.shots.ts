/** The pictures of notebooks in docs/images. */

import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { closeBrowser, newPage } from "./browser";
import { LabNotebook, startLab } from "./jupyterLab";
import { repository } from "./machine";
import { startMarimo } from "./marimo";
import { Widget } from "./widget";

afterAll(closeBrowser);

const images = join(repository, "docs/images");
const query = "SELECT store, count(*) AS n, sum(price) AS total FROM sales WHERE id > 100 GROUP BY store ORDER BY";

async function save(page: Page, name: string, top = 0): Promise<void> {
  const { width, height } = page.viewportSize()!;
  const clip = { x: 0, y: top, width, height: height - top };
  await page.screenshot({ path: join(images, `${name}.png`), animations: "disabled", clip });
}

test("JupyterLab, light and dark", async () => {
  const served = await startLab();
  try {
    const page = await newPage({ width: 1100, height: 800 });
    const lab = await LabNotebook.open(served, page, "sales", [
      "import speql\neditor = speql.Editor(connection='shop.duckdb')\neditor",
      "editor.df",
    ]);
    await page.getByRole("button", { name: "No", exact: true }).click();
    await lab.command("application:toggle-left-area");
    await lab.run(0);
    const widget = new Widget(lab.cell(0));
    await widget.type(query);
    await page.keyboard.press("Escape");
    await expect.poll(() => widget.rows(), { timeout: 60_000 }).toHaveLength(3);
    await save(page, "notebook-editor-light");
    await lab.command("apputils:change-theme", { theme: "JupyterLab Dark" });
    await page.locator("body[data-jp-theme-light=false]").waitFor({ state: "attached" });
    await widget.root.locator("[data-theme=dark]").first().waitFor();
    await widget.code.click();
    await page.keyboard.press("Control+End");
    await save(page, "notebook-editor-dark");
  } finally {
    await closeBrowser();
    await served.stop();
  }
});

test("marimo", async () => {
  const served = await startMarimo([
    "import marimo as mo\nimport speql",
    `editor = mo.ui.anywidget(speql.Editor("${query} total DESC", connection="shop.duckdb"))\neditor`,
    "editor.df",
  ]);
  try {
    const page = await newPage({ width: 1100, height: 1180 });
    await page.goto(served.address);
    await page.locator(".cm-content").first().waitFor();
    await page.keyboard.press("Control+Shift+r");
    const widget = new Widget(page.locator("body"));
    await expect.poll(() => widget.rows(), { timeout: 60_000 }).toHaveLength(3);
    // Above the cells there is the path of the file.
    await save(page, "notebook-marimo", 100);
  } finally {
    await closeBrowser();
    await served.stop();
  }
});
