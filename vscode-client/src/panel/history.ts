/** The previews of a document that were shown before: what to go back to. Values, no clock. */

import type { Cell, Preview } from "../protocol.gen";

/** A preview that was shown, and since when (milliseconds on the panel's clock). */
export interface Entry {
  preview: Preview;
  at: number;
}

/** Entries from the earliest to the one that is shown now, and about how much memory they take. */
export interface History {
  entries: readonly Entry[];
  bytes: number;
}

/** No previews yet. */
export const noHistory: History = { entries: [], bytes: 0 };

/** A document's history takes no more than this; the earliest previews go first. */
export const mostBytes = 8_000_000;
export const mostEntries = 60;
/** What was shown for less was overtaken while typing: nobody has read it, and it is no place to go back to. */
export const readAfter = 1_000;

/** The history once this preview is shown. */
export function remembered(history: History, preview: Preview, now: number): History {
  const last = history.entries.at(-1);
  const replaces = last !== undefined && (isOvertaken(last, now) || isSameResult(last.preview, preview));
  const kept = replaces ? history.entries.slice(0, -1) : [...history.entries];
  const at = last !== undefined && replaces && isSameResult(last.preview, preview) ? last.at : now;
  kept.push({ preview, at });
  let bytes = history.bytes + bytesOf(preview) - (replaces ? bytesOf(last.preview) : 0);
  while (kept.length > 1 && (bytes > mostBytes || kept.length > mostEntries)) bytes -= bytesOf(kept.shift()!.preview);
  return { entries: kept, bytes };
}

function isOvertaken(last: Entry, now: number): boolean {
  return last.preview.purpose !== "submit" && now - last.at < readAfter;
}

/** Whether the later preview says the same again, or takes the place of an estimate. */
function isSameResult(before: Preview, after: Preview): boolean {
  const samePlace = before.purpose === after.purpose && before.breadcrumb.join("\n") === after.breadcrumb.join("\n");
  return samePlace && executed(before) === executed(after);
}

function executed(preview: Preview): string {
  return preview.pieces.map((piece) => piece.executed).join("") || preview.executedSql;
}

function bytesOf(preview: Preview): number {
  const cells = preview.rows.reduce((sum, row) => row.reduce<number>((more, cell) => more + bytesOfCell(cell), sum), 0);
  const texts = preview.executedSql.length + preview.pieces.reduce((sum, piece) => sum + piece.typed.length, 0);
  return 1_000 + 2 * texts + cells;
}

function bytesOfCell(cell: Cell): number {
  return typeof cell === "string" ? 24 + 2 * cell.length : 8;
}
