/** What speculation does for a document, and who has paused it. Pure. */

import type { Connection, Speculation, Status } from "../protocol.gen";

/** The connection of a document. */
export function connectionOf(status: Status, uri: string | null): Connection {
  const chosen = status.documents.find((document) => document.uri === uri);
  return status.connections.find((connection) => connection.name === chosen?.name) ?? status.connection;
}

/** Whether the engine of a document charges for what runs on it. */
export function isPaid(status: Status, uri: string | null): boolean {
  return connectionOf(status, uri).speculation?.paid === true;
}

/**
 * Whether something is run ahead for a document, and why not: the server's own status is that of the connection without a
 * name, and what holds another connection back is told with that.
 */
export function speculationOf(status: Status, uri: string | null): Speculation {
  const { speculation, connection: first } = status;
  const { name, speculation: here } = connectionOf(status, uri);
  if (name === first.name) return speculation;
  const isOfFirst = speculation.reason !== "" && speculation.reason === first.speculation?.reason;
  if (!isOfFirst && (speculation.state === "off" || speculation.state === "paused")) return speculation;
  if (here !== null && here.reason !== "")
    return { state: here.mode === "off" ? "off" : "paused", reason: here.reason };
  return isOfFirst ? { state: "idle", reason: "" } : speculation;
}

/**
 * Whether the user has paused it: then the same command goes on. What is paused for another reason (a budget that is
 * spent, an engine that charges) it would only pause once more.
 */
export function isPausedByUser(speculation: Speculation | undefined): boolean {
  return speculation?.state === "paused" && speculation.reason.startsWith("Paused by you");
}
