/** What a panel that opens later, or again, must be told to be as if it had been open all the time. Pure. */

import type { ToPanel } from "./panel/messages";

type Kept = "document" | "status" | "server" | "rows" | "preview" | "edited" | "jobs";

/** The newest message of each kind, for each document. */
export class PanelMemory {
  private readonly kept = new Map<string, ToPanel>();

  /** Remember a message. */
  keep(message: ToPanel): void {
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
  replay(): ToPanel[] {
    const order: Kept[] = ["document", "status", "rows", "edited", "preview", "jobs", "server"];
    const rank = ([key]: [string, ToPanel]): number => order.indexOf(key.split(" ", 1)[0] as Kept);
    return [...this.kept].sort((left, right) => rank(left) - rank(right)).map(([, message]) => message);
  }

  private put(kind: Kept, uri: string, message: ToPanel): void {
    this.kept.set(`${kind} ${uri}`, message);
  }
}

function uriOf(message: ToPanel): string {
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
