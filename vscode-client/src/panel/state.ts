/** What the panel knows, as a value, and what a message changes in it. No DOM and no clock: the time comes in. */

import type { Jobs, Preview, Status } from "../protocol.gen";
import { noHistory, remembered, type Entry, type History } from "./history";
import type { DataFile, News, Restart, ServerState } from "./messages";

/** Since when a job is in its state. */
export type JobTimes = ReadonlyMap<string, { state: string; since: number }>;

/** What is known of one document. */
export interface DocumentState {
  uri: string;
  name: string;
  /** The last preview with rows: what the user reads until the next one is there. */
  shown: Preview | null;
  /** The last preview of any outcome. */
  latest: Preview | null;
  /** When the text left the one that `shown` belongs to; null while it still is that text. */
  staleSince: number | null;
  /** The edit that no preview has answered yet: its version, and when it was made. */
  waiting: { version: number; since: number } | null;
  /** When `latest` failed; null if it did not. */
  failedAt: number | null;
  /** When `latest` came without rows, and without having failed: its problems say why nothing was run. */
  nothingAt: number | null;
  jobs: Jobs | null;
  jobTimes: JobTimes;
  /** What was shown before. The last entry is `shown`. */
  history: History;
  /** Which entry of the history the user looks at; null: the last one. */
  lookingAt: number | null;
  /** The SELECT that stays shown wherever the cursor goes, by its breadcrumb; null: the one under the cursor. */
  pinned: string | null;
  /** The version of the text of which the user wants to see no repair. */
  dismissed: number | null;
}

/** What the panel knows. */
export interface PanelState {
  documents: ReadonlyMap<string, DocumentState>;
  /** The document whose preview is shown. */
  current: string | null;
  status: Status | null;
  server: ServerState;
  /** How the server is started again, and when that was told. */
  restart: (Restart & { at: number }) | null;
  files: readonly DataFile[];
}

/** The state before any message. */
export const nothingYet: PanelState = {
  documents: new Map(),
  current: null,
  status: null,
  server: "running",
  restart: null,
  files: [],
};

/** The state after a message that arrived at `now` (milliseconds). */
export function received(state: PanelState, message: News, now: number): PanelState {
  switch (message.kind) {
    case "document":
      return {
        ...changed(state, message.uri, (known) => ({ ...known, name: message.name })),
        current: message.uri,
      };
    case "edited":
      return changed(state, message.uri, (known) => edited(known, message.version, now));
    case "closed":
      // Versions start again when a document is opened again. Its rows stay to be read.
      return changed(state, message.uri, (known) => ({
        ...known,
        latest: null,
        waiting: null,
        failedAt: null,
        nothingAt: null,
        pinned: null,
        dismissed: null,
      }));
    case "preview": {
      const after = changed(state, message.preview.uri, (known) => answered(known, message.preview, now));
      return { ...after, current: state.current ?? message.preview.uri };
    }
    case "jobs":
      return changed(state, message.jobs.uri, (known) => withJobs(known, message.jobs, now));
    case "status":
      return { ...state, status: message.status };
    case "data":
      return { ...state, files: message.files };
    case "server":
      if (message.state === "running") return { ...state, server: "running", restart: null };
      return {
        ...serverLost(state, message.state, now),
        restart: message.restart === undefined ? null : { ...message.restart, at: now },
      };
  }
}

/** The document that is shown, if there is one. */
export function currentDocument(state: PanelState): DocumentState | null {
  return state.current === null ? null : (state.documents.get(state.current) ?? null);
}

/** The entry of the history that the user has gone back to; null while it is the newest preview. */
export function earlierEntry(known: DocumentState | null): Entry | null {
  if (known === null || known.lookingAt === null) return null;
  return known.history.entries[known.lookingAt] ?? null;
}

/** How many earlier and later previews there are to go to. */
export function steps(known: DocumentState | null): { earlier: number; later: number } {
  if (known === null || known.history.entries.length === 0) return { earlier: 0, later: 0 };
  const last = known.history.entries.length - 1;
  const at = known.lookingAt ?? last;
  return { earlier: at, later: last - at };
}

/** The state once the user has gone so many previews back (negative) or forward. */
export function wentBy(state: PanelState, step: number): PanelState {
  return changedCurrent(state, (known) => {
    const last = known.history.entries.length - 1;
    const to = Math.max(0, Math.min(last, (known.lookingAt ?? last) + step));
    return { ...known, lookingAt: to >= last ? null : to };
  });
}

/** The state once the user has pinned the SELECT that is shown, or follows the cursor again. */
export function pinnedOrNot(state: PanelState): PanelState {
  return changedCurrent(state, (known) => ({
    ...known,
    pinned: known.pinned !== null || known.shown === null ? null : pathOf(known.shown),
  }));
}

/** The state once the user wants to see nothing of the repair of this text. */
export function repairDismissed(state: PanelState): PanelState {
  return changedCurrent(state, (known) => ({ ...known, dismissed: known.latest?.version ?? null }));
}

/** Whether the user has dismissed the repair of this preview. */
export function isDismissed(known: DocumentState | null, preview: Preview | null): boolean {
  return known !== null && preview !== null && known.dismissed === preview.version;
}

/** Every row is of a server that is gone, and nothing waits for it any more. */
function serverLost(state: PanelState, server: ServerState, now: number): PanelState {
  const lost = (known: DocumentState): DocumentState => ({
    ...known,
    latest: null,
    staleSince: known.shown === null ? null : (known.staleSince ?? now),
    waiting: null,
    failedAt: null,
    nothingAt: null,
    jobs: null,
    jobTimes: new Map(),
  });
  return { ...state, server, documents: new Map([...state.documents].map(([uri, known]) => [uri, lost(known)])) };
}

function changed(state: PanelState, uri: string, change: (known: DocumentState) => DocumentState): PanelState {
  const known = state.documents.get(uri) ?? newDocument(uri);
  return { ...state, documents: new Map(state.documents).set(uri, change(known)) };
}

function changedCurrent(state: PanelState, change: (known: DocumentState) => DocumentState): PanelState {
  return state.current === null ? state : changed(state, state.current, change);
}

function newDocument(uri: string): DocumentState {
  return {
    uri,
    name: uri.slice(uri.lastIndexOf("/") + 1),
    shown: null,
    latest: null,
    staleSince: null,
    waiting: null,
    failedAt: null,
    nothingAt: null,
    jobs: null,
    jobTimes: new Map(),
    history: noHistory,
    lookingAt: null,
    pinned: null,
    dismissed: null,
  };
}

function edited(known: DocumentState, version: number, now: number): DocumentState {
  if (known.latest !== null && known.latest.version >= version) return known;
  return {
    ...known,
    staleSince: known.shown === null ? null : (known.staleSince ?? now),
    // The wait is counted from the newest edit: while keys are pressed, nothing is late yet.
    waiting: { version, since: now },
    // Who writes wants to see what that gives.
    lookingAt: null,
    dismissed: null,
  };
}

function answered(known: DocumentState, preview: Preview, now: number): DocumentState {
  // A preview of older text than one that is already here was overtaken on its way.
  if (known.latest !== null && preview.version < known.latest.version) return known;
  const isNewest = known.waiting === null || preview.version >= known.waiting.version;
  const waiting = isNewest ? null : known.waiting;
  if (known.pinned !== null && preview.purpose === "preview" && pathOf(preview) !== known.pinned)
    return { ...known, waiting };
  const after = {
    ...known,
    latest: preview,
    waiting,
    failedAt: preview.outcome === "failed" ? now : null,
    nothingAt: preview.outcome === "nothing" ? now : null,
  };
  // A submit that was refused says nothing against the rows of the same text.
  if (preview.outcome !== "rows" && preview.purpose === "submit" && known.shown?.version === preview.version)
    return after;
  if (preview.outcome !== "rows") {
    return { ...after, staleSince: known.shown === null ? null : (known.staleSince ?? now) };
  }
  const isOther =
    known.shown === null || preview.version !== known.shown.version || !isSameSelect(preview, known.shown);
  return {
    ...after,
    shown: preview,
    staleSince: isNewest ? null : (known.staleSince ?? now),
    history: remembered(known.history, preview, now),
    lookingAt: isOther ? null : known.lookingAt,
  };
}

function withJobs(known: DocumentState, jobs: Jobs, now: number): DocumentState {
  const times = jobs.nodes.map(({ key, state }): [string, { state: string; since: number }] => {
    const before = known.jobTimes.get(key);
    return [key, before?.state === state ? before : { state, since: now }];
  });
  return { ...known, jobs, jobTimes: new Map(times) };
}

function isSameSelect(one: Preview, other: Preview): boolean {
  return one.purpose === other.purpose && pathOf(one) === pathOf(other);
}

function pathOf(preview: Preview): string {
  return preview.breadcrumb.join("\n");
}
