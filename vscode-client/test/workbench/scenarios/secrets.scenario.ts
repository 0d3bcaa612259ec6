import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { workbenchOf } from "../workbenchOf";

const file = "report.sql";
const workbench = workbenchOf({ files: { [file]: "SELECT 1 AS one" } });

/** What the newest server was started with, once there have been so many. */
async function environmentOfServer(number: number): Promise<string[]> {
  await expect.poll(() => workbench().folders.serverIds.length, { timeout: 60_000 }).toBe(number);
  return readFileSync(`/proc/${workbench().folders.serverIds.at(-1)}/environ`, "utf8").split("\0");
}

const isPassword = (variable: string): boolean => variable.startsWith("SPEQL_PASSWORD_");

/** Answer what VS Code asks above the editor. */
async function answer(title: RegExp, text: string): Promise<void> {
  const { page } = workbench();
  await page.locator(".quick-input-title").filter({ hasText: title }).waitFor();
  await page.locator(".quick-input-widget input").fill(text);
  await page.keyboard.press("Enter");
}

test("the server has the environment of the editor", async () => {
  await workbench().openFile(file);
  const { environment } = workbench().folders;
  const given = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  expect(await environmentOfServer(1)).toEqual(expect.arrayContaining([...given, `HOME=${process.env["HOME"]}`]));
});

test("the password of a connection is asked for, kept by VS Code, and handed to the server alone", async () => {
  await workbench().run("SpeQL: Set a Connection's Password");
  await answer(/Password \(1\/2\)/, "my-shop");
  await workbench().page.locator(".quick-input-widget input[type=password]").waitFor();
  await answer(/Password \(2\/2\)/, "hunter2");
  expect((await environmentOfServer(2)).filter(isPassword)).toEqual(["SPEQL_PASSWORD_MY_SHOP=hunter2"]);
});

test("an empty one is forgotten", async () => {
  await workbench().run("SpeQL: Set a Connection's Password");
  await answer(/Password \(1\/2\)/, "my-shop");
  await answer(/Password \(2\/2\)/, "");
  expect((await environmentOfServer(3)).filter(isPassword)).toEqual([]);
});
