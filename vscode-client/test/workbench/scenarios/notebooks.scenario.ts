import { expect, test } from "vitest";
import { directRows, rowsOf, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const python = "report.py";
const notebook = "cells.ipynb";
const cell = (id: string, source: string, metadata = {}): object => ({
  ...{ id, cell_type: "code", execution_count: null, metadata, outputs: [], source },
});
// As VS Code keeps a cell whose language is not that of the notebook.
const sqlCell = (id: string, source: string): object => cell(id, source, { vscode: { languageId: "sql" } });

const workbench = workbenchOf({
  files: {
    [python]: 'import marimo as mo\n\ntotals = mo.sql(f"""\n    SELECT count(*) AS items FROM item\n""")\n',
    [notebook]: JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { language_info: { name: "python" } },
      cells: [
        cell("a", "%%sql\nCREATE TABLE dear AS SELECT * FROM item WHERE i_current_price > 50"),
        cell("b", "%%speql\nSELECT count(*) AS items FROM item WHERE i_curre"),
        cell("c", "total = 1"),
        sqlCell("d", "SELECT max(i_item_sk) AS most FROM dea"),
      ],
    }),
  },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("SQL in mo.sql of a Python file has a preview, and errors", async () => {
  const { heard, page } = workbench();
  await workbench().openFile(python);
  await workbench().showPanel();
  await page.keyboard.press("Control+Home");
  for (let line = 0; line < 3; line += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.type(" WHERE i_item_sk < 10");
  const shown = await heard.preview(
    "The preview of the string",
    ({ uri, outcome, rows }) => uri.endsWith(python) && outcome === "rows" && rows[0]?.[0] === 9,
  );
  expect(rowsOf(shown)).toEqual(directRows(tpcds, "SELECT count(*) AS items FROM item WHERE i_item_sk < 10"));
  await page.keyboard.type(" AND nowhere = 1 ");
  await page.locator(".squiggly-error").first().waitFor();
});

test("cells behind magics have completion and previews", async () => {
  const { heard, page } = workbench();
  // Until the extensions are there, a notebook is opened as the text that it is.
  await workbench().openFile(python);
  await workbench().statusBarItem.waitFor();
  await workbench().openNotebook(notebook);
  await page.locator(".notebookOverlay .monaco-editor .view-line", { hasText: "i_curre" }).last().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("n");
  await page.locator(".suggest-widget.visible .monaco-list-row", { hasText: "i_current_price" }).first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.type("t_price > 50");
  const sql = "SELECT count(*) AS items FROM item WHERE i_current_price > 50";
  const wanted = directRows(tpcds, sql)[0]![0];
  await heard.preview(
    "The preview of the cell",
    ({ outcome, rows }) => outcome === "rows" && String(rows[0]?.[0]) === wanted,
  );
});

test("SQL cells have completion, previews over what earlier cells make, and errors", async () => {
  const { heard, page } = workbench();
  await workbench().openFile(python);
  await workbench().statusBarItem.waitFor();
  await workbench().openNotebook(notebook);
  await page.locator(".notebookOverlay .monaco-editor .view-line", { hasText: "most" }).last().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("r");
  await page.locator(".suggest-widget.visible .monaco-list-row", { hasText: "dear" }).first().waitFor();
  await page.keyboard.press("Escape");
  for (let letter = 0; letter < 4; letter += 1) await page.keyboard.press("Backspace");
  await page.keyboard.type("item WHERE i_item_sk < 7");
  const sql = "SELECT max(i_item_sk) AS most FROM item WHERE i_item_sk < 7";
  const wanted = Number(directRows(tpcds, sql)[0]![0]);
  await heard.preview(
    "The preview of the SQL cell",
    ({ outcome, rows }) => outcome === "rows" && Number(rows[0]?.[0]) === wanted,
  );
  await page.keyboard.type(" AND nowhere = 1 ");
  await page.locator(".notebookOverlay .squiggly-error").first().waitFor();
});
