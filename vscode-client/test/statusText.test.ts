import { expect, test } from "vitest";
import { statusText } from "../src/statusText";
import { status } from "./samples";

test("an open connection is named, with what speculation does", () => {
  const { text, tooltip, isProblem } = statusText(status, "running");
  expect(text).toBe("$(database) sales.duckdb $(sync~spin) saved 41 min");
  expect(tooltip.split("\n")).toEqual([
    "DuckDB 2.0.0",
    "24 tables, read-only",
    "Speculation running",
    "498 MB of 2 GB temp tables · saved 41 min",
    "Click for connection, pause, budget, log.",
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

test("the budget of the hour is said where there is one", () => {
  const speculation = { ...status.connection.speculation!, paid: true, hourShare: 0.12, hour: "$0.12 of $1.00" };
  const shown = statusText({ ...status, connection: { ...status.connection, speculation } }, "running");
  expect(shown.tooltip.split("\n")).toContain("Of this hour's budget $0.12 of $1.00");
});

test("the connection is that of the document that the user is in, and why nothing is run ahead there", () => {
  const held = { mode: "free", paid: true, reason: "Snowflake charges.", hourShare: null, hour: "" } as const;
  const other = { ...status.connection, name: "sales", label: "sales on acme", speculation: held };
  const uri = "file:///report.sql";
  const documents = [{ uri, name: "sales", chosenBy: "comment" as const, problem: "" }];
  const known = { ...status, connections: [status.connection, other], documents };
  const shown = statusText(known, "running", { uri });
  expect(shown.text).toBe("$(database) sales on acme $(debug-pause) saved 41 min");
  expect(shown.tooltip).toContain("Speculation paused: Snowflake charges.");
  expect(statusText(known, "running", { uri: "file:///other.sql" }).text).toContain("sales.duckdb $(sync~spin)");
  // And the other way round: what holds the first one back is not said of the others.
  const first = { ...status.connection, speculation: held };
  const free = { ...other, speculation: status.connection.speculation };
  const paused = { state: "paused", reason: held.reason } as const;
  const turned = { ...known, connection: first, connections: [first, free], speculation: paused };
  expect(statusText(turned, "running", { uri }).text).toBe("$(database) sales on acme saved 41 min");
  const byUser = { state: "paused", reason: "Paused by you: speql.pause goes on." } as const;
  expect(statusText({ ...turned, speculation: byUser }, "running", { uri }).tooltip).toContain("paused: Paused by you");
});

test("restricted mode is said", () => {
  const speculation = { state: "off", reason: "You have not trusted this workspace." } as const;
  const shown = statusText({ ...status, speculation }, "running");
  expect(shown.text).toContain("$(shield) restricted mode");
  expect(shown.tooltip).toContain("Speculation off: You have not trusted this workspace.");
});

test("what failed is said", () => {
  const connection = { ...status.connection, state: "failed", message: "The file is locked." } as const;
  const shown = statusText({ ...status, connection }, "running");
  expect(shown.isProblem).toBe(true);
  expect(shown.tooltip).toContain("The file is locked.");
});

test("a server that starts, and one that has stopped", () => {
  expect(statusText(null, null).text).toContain("starting");
  const restarting = statusText(status, "restarting", { restart: { seconds: 2, attempt: 2, attempts: 5 } });
  expect(restarting.text).toContain("starting again");
  expect(restarting.tooltip).toBe("The server stopped. Starting again in 2 s, attempt 2 of 5. Your text is untouched.");
  const installing = statusText(null, null, { step: "downloading duckdb (3 of 55)" });
  expect(installing.text).toContain("installing");
  expect(installing.tooltip).toContain("downloading duckdb (3 of 55)");
  expect(statusText(status, "stopped")).toMatchObject({ isProblem: true, text: "$(database) SpeQL: stopped" });
});
