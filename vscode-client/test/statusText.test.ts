import { expect, test } from "vitest";
import { statusText } from "../src/statusText";
import { status } from "./samples";

test("an open connection is named, with what speculation does", () => {
  const { text, tooltip, isProblem } = statusText(status, "running");
  expect(text).toBe("$(database) sales.duckdb $(sync~spin)");
  expect(tooltip.split("\n")).toEqual([
    "DuckDB 2.0.0",
    "24 tables, read-only",
    "Speculation running",
    "498 MB of 2 GB temp tables · saved 41 min",
    "Click to select a database.",
  ]);
  expect(isProblem).toBe(false);
});

test("a language model says what it has cost, and why it rests", () => {
  const languageModel = {
    ...status.languageModel,
    state: "paused",
    reason: "The budget is spent.",
    profile: "openai",
    tokensHour: 930,
    dollarsHour: 0.93,
    dollarsPerHour: 1,
    exact: false,
  } as const;
  expect(statusText({ ...status, languageModel }, "running").tooltip).toContain(
    "Language model openai paused: The budget is spent. · this hour 930 tokens, about $0.930 of $1.00",
  );
});

test("what failed is said", () => {
  const connection = { ...status.connection, state: "failed", message: "The file is locked." } as const;
  const shown = statusText({ ...status, connection }, "running");
  expect(shown.isProblem).toBe(true);
  expect(shown.tooltip).toContain("The file is locked.");
});

test("a server that starts, and one that has stopped", () => {
  expect(statusText(null, null).text).toContain("starting");
  expect(statusText(status, "restarting").text).toContain("starting");
  expect(statusText(status, "stopped")).toMatchObject({ isProblem: true, text: "$(database) SpeQL: stopped" });
});
