import { expect, test } from "vitest";
import { PanelMemory } from "../src/panelMemory";
import type { News } from "../src/panel/messages";
import { failed, jobs, sales, status, uri } from "./samples";

const rows: News = { kind: "preview", preview: sales };
const failure: News = { kind: "preview", preview: failed };
const edited: News = { kind: "edited", uri, version: 2 };

function replayed(...messages: News[]): News[] {
  const memory = new PanelMemory();
  for (const message of messages) memory.keep(message);
  return memory.replay();
}

test("rows are replayed before the failure that came after them", () => {
  const document: News = { kind: "document", uri, name: "weekly_report.sql" };
  const told: News[] = [document, { kind: "status", status }, rows, edited, failure, { kind: "jobs", jobs }];
  expect(replayed(...[...told].reverse().filter((message) => message !== failure), failure)).toEqual(told);
});

test("only the newest of a kind is replayed", () => {
  const newer: News = { kind: "preview", preview: { ...sales, version: 5 } };
  expect(replayed(rows, newer)).toEqual([newer, newer]);
});

test("a closed document is forgotten", () => expect(replayed(rows, edited, { kind: "closed", uri })).toEqual([]));
