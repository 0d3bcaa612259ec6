import { expect, test } from "vitest";
import { directRows, rowsOf, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "categories.sql";
const typed =
  "SELECT i_category, count(*) AS items\nFROM item\nWHERE i_item_sk IN (1, 2, 3, 5, 8, 13\nGROUP BY i_category\nORDER BY i_category";
const meant = typed.replace("13\n", "13)\n");

const workbench = workbenchOf({
  files: { [file]: "", "later.sql": "" },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("an unfinished query is repaired, the Diff tab says how, and Alt+M writes it", async () => {
  const { heard, panel, page } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  const version = await workbench().type(file, typed);
  const shown = await heard.preview(
    "The repaired preview",
    (found) => found.version >= version && found.outcome === "rows",
  );
  expect(shown.edits.map((edit) => edit.newText.trim())).toEqual([")"]);
  expect(rowsOf(shown)).toEqual(directRows(tpcds, meant));

  await expect.poll(() => panel.badge("Diff").textContent()).toBe("1");
  await panel.show("Diff");
  expect(await panel.changes.allTextContents()).toEqual([expect.stringContaining(shown.edits[0]!.reason)]);

  await workbench().focusEditor(file);
  await page.keyboard.press("Alt+m");
  const accepted = await workbench().editedTo(file, version + 1);
  const mended = await heard.preview(
    "The preview of the mended text",
    (found) => found.version >= accepted && found.outcome === "rows",
  );
  expect(mended.edits).toEqual([]);
  await panel.badge("Diff").waitFor({ state: "detached" });
  const text = await workbench().saved(file);
  expect(text.replace(/\s+/g, "")).toBe(meant.replace(/\s+/g, ""));
  expect(directRows(tpcds, text)).toEqual(directRows(tpcds, meant));

  await page.keyboard.press("Control+z");
  expect(await workbench().saved(file)).toBe(typed);
});

test("the panel's own button accepts, too, and Alt+M works while the keyboard is in the panel", async () => {
  const { heard, panel, page } = workbench();
  const before = heard.version(workbench().uri(file));
  await panel.show("Diff");
  await panel.diffButton("Accept").click();
  await workbench().editedTo(file, before + 1);
  await workbench().focusEditor(file);
  await page.keyboard.press("Control+z");
  const undone = await workbench().editedTo(file, before + 2);
  await heard.preview("The repair again", (found) => found.version >= undone && found.edits.length > 0);
  await panel.tab("Rows").click();
  await page.keyboard.press("Alt+m");
  await workbench().editedTo(file, undone + 1);
  expect((await workbench().saved(file)).replace(/\s+/g, "")).toBe(meant.replace(/\s+/g, ""));
});

test("what is executed stands beside what was typed", async () => {
  const { heard, page, panel } = workbench();
  const before = heard.version(workbench().uri(file));
  await workbench().focusEditor(file);
  await page.keyboard.press("Control+z");
  const undone = await workbench().editedTo(file, before + 1);
  await heard.preview("The repair again", (found) => found.version >= undone && found.edits.length > 0);
  await panel.show("Diff");
  const region = panel.tabPanel("Diff").getByRole("region", { name: "Typed and executed SQL" });
  expect(await region.locator(".typed .ln").count()).toBe(await region.locator(".executed .ln").count());
  expect(await region.locator(".executed ins").allTextContents()).toContain(")");
});

test("ghost text comes, Escape dismisses it, and Tab would have taken it", async () => {
  const { page } = workbench();
  await workbench().openFile("later.sql");
  const ghost = workbench().editor("later.sql").locator(".ghost-text-decoration, .ghost-text");
  await workbench().type("later.sql", "SELECT i_category, count(*) FROM item GROUP ");
  await ghost.first().waitFor();
  await page.keyboard.press("Escape");
  await ghost.first().waitFor({ state: "detached" });
  expect(await workbench().saved("later.sql")).toBe("SELECT i_category, count(*) FROM item GROUP ");
});
