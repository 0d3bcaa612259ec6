import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { directRows, sorted, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "items.sql";
const query = "SELECT i_item_sk, i_item_id, i_category, i_current_price FROM item";

const workbench = workbenchOf({
  files: { [file]: query },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

beforeAll(async () => {
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursor(file, 1, 10);
  await workbench().heard.preview("The rows", ({ outcome }) => outcome === "rows");
});

const formats = [
  ["CSV", "csv", "read_csv"],
  ["Parquet", "parquet", "read_parquet"],
  ["JSON", "json", "read_json"],
] as const;

for (const [format, ending, reader] of formats) {
  test(`the whole result goes to a .${ending} file`, async () => {
    const { panel, folders } = workbench();
    const path = join(folders.workspace, `items.${ending}`);
    await panel.exportButton.click();
    await panel.menuItem(format).click();
    await workbench().answerPath(path);
    await expect.poll(() => existsSync(path), { timeout: 20_000 }).toBe(true);
    const values =
      "i_item_sk::VARCHAR, i_item_id::VARCHAR, i_category::VARCHAR, i_current_price::DECIMAL(7, 2)::VARCHAR";
    const written = directRows(tpcds, `SELECT ${values} FROM ${reader}('${path}')`);
    expect(sorted(written)).toEqual(sorted(directRows(tpcds, `SELECT ${values} FROM item`)));
  });
}

test("the whole result goes to a workbook", async () => {
  const { panel, folders } = workbench();
  const path = join(folders.workspace, "items.xlsx");
  await panel.exportButton.click();
  await panel.menuItem("Excel").click();
  await workbench().answerPath(path);
  await expect.poll(() => existsSync(path), { timeout: 20_000 }).toBe(true);
  expect(readFileSync(path).subarray(0, 2).toString()).toBe("PK");
});
