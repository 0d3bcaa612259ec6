import { expect, test } from "vitest";
import { directRows, rowsOf, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "stores.sql";
const query = "SELECT i_category, count(*) AS items FROM item GROUP BY i_category ORDER BY items DESC, i_category";

const workbench = workbenchOf({
  files: { [file]: "" },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("a server that crashes comes back, the panel says so, and nothing typed is lost", async () => {
  const { folders, heard, panel } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  const version = await workbench().type(file, query);
  await heard.preview("The rows", (found) => found.version >= version && found.outcome === "rows");
  const crashed = workbench().crashServer();
  const { at } = await heard.until("The server is lost", ({ all }) =>
    all.find(({ message }) => message.kind === "server" && message.state !== "running"),
  );
  await heard.until("The server is back", ({ all }) =>
    all.find((found) => found.at > at && found.message.kind === "server" && found.message.state === "running"),
  );
  expect(folders.serverIds.at(-1)).not.toBe(crashed);
  const again = await heard.until("Rows of the new server", ({ all }) =>
    all
      .filter((found) => found.at > at)
      .flatMap(({ message }) =>
        message.kind === "preview" && message.preview.outcome === "rows" ? [message.preview] : [],
      )
      .at(0),
  );
  expect(rowsOf(again)).toEqual(directRows(tpcds, query));
  await panel.notice.waitFor({ state: "detached" });
  expect(await workbench().saved(file)).toBe(query);
});

test("what is typed while there is no server is previewed by the next one", async () => {
  const { heard } = workbench();
  await workbench().focusEditor(file);
  await workbench().page.keyboard.press("Control+End");
  workbench().crashServer();
  const version = await workbench().type(file, " LIMIT 3");
  const shown = await heard.preview(
    "The rows of the new text",
    (found) => found.version >= version && found.outcome === "rows",
  );
  expect(rowsOf(shown)).toEqual(directRows(tpcds, `${query} LIMIT 3`));
  expect(await workbench().saved(file)).toBe(`${query} LIMIT 3`);
});

test("the notice says when it is tried again, and that the text is untouched", async () => {
  const { panel } = workbench();
  workbench().crashServer();
  await expect
    .poll(() => panel.notice.textContent())
    .toMatch(/The server stopped\. Starting again.*attempt \d of 5.*Your text is untouched\./);
  await panel.notice.waitFor({ state: "detached" });
});
