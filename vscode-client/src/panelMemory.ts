/** What a panel that opens later, or again, must be told to be as if it had been open all the time. Pure. */

import type { News } from "./panel/messages";
import type { Preview } from "./protocol.gen";

type Kept = "document" | "data" | "status" | "server" | "rows" | "preview" | "edited" | "jobs";

/** The newest message of each kind, for each document. */
export class PanelMemory {
  private readonly kept = new Map<string, News>();

  /** Remember a message. */
  keep(message: News): void {
    if (message.kind === "closed") {
      for (const kind of ["rows", "preview", "edited", "jobs"] as const) this.kept.delete(`${kind} ${message.uri}`);
      return;
    }
    // The rows are kept apart from the last preview, which may have failed: the old rows stay to be read.
    if (message.kind === "preview" && message.preview.outcome === "rows")
      this.put("rows", message.preview.uri, message);
    this.put(message.kind, uriOf(message), message);
  }

  /** The messages to send, in an order in which they make sense. */
  replay(): News[] {
    const order: Kept[] = ["document", "data", "status", "rows", "edited", "preview", "jobs", "server"];
    const rank = ([key]: [string, News]): number => order.indexOf(key.split(" ", 1)[0] as Kept);
    return [...this.kept].sort((left, right) => rank(left) - rank(right)).map(([, message]) => message);
  }

  /** The last preview with rows of a document; null if there was none. */
  rows(uri: string): Preview | null {
    const kept = this.kept.get(`rows ${uri}`);
    return kept?.kind === "preview" ? kept.preview : null;
  }

  private put(kind: Kept, uri: string, message: News): void {
    this.kept.set(`${kind} ${uri}`, message);
  }
}

function uriOf(message: News): string {
  switch (message.kind) {
    case "edited":
      return message.uri;
    case "preview":
      return message.preview.uri;
    case "jobs":
      return message.jobs.uri;
    default:
      return "";
  }
}
