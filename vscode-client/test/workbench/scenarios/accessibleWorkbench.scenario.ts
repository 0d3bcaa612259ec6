import { expect, test } from "vitest";
import { faults } from "../accessibility";
import { tpcds, tpcdsQuery } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "query01.sql";
const query = tpcdsQuery(1);
const workbench = workbenchOf({
  files: { [file]: query },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("axe finds no fault in any tab of the panel in the workbench, dark and light", async () => {
  const { heard, panel } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  await workbench().placeCursorBehind(file, query, "sum(sr_return_amt)");
  await heard.preview("The rows", ({ outcome }) => outcome === "rows");
  for (const [name, kind] of [
    ["Dark Modern", "vs-dark"],
    ["Light Modern", "vs"],
  ] as const) {
    await workbench().theme(name, kind);
    await panel.frame.locator(kind === "vs" ? "body.vscode-light" : "body.vscode-dark").waitFor();
    for (const tab of await panel.root.getByRole("tab").all()) {
      await tab.click();
      expect(await faults(panel.root), `${name}, ${await tab.textContent()}`).toEqual([]);
    }
  }
});
