/** What the panel draws at a moment, worked out once for all its parts, and when time alone will change that. */

import type { Preview, Status } from "../protocol.gen";
import type { HeaderFacts } from "./header";
import { expected, explainLateAfter, runningOn } from "./notices";
import { speculationOf } from "./speculation";
import { currentDocument, earlierEntry, type DocumentState, type PanelState } from "./state";

/** Until then an answer is not late: no dimming, no spinner. */
const lateAfter = 150;
/** From here on the header says when the next rows are likely to come. */
const sayNextAfter = 1_000;
/** An error of a word that is still being typed waits this long. */
const failedAfter = 600;

/** What is drawn. Times are in milliseconds. */
export interface View {
  known: DocumentState | null;
  now: number;
  /** The preview that is shown: the newest one with rows, or an earlier one that the user has gone back to. */
  shown: Preview | null;
  /** The version of the text whose answer is waited for, and since when; null where none is to come. */
  waiting: DocumentState["waiting"];
  /** How long an answer is late; null where none is. */
  lateFor: number | null;
  /** The newest preview, if it has failed and that is to be said by now. */
  failed: Preview | null;
  /** The newest preview, if nothing was run for it and older rows are shown. */
  notRun: Preview | null;
  facts: HeaderFacts;
}

/** Whether the server works ahead for a document: then every text of it has an answer. */
export function worksAhead(status: Status | null, uri: string | null): boolean {
  return status === null || ["idle", "running"].includes(speculationOf(status, uri).state);
}

/** What is drawn at `now`. `rowsLateSince`: since when the rows are not arranged as they were asked for. */
export function viewOf(state: PanelState, now: number, rowsLateSince: number | null): View {
  const known = currentDocument(state);
  const waiting = worksAhead(state.status, known?.uri ?? null) ? (known?.waiting ?? null) : null;
  const waitedFor = waiting === null ? null : now - waiting.since;
  const lateFor = waitedFor !== null && waitedFor >= lateAfter ? waitedFor : null;
  const earlier = earlierEntry(known);
  const shown = earlier?.preview ?? known?.shown ?? null;
  // Old rows are stale at once where an answer says so, and after a moment where none has come yet.
  const isStale = known?.staleSince != null && (waiting === null || lateFor !== null);
  const next = lateFor !== null && (lateFor >= sayNextAfter || shown === null) ? nextIn(known, lateFor) : null;
  const isFailed = known?.failedAt != null && now - known.failedAt >= failedAfter;
  const isNotRun = known?.nothingAt != null && now - known.nothingAt >= failedAfter && earlier === null;
  const facts: HeaderFacts = {
    documentName: known?.name ?? "SpeQL",
    shown,
    staleFor: isStale ? now - known.staleSince! : rowsLateSince === null ? null : now - rowsLateSince,
    earlier: earlier === null ? null : { at: new Date(Date.now() - (now - earlier.at)), ago: now - earlier.at },
    next,
    loading:
      shown === null && lateFor !== null
        ? { waited: lateFor, source: runningOn(known?.jobs ?? null).toLowerCase() || "waiting for the server" }
        : null,
  };
  const latest = known?.latest ?? null;
  const failed = isFailed ? latest : null;
  return { known, now, shown, waiting, lateFor, failed, notRun: isNotRun && shown !== null ? latest : null, facts };
}

/** The times, in milliseconds from now, after which the view is another one without a message. */
export function changesIn({ known, waiting, facts, now }: View): number[] {
  const times: number[] = [];
  if (waiting !== null) {
    const waitedFor = now - waiting.since;
    if (waitedFor < lateAfter) times.push(lateAfter - waitedFor);
    else if (facts.loading !== null && waitedFor < explainLateAfter) times.push(100);
    else if (waitedFor < sayNextAfter) times.push(sayNextAfter - waitedFor);
    else times.push(waitedFor < explainLateAfter ? explainLateAfter - waitedFor : 1_000 - (waitedFor % 1_000));
  }
  for (const since of [known?.failedAt, known?.nothingAt])
    if (since != null && now - since < failedAfter) times.push(failedAfter - (now - since));
  if (facts.staleFor !== null) times.push(1_000 - (facts.staleFor % 1_000));
  return times;
}

/** How long the rows that are waited for are likely to take still; null where that is not known, or it is overdue. */
function nextIn(known: DocumentState | null, lateFor: number): number | null {
  const time = expected(known?.jobs ?? null);
  return time === null || time - lateFor < lateAfter ? null : time - lateFor;
}
