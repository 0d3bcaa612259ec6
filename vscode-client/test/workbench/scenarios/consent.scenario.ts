import { expect, test } from "vitest";
import { directRows, rowsOf, tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "report.sql";
const query = "SELECT i_category, count(*) AS items FROM item GROUP BY i_category ORDER BY i_category";
const question = /Snowflake charges for what runs on sales on acme/;

/** The question among what the workbench has told; after a few seconds it waits there, behind the bell. */
const asked = () => workbench().notifications.filter({ hasText: question });

const workbench = workbenchOf({
  files: { [file]: "" },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
  server: "charging",
});

test("where an engine charges, the user is asked with the budget, and nothing that costs runs before", async () => {
  const { heard } = workbench();
  await workbench().openFile(file);
  await expect.poll(() => workbench().statusBarItem.textContent(), { timeout: 60_000 }).toContain("sales on acme");
  await workbench().run("Notifications: Show Notifications");
  await asked().waitFor();
  expect(await asked().textContent()).toMatch(/\$0\.10 a statement, \$1\.00 an hour and \$5\.00 a day/);
  await workbench().showPanel();
  await workbench().focusEditor(file);
  const version = await workbench().type(file, query);
  const held = await heard.preview("Why there are no rows", (found) => found.version >= version);
  expect(held.outcome).not.toBe("rows");
  expect(held.problems.map(({ message }) => message).join(" ")).toMatch(/Snowflake charges/);
  await expect.poll(() => workbench().panel.footer.textContent(), { timeout: 20_000 }).toMatch(/paused/);
});

test("once that is allowed, the rows come by themselves, and the panel says what they have cost of the budget", async () => {
  const { heard, panel } = workbench();
  await workbench().run("Notifications: Show Notifications");
  await asked().getByRole("button", { name: "Up to $5.00 a day" }).click();
  const shown = await heard.preview("The rows", ({ outcome }) => outcome === "rows");
  expect(rowsOf(shown)).toEqual(directRows(tpcds, query));
  await expect.poll(() => panel.footer.textContent(), { timeout: 20_000 }).toMatch(/spent \$\d+\.\d\d/);
  await panel.footer.getByRole("img", { name: /% of the hourly budget spent$/ }).waitFor();
});

test("nobody is asked again, by a server that is started anew either", async () => {
  const { heard, panel } = workbench();
  const restarted = heard.all.length;
  await workbench().run("SpeQL: Restart the Server");
  await heard.until("Rows of the new server", ({ all }) =>
    all.slice(restarted).find(({ message }) => message.kind === "preview" && message.preview.outcome === "rows"),
  );
  await expect.poll(() => panel.footer.textContent(), { timeout: 20_000 }).not.toMatch(/paused/);
  await workbench().run("Notifications: Show Notifications");
  expect(await asked().count()).toBe(0);
});
