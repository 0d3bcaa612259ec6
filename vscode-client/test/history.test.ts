import { expect, test } from "vitest";
import { mostBytes, mostEntries, noHistory, readAfter, remembered, type History } from "../src/panel/history";
import type { News } from "../src/panel/messages";
import {
  currentDocument,
  earlierEntry,
  nothingYet,
  pinnedOrNot,
  received,
  repairDismissed,
  steps,
  wentBy,
  type PanelState,
} from "../src/panel/state";
import type { Preview } from "../src/protocol.gen";
import { preview, rowsOf, sales } from "./samples";

const of = (text: string, fields: Partial<Preview> = {}): Preview =>
  rowsOf([["n", "INTEGER"]], [[1]], { pieces: [{ typed: text, executed: text, edit: null }], ...fields });

/** The texts of a history made of previews, each so many milliseconds after the one before. */
function texts(...shown: [preview: Preview, after: number][]): string[] {
  let now = 0;
  const history = shown.reduce<History>((known, [one, after]) => remembered(known, one, (now += after)), noHistory);
  return history.entries.map((entry) => entry.preview.pieces[0]?.typed ?? "");
}

test("what was read stays, what was overtaken while typing does not", () => {
  expect(texts([of("a"), 0], [of("ab"), 200], [of("abc"), readAfter], [of("abcd"), 200])).toEqual(["ab", "abcd"]);
});

test("a submit stays, however soon the next preview comes", () => {
  expect(texts([of("a", { purpose: "submit" }), 0], [of("ab"), 10])).toEqual(["a", "ab"]);
});

test("the exact rows take the place of their estimate", () => {
  const estimate = of("a", { states: ["sample"] });
  expect(texts([of("b"), 0], [estimate, 5_000], [of("a"), 5_000])).toEqual(["b", "a"]);
});

test("another SELECT of the same statement is another preview", () => {
  expect(texts([of("a"), 0], [of("a", { breadcrumb: ["main", "CTE x"] }), 5_000])).toEqual(["a", "a"]);
});

test("there is an end to what is kept, by number and by bytes", () => {
  let history = noHistory;
  for (let at = 0; at < mostEntries + 20; at += 1) history = remembered(history, of(String(at)), at * 5_000);
  expect(history.entries).toHaveLength(mostEntries);
  const large = "x".repeat(1_000_000);
  for (let at = 0; at < 12; at += 1) {
    const wide = { ...of(`large ${at}`), rows: [[large]] };
    history = remembered(history, wide, 1_000_000 + at * 5_000);
  }
  expect(history.bytes).toBeLessThanOrEqual(mostBytes);
  expect(history.entries.length).toBeGreaterThan(1);
  expect(history.entries.at(-1)!.preview.rows[0]![0]).toBe(large);
});

const news = (one: Preview): News => ({ kind: "preview", preview: one });
const edited = (version: number): News => ({ kind: "edited", uri: sales.uri, version });

/** The state after messages, each five seconds after the one before. */
function after(...messages: News[]): PanelState {
  return messages.reduce((known, message, at) => received(known, message, at * 5_000), nothingYet);
}

test("back and forward through earlier previews", () => {
  const state = after(
    news(of("a")),
    edited(2),
    news(of("b", { version: 2 })),
    edited(3),
    news(of("c", { version: 3 })),
  );
  expect(steps(currentDocument(state))).toEqual({ earlier: 2, later: 0 });
  const back = wentBy(wentBy(state, -1), -1);
  expect(earlierEntry(currentDocument(back))?.preview.pieces[0]!.typed).toBe("a");
  expect(earlierEntry(currentDocument(wentBy(back, -1)))?.preview.pieces[0]!.typed).toBe("a");
  expect(earlierEntry(currentDocument(wentBy(back, 2)))).toBeNull();
});

test("who writes on sees the newest preview again", () => {
  const back = wentBy(after(news(of("a")), edited(2), news(of("b", { version: 2 }))), -1);
  expect(earlierEntry(currentDocument(received(back, edited(3), 20_000)))).toBeNull();
  const sameAgain = received(back, news(of("b", { version: 2 })), 20_000);
  expect(earlierEntry(currentDocument(sameAgain))).not.toBeNull();
});

test("a pinned SELECT stays when the cursor is elsewhere, and goes on being answered", () => {
  const inside = { breadcrumb: ["main", "CTE x"] };
  const pinned = pinnedOrNot(after(news(of("a", inside))));
  const elsewhere = received(pinned, news(of("b", { version: 2 })), 10_000);
  expect(currentDocument(elsewhere)!.shown!.pieces[0]!.typed).toBe("a");
  const same = received(elsewhere, news(of("c", { ...inside, version: 3 })), 20_000);
  expect(currentDocument(same)!.shown!.pieces[0]!.typed).toBe("c");
  const following = received(pinnedOrNot(same), news(of("d", { version: 4 })), 30_000);
  expect(currentDocument(following)!.shown!.pieces[0]!.typed).toBe("d");
});

test("a submit is shown while a SELECT is pinned", () => {
  const pinned = pinnedOrNot(after(news(of("a", { breadcrumb: ["main", "CTE x"] }))));
  const submitted = received(pinned, news(of("b", { version: 2, purpose: "submit" })), 10_000);
  expect(currentDocument(submitted)!.shown!.pieces[0]!.typed).toBe("b");
});

test("a repair is dismissed until the text changes", () => {
  const dismissed = repairDismissed(after(news(preview({ version: 4 }))));
  expect(currentDocument(dismissed)!.dismissed).toBe(4);
  expect(currentDocument(received(dismissed, edited(5), 10_000))!.dismissed).toBeNull();
});
