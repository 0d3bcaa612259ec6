/** What the panel knows, as a value, and what a message changes in it. No DOM and no clock: the time comes in. */

import type { Jobs, Preview, Status } from "../protocol.gen";
import type { ServerState, ToPanel } from "./messages";

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
  jobs: Jobs | null;
}

/** What the panel knows. */
export interface PanelState {
  documents: ReadonlyMap<string, DocumentState>;
  /** The document whose preview is shown. */
  current: string | null;
  status: Status | null;
  server: ServerState;
}

/** The state before any message. */
export const nothingYet: PanelState = { documents: new Map(), current: null, status: null, server: "running" };

/** The state after a message that arrived at `now` (milliseconds). */
export function received(state: PanelState, message: ToPanel, now: number): PanelState {
  switch (message.kind) {
    case "document":
      return {
        ...withDocument(state, message.uri, (known) => ({ ...known, name: message.name })),
        current: message.uri,
      };
    case "edited":
      return withDocument(state, message.uri, (known) => edited(known, message.version, now));
    case "closed":
      // Versions start again when a document is opened again. Its rows stay to be read.
      return withDocument(state, message.uri, (known) => ({ ...known, latest: null, waiting: null, failedAt: null }));
    case "preview": {
      const after = withDocument(state, message.preview.uri, (known) => answered(known, message.preview, now));
      return { ...after, current: state.current ?? message.preview.uri };
    }
    case "jobs":
      return withDocument(state, message.jobs.uri, (known) => ({ ...known, jobs: message.jobs }));
    case "status":
      return { ...state, status: message.status };
    case "server":
      return message.state === "running" ? { ...state, server: "running" } : serverLost(state, message.state, now);
  }
}

/** The document that is shown, if there is one. */
export function currentDocument(state: PanelState): DocumentState | null {
  return state.current === null ? null : (state.documents.get(state.current) ?? null);
}

/** Every row is of a server that is gone, and nothing waits for it any more. */
function serverLost(state: PanelState, server: ServerState, now: number): PanelState {
  const lost = (known: DocumentState): DocumentState => ({
    ...known,
    latest: null,
    staleSince: known.shown === null ? null : (known.staleSince ?? now),
    waiting: null,
    failedAt: null,
    jobs: null,
  });
  return { ...state, server, documents: new Map([...state.documents].map(([uri, known]) => [uri, lost(known)])) };
}

function withDocument(state: PanelState, uri: string, change: (known: DocumentState) => DocumentState): PanelState {
  const known = state.documents.get(uri) ?? newDocument(uri);
  return { ...state, documents: new Map(state.documents).set(uri, change(known)) };
}

function newDocument(uri: string): DocumentState {
  const name = uri.slice(uri.lastIndexOf("/") + 1);
  return { uri, name, shown: null, latest: null, staleSince: null, waiting: null, failedAt: null, jobs: null };
}

function edited(known: DocumentState, version: number, now: number): DocumentState {
  if (known.latest !== null && known.latest.version >= version) return known;
  return {
    ...known,
    staleSince: known.shown === null ? null : (known.staleSince ?? now),
    // The wait is counted from the newest edit: while keys are pressed, nothing is late yet.
    waiting: { version, since: now },
  };
}

function answered(known: DocumentState, preview: Preview, now: number): DocumentState {
  // A preview of older text than one that is already here was overtaken on its way.
  if (known.latest !== null && preview.version < known.latest.version) return known;
  const isNewest = known.waiting === null || preview.version >= known.waiting.version;
  const after = {
    ...known,
    latest: preview,
    waiting: isNewest ? null : known.waiting,
    failedAt: preview.outcome === "failed" ? now : null,
  };
  // A submit that was refused says nothing against the rows of the same text.
  if (preview.outcome !== "rows" && preview.purpose === "submit" && known.shown?.version === preview.version)
    return after;
  if (preview.outcome !== "rows") {
    return { ...after, staleSince: known.shown === null ? null : (known.staleSince ?? now) };
  }
  return { ...after, shown: preview, staleSince: isNewest ? null : (known.staleSince ?? now) };
}
