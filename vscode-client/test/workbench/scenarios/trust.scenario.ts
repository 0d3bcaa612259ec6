import { expect, test } from "vitest";
import { tpcds } from "../data";
import { workbenchOf } from "../workbenchOf";

const file = "report.sql";
const workbench = workbenchOf({
  files: { [file]: "SELECT count(*) AS items FROM item" },
  links: { "tpcds.duckdb": tpcds },
  settings: { "speql.database": "tpcds.duckdb" },
  userSettings: { "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" },
  asksForTrust: true,
});

test("in a folder that is not trusted nothing runs, neither ahead nor by a submit", async () => {
  const { heard, page, panel } = workbench();
  await workbench().openFile(file);
  await expect.poll(() => workbench().statusBarItem.textContent(), { timeout: 60_000 }).toMatch(/restricted|trust/i);
  await workbench().showPanel();
  await workbench().type(file, " ");
  await page.keyboard.press("Control+Enter");
  await workbench().run("Notifications: Show Notifications");
  await workbench().notifications.filter({ hasText: /trust/ }).first().waitFor();
  await expect.poll(() => panel.root.locator(".is-late").count()).toBe(0);
  expect(await panel.notice.count()).toBe(0);
  expect(heard.previews.filter(({ outcome }) => outcome === "rows")).toEqual([]);
});
