import { expect, test } from "vitest";
import type { SpeculationSet } from "../src/protocol.gen";
import { choices, dollarsOf, saysHolds } from "../src/spending";

const none = { dollars: null, seconds: null, bytes: null };
const paid: SpeculationSet = {
  connection: "a project",
  mode: "budget",
  paid: true,
  perStatement: { dollars: 0.1, seconds: 60, bytes: null },
  perHour: { ...none, dollars: 1 },
  perDay: none,
  concurrency: 2,
  resumeWarehouse: false,
  byCommand: false,
  reason: "",
};

test("what holds is said in a line", () => {
  expect(saysHolds(paid)).toBe("working ahead for at most $0.10 and 60 s a statement, $1.00 an hour");
  expect(saysHolds({ ...paid, mode: "free" })).toBe("only what costs nothing is run ahead");
  expect(saysHolds({ ...paid, mode: "off" })).toBe("nothing is run ahead");
  expect(saysHolds({ ...paid, perStatement: none, perHour: none })).toBe("working ahead without limits");
});

test("dollars are asked for where there are dollars, and the settings offered where something else was chosen", () => {
  const modes = (of: SpeculationSet) => choices(of).map(({ settings, asksDollars }) => asksDollars ?? settings?.mode);
  expect(modes(paid)).toEqual(["off", "free", "budget", true]);
  expect(modes({ ...paid, paid: false, byCommand: true })).toEqual(["off", "free", "budget", undefined]);
});

test.each([
  ["5", 5],
  [" $2.50 ", 2.5],
  ["0", 0],
  ["-1", null],
  ["1e9", null],
  ["", null],
  ["five", null],
])("%s is %s dollars", (text, dollars) => expect(dollarsOf(text)).toBe(dollars));
