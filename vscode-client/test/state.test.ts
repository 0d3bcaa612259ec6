import { expect, test } from "vitest";
import type { News } from "../src/panel/messages";
import { currentDocument, nothingYet, received, type DocumentState, type PanelState } from "../src/panel/state";
import { failed, jobs, preview, sales, uri } from "./samples";

const shown = (version: number): News => ({ kind: "preview", preview: { ...sales, version } });
const edited = (version: number): News => ({ kind: "edited", uri, version });

/** The state after messages, each a second after the one before. */
function after(...messages: News[]): DocumentState {
  const state = messages.reduce<PanelState>((known, message, at) => received(known, message, at * 1_000), nothingYet);
  return currentDocument(state)!;
}

test("a preview is shown and matches the text", () => {
  expect(after(shown(1))).toMatchObject({ shown: { version: 1 }, staleSince: null, waiting: null });
});

test("an edit keeps the old rows and makes them stale from then on", () => {
  expect(after(shown(1), edited(2), edited(3))).toMatchObject({
    shown: { version: 1 },
    staleSince: 1_000,
    waiting: { version: 3, since: 2_000 },
  });
});

test("the answer to an older text replaces the rows, which stay stale", () => {
  expect(after(shown(1), edited(2), edited(3), shown(2))).toMatchObject({ shown: { version: 2 }, staleSince: 1_000 });
});

test("the answer to the newest text ends the wait", () => {
  expect(after(shown(1), edited(2), shown(2))).toMatchObject({
    shown: { version: 2 },
    staleSince: null,
    waiting: null,
  });
});

test("an overtaken preview is dropped", () => {
  expect(after(shown(3), shown(2))).toMatchObject({ shown: { version: 3 } });
});

test("an edit that is answered already is no wait", () => {
  expect(after(shown(2), edited(2))).toMatchObject({ waiting: null, staleSince: null });
});

test("a failure keeps the old rows, stale", () => {
  const state = after(shown(1), edited(2), { kind: "preview", preview: failed });
  expect(state).toMatchObject({ shown: { version: 1 }, staleSince: 1_000, waiting: null, failedAt: 2_000 });
});

test("a submit that is refused leaves the rows of the same text as they are", () => {
  const refused = preview({ outcome: "failed", purpose: "submit", version: 1 });
  expect(after(shown(1), { kind: "preview", preview: refused })).toMatchObject({ staleSince: null, failedAt: 1_000 });
  expect(after(shown(1), edited(2), { kind: "preview", preview: { ...refused, version: 2 } }).staleSince).toBe(1_000);
});

test("nothing to run keeps the old rows, stale", () => {
  const state = after(shown(1), { kind: "preview", preview: preview({ version: 2 }) });
  expect(state).toMatchObject({ shown: { version: 1 }, staleSince: 1_000, failedAt: null });
});

test("a document that is opened again starts its versions again", () => {
  expect(after(shown(9), { kind: "closed", uri }, shown(1))).toMatchObject({ shown: { version: 1 }, staleSince: null });
});

test("a server that is gone leaves the rows, stale, and takes its jobs along", () => {
  const state = after(shown(1), { kind: "jobs", jobs }, { kind: "server", state: "restarting" });
  expect(state).toMatchObject({ shown: { version: 1 }, staleSince: 2_000, jobs: null });
  expect(after(shown(4), { kind: "server", state: "restarting" }, shown(4))).toMatchObject({ staleSince: null });
});

test("documents are kept apart", () => {
  const other = { ...sales, uri: "file:///other.sql" };
  expect(after(shown(1), { kind: "preview", preview: other })).toMatchObject({ uri });
  expect(after(shown(1), { kind: "document", uri: other.uri, name: "other.sql" })).toMatchObject({ shown: null });
});
