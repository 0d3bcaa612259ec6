import { expect, test } from "vitest";
import { playing } from "../playing";
import { rowsOf } from "../playPage";

const play = playing();

test("a query is typed: the preview follows, and its rows are those of a direct run", async () => {
  const page = await play().open();
  await page.type("SELECT origin, count(*) AS n FROM flights GROUP BY origin ORDER BY origin");
  const sql = await page.text();
  expect(sql).toBe("SELECT origin, count(*) AS n FROM flights GROUP BY origin ORDER BY origin");
  await page.shows(play().server.direct(sql));
  const [, second] = play().server.direct(sql);
  await expect.poll(() => page.panel.cells(2)).toEqual(second);
  // Rows came while it was typed, of what had been typed until then.
  expect(page.previews.filter(({ outcome }) => outcome === "rows").length).toBeGreaterThan(2);
  for (const tab of ["Chart", "Diff", "Jobs", "Rows"] as const) await page.panel.show(tab);
});

test("an unfinished query has its rows too, and Alt+M writes the repair", async () => {
  const page = await play().open();
  await page.type("SELECT name FROM airlnes");
  const repaired = await page.preview(
    "the repaired query",
    ({ outcome, edits }) => outcome === "rows" && edits.length > 0,
  );
  expect(rowsOf(repaired)).toEqual(play().server.direct("SELECT name FROM airlines"));
  await page.page.keyboard.press("Escape");
  await page.page.keyboard.press("Alt+m");
  await expect.poll(() => page.text()).toBe("SELECT name FROM airlines");
  await page.page.keyboard.press("Control+z");
  await expect.poll(() => page.text()).toBe("SELECT name FROM airlnes");
});

test("Ctrl+Enter submits: all rows of the statement", async () => {
  const page = await play().open();
  const sql = "SELECT id, carrier FROM flights WHERE id < 12 ORDER BY id";
  await page.type(sql);
  await page.page.keyboard.press("Control+Enter");
  const submitted = await page.preview("the submit", ({ purpose }) => purpose === "submit");
  expect(submitted.complete).toBe(true);
  expect(rowsOf(submitted)).toEqual(play().server.direct(sql));
});

test("two Enters behind a finished query submit it", async () => {
  const page = await play().open();
  await page.type("SELECT count(*) AS n FROM flights;");
  await page.exact(["n"]);
  await page.page.keyboard.press("Enter");
  await page.page.keyboard.press("Enter");
  const submitted = await page.preview("the submit", ({ purpose }) => purpose === "submit");
  expect(rowsOf(submitted)).toEqual([["20000"]]);
});

test("ghost text: Tab takes it, a word at a time too, Escape dismisses it", async () => {
  const page = await play().open();
  const typed = "SELECT f.id FROM flights f JOIN airlines a ON ";
  await page.type(typed);
  await page.ghost.waitFor();
  const ghost = (await page.ghost.textContent())!;
  expect(ghost.length).toBeGreaterThan(3);
  await page.page.keyboard.press("Control+ArrowRight");
  const word = (await page.text()).slice(typed.length);
  expect(word.length).toBeGreaterThan(0);
  expect(ghost.startsWith(word)).toBe(true);
  expect(await page.ghost.textContent()).toBe(ghost.slice(word.length));
  await page.page.keyboard.press("Tab");
  await expect.poll(() => page.text()).toBe(typed + ghost);
  await expect.poll(() => page.ghost.count()).toBe(0);

  await page.clear();
  await page.type(typed);
  await page.ghost.waitFor();
  await page.page.keyboard.press("Escape");
  // The first Escape may close the list of completions.
  if ((await page.ghost.count()) > 0) await page.page.keyboard.press("Escape");
  await expect.poll(() => page.ghost.count()).toBe(0);
  expect(await page.text()).toBe(typed);
});

test("completion, diagnostics and hover come from the server", async () => {
  const page = await play().open();
  await page.type("SELECT f.dep_d FROM flights f");
  await page.page.locator(".cm-lintRange-error, .cm-lintRange-warning").first().waitFor();
  await page.clear();
  await page.type("SELECT dep_delay FROM flights WHERE dep");
  await page.page
    .getByRole("option", { name: /dep_delay/ })
    .first()
    .waitFor();
  await page.page.keyboard.press("Escape");
  // The name begins behind `SELECT `: seven letters of the line.
  await page.editor.locator(".cm-line").hover({ position: { x: 100, y: 10 } });
  await page.page.locator(".cm-lsp-hover-tooltip").waitFor();
  expect(await page.page.locator(".cm-lsp-hover-tooltip").textContent()).toContain("INTEGER");
});
