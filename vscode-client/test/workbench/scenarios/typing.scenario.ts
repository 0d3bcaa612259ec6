import { expect, test } from "vitest";
import { directRows, rowsOf, shown, sorted, tpcds, tpcdsQuery } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "query01.sql";
const query = tpcdsQuery(1);
/** The CTE's query stands alone in its parentheses. */
const cte = query.slice(query.indexOf("(") + 1, query.indexOf(")\nSELECT"));

const workbench = workbenchOf({
  files: { [file]: "" },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("TPC-DS query 1 is typed character by character: previews change, and the submit's rows are those of a direct run", async () => {
  const { heard, panel, page } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();

  const head = query.slice(0, query.indexOf(")\nSELECT"));
  const atCte = await workbench().type(file, head);
  const ofCte = await heard.preview(
    "The preview of the CTE",
    ({ version, outcome }) => version >= atCte && outcome === "rows",
  );
  expect(ofCte.breadcrumb).toEqual(["main", "CTE customer_total_return"]);
  const direct = sorted(directRows(tpcds, cte));
  expect(direct).toEqual(expect.arrayContaining(rowsOf(ofCte)));
  expect(await panel.cells(1)).toEqual(shown(rowsOf(ofCte)[0]!));
  await expect.poll(() => panel.breadcrumb.last().textContent()).toBe("CTE customer_total_return");

  const version = await workbench().type(file, query.slice(head.length));
  const last = heard.keys.at(-1)!;
  // What came before the last key.
  const whileTyping = heard.all.flatMap(({ message, at }) =>
    message.kind === "preview" && message.preview.outcome === "rows" && at < last ? [message.preview] : [],
  );
  const different = new Set(
    whileTyping.map(({ breadcrumb, columns, rows }) => JSON.stringify([breadcrumb, columns, rows])),
  );
  expect(different.size).toBeGreaterThan(5);
  expect(new Set(whileTyping.map(({ breadcrumb }) => breadcrumb.at(-1)))).toContain("main");

  await page.keyboard.press("Control+Enter");
  const submitted = await heard.preview(
    "The rows of the submit",
    (found) => found.purpose === "submit" && found.version === version,
  );
  const wanted = directRows(tpcds, query);
  expect(wanted.length).toBeGreaterThan(0);
  expect(submitted).toMatchObject({
    outcome: "rows",
    complete: true,
    edits: [],
    states: expect.arrayContaining(["exact"]),
  });
  expect(rowsOf(submitted)).toEqual(wanted);
  await expect.poll(() => panel.cells(1)).toEqual(shown(wanted[0]!));
  // Of the rows only those in view are drawn; the grid says how many there are, the header's among them.
  expect(await panel.grid.getAttribute("aria-rowcount")).toBe(String(wanted.length + 1));
  expect(await workbench().saved(file)).toBe(query);
});

test("keys that SpeQL has nothing to do with do what they always do", async () => {
  const { page } = workbench();
  await workbench().focusEditor(file);
  await page.keyboard.press("Control+End");
  for (const key of ["Enter", "-", "-", " ", "a", "Backspace", "b", "Escape", "c", "Tab", "d"])
    await page.keyboard.press(key);
  expect(await workbench().saved(file)).toBe(`${query}\n-- bc   d`);
});
