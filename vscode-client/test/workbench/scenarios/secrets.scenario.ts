import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { workbenchOf } from "../workbenchOf";

const file = "report.sql";
const workbench = workbenchOf({ files: { [file]: "SELECT 1 AS one" } });

/** The server's environment, once it has another one than before: what it was started with. */
async function passwordsOfNextServer(before: number): Promise<string[]> {
  await expect.poll(() => workbench().folders.serverIds.length, { timeout: 60_000 }).toBeGreaterThan(before);
  const environment = readFileSync(`/proc/${workbench().folders.serverIds.at(-1)}/environ`, "utf8").split("\0");
  return environment.filter((variable) => variable.startsWith("SPEQL_PASSWORD_"));
}

/** Answer what VS Code asks above the editor. */
async function answer(title: RegExp, text: string): Promise<void> {
  const { page } = workbench();
  await page.locator(".quick-input-title").filter({ hasText: title }).waitFor();
  await page.locator(".quick-input-widget input").fill(text);
  await page.keyboard.press("Enter");
}

test("the password of a connection is asked for, kept by VS Code, and handed to the server alone", async () => {
  await workbench().openFile(file);
  await expect.poll(() => workbench().folders.serverIds.length, { timeout: 60_000 }).toBe(1);
  await workbench().run("SpeQL: Set a Connection's Password");
  await answer(/Password \(1\/2\)/, "my-shop");
  await workbench().page.locator(".quick-input-widget input[type=password]").waitFor();
  await answer(/Password \(2\/2\)/, "hunter2");
  expect(await passwordsOfNextServer(1)).toEqual(["SPEQL_PASSWORD_MY_SHOP=hunter2"]);
});

test("an empty one is forgotten", async () => {
  await workbench().run("SpeQL: Set a Connection's Password");
  await answer(/Password \(1\/2\)/, "my-shop");
  await answer(/Password \(2\/2\)/, "");
  expect(await passwordsOfNextServer(2)).toEqual([]);
});
