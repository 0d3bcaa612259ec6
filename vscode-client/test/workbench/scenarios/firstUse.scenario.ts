import { expect, test } from "vitest";
import { directRows, rowsOf, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "report.sql";
const query = "SELECT count(*) AS items FROM item";
const workbench = workbenchOf({
  files: { [file]: query },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
  server: "bundled",
});

test("the extension installs its own server on first use, and shows rows", async () => {
  const { heard } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursor(file, 1, 10);
  const shown = await heard.preview("The rows", ({ outcome }) => outcome === "rows");
  expect(rowsOf(shown)).toEqual(directRows(tpcds, query));
});
