import { expect, test } from "vitest";
import { tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "report.sql";
const workbench = workbenchOf({
  files: {
    [file]: "SELECT count(*) AS items FROM item",
    "notes.txt": "no SQL",
    "stores.csv": "id,name\n1,able\n2,ese\n",
  },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("the status bar names the connection, and its menu offers what can be done", async () => {
  await workbench().openFile(file);
  await expect.poll(() => workbench().statusBarItem.textContent(), { timeout: 20_000 }).toContain("tpcds.duckdb");
  await workbench().statusBarItem.click();
  for (const item of [/connection/i, /pause/i, /budget/i, /log/i, /restart/i])
    await workbench().items(item).first().waitFor();
  await workbench().page.keyboard.press("Escape");
});

test("data files of the folder are offered", async () => {
  await workbench().openFile(file);
  await workbench().run("SpeQL: Select a Database");
  for (const name of ["tpcds.duckdb", "stores.csv"]) await workbench().items(name).first().waitFor();
  await workbench().page.keyboard.press("Escape");
});
