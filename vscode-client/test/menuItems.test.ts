import { expect, test } from "vitest";
import { budgetLines, menuItems, type MenuItem } from "../src/menuItems";
import { status } from "./samples";

const commands = (items: MenuItem[]): string[] => items.flatMap((item) => ("command" in item ? [item.command] : []));
const item = (items: MenuItem[], command: string): MenuItem | undefined =>
  items.find((found) => "command" in found && found.command === command);

test("a running server can be paused, and says what it does", () => {
  const items = menuItems(status, "running");
  expect(commands(items)).toEqual([
    "speql.selectDatabase",
    "speql.selectConnection",
    "speql.pause",
    "speql.cancel",
    "speql.showBudget",
    "speql.setSpeculation",
    "speql.showLog",
    "speql.restartServer",
    "workbench.action.openSettings",
  ]);
  expect(item(items, "speql.pause")).toMatchObject({ description: "running", args: [true] });
  expect(item(items, "speql.selectDatabase")).toMatchObject({ description: "sales.duckdb" });
});

test.each([
  ["Paused by you: speql.pause goes on.", false],
  ["The hourly budget is spent.", true],
])("paused because %j, the entry pauses: %s", (reason, pauses) => {
  const items = menuItems({ ...status, speculation: { state: "paused", reason } }, "running");
  expect(item(items, "speql.pause")).toMatchObject({ args: [pauses], description: `paused: ${reason}` });
});

test("speculation that is off cannot be paused", () => {
  const off = { ...status, speculation: { state: "off", reason: "Switched off by the settings." } } as const;
  expect(item(menuItems(off, "running"), "speql.pause")).toBeUndefined();
});

test("without a server there is what starts it", () => {
  expect(commands(menuItems(null, "stopped"))).toEqual([
    "speql.selectDatabase",
    "speql.showBudget",
    "speql.showLog",
    "speql.restartServer",
    "workbench.action.openSettings",
  ]);
});

test("each budget is listed with what of it is spent", () => {
  const languageModel = {
    ...status.languageModel,
    state: "idle",
    dollarsHour: 0.5,
    dollarsPerHour: 2,
    exact: false,
  } as const;
  const lines = budgetLines({ ...status, languageModel });
  expect(lines).toContainEqual(["$(hubot) Language model, this hour", "≈ $0.500 of $2.00"]);
  expect(budgetLines(status)).toContainEqual(["$(hubot) Language model", expect.stringContaining("off")]);
  expect(budgetLines(null)).toEqual([]);
  const speculation = { mode: "budget", paid: true, reason: "", hourShare: 0.12, hour: "$0.12 of $1.00" } as const;
  const connections = [status.connection, { ...status.connection, label: "sales on acme", speculation }];
  const paid = budgetLines({ ...status, connections });
  expect(paid.filter(([label]) => label.endsWith("this hour"))).toEqual([
    ["$(dashboard) sales on acme, this hour", "$0.12 of $1.00"],
  ]);
});
