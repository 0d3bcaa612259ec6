import { expect, test } from "vitest";
import { PanelMemory } from "../src/panelMemory";
import type { ToPanel } from "../src/panel/messages";
import { failed, jobs, sales, status, uri } from "./samples";

const rows: ToPanel = { kind: "preview", preview: sales };
const failure: ToPanel = { kind: "preview", preview: failed };
const edited: ToPanel = { kind: "edited", uri, version: 2 };

function replayed(...messages: ToPanel[]): ToPanel[] {
  const memory = new PanelMemory();
  for (const message of messages) memory.keep(message);
  return memory.replay();
}

test("rows are replayed before the failure that came after them", () => {
  const document: ToPanel = { kind: "document", uri, name: "weekly_report.sql" };
  const told: ToPanel[] = [document, { kind: "status", status }, rows, edited, failure, { kind: "jobs", jobs }];
  expect(replayed(...[...told].reverse().filter((message) => message !== failure), failure)).toEqual(told);
});

test("only the newest of a kind is replayed", () => {
  const newer: ToPanel = { kind: "preview", preview: { ...sales, version: 5 } };
  expect(replayed(rows, newer)).toEqual([newer, newer]);
});

test("a closed document is forgotten", () => expect(replayed(rows, edited, { kind: "closed", uri })).toEqual([]));
