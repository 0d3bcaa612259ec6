/** The words of the status bar item. Pure. */

import { budgetFacts } from "./panel/footer";
import { counted } from "./panel/format";
import type { Restart, ServerState } from "./panel/messages";
import { connectionOf, speculationOf } from "./panel/speculation";
import type { LanguageModel, Status } from "./protocol.gen";

/** What the item shows. `server` is null until the server has been started. */
export interface StatusText {
  text: string;
  tooltip: string;
  isProblem: boolean;
}

/** What the server says of speculation where the user has not trusted the workspace. */
const untrusted = "You have not trusted this workspace.";

/** The item's text and tooltip; `uri` is the document that the user is in. */
export function statusText(
  status: Status | null,
  server: ServerState | null,
  { restart, step = null, uri = null }: { restart?: Restart; step?: string | null; uri?: string | null } = {},
): StatusText {
  if (step !== null) {
    return {
      text: "$(loading~spin) SpeQL: installing",
      tooltip: `SpeQL's server is installed, once: ${step}.`,
      isProblem: false,
    };
  }
  if (server === "stopped") {
    return {
      text: "$(database) SpeQL: stopped",
      tooltip: "The SpeQL server is not running. Click to start it.",
      isProblem: true,
    };
  }
  if (server === "restarting") {
    const when =
      restart === undefined ? "" : ` in ${restart.seconds} s, attempt ${restart.attempt} of ${restart.attempts}`;
    return {
      text: "$(loading~spin) SpeQL: starting again",
      tooltip: `The server stopped. Starting again${when}. Your text is untouched.`,
      isProblem: false,
    };
  }
  if (server !== "running" || status === null) {
    return { text: "$(loading~spin) SpeQL: starting", tooltip: "The SpeQL server is starting.", isProblem: false };
  }
  const [connection, speculation, { budget }] = [connectionOf(status, uri), speculationOf(status, uri), status];
  const label = connection.label || "in memory";
  const isProblem = connection.state === "failed" || connection.message !== "";
  const isRestricted = speculation.reason === untrusted;
  const marks = { off: " $(circle-slash)", idle: "", running: " $(sync~spin)", paused: " $(debug-pause)" };
  const mark = isRestricted ? " $(shield) restricted mode" : marks[speculation.state];
  const facts = budgetFacts(budget).map((fact) => fact.join(""));
  const lines = [
    `${connection.engine} ${connection.version}`.trim(),
    connection.state === "open"
      ? `${counted(connection.tables, "table")}, ${connection.writable ? "writable" : "read-only"}`
      : connection.state,
    connection.message,
    `Speculation ${speculation.state}${speculation.reason === "" ? "" : `: ${speculation.reason}`}`,
    connection.speculation?.hour ? `Of this hour's budget ${connection.speculation.hour}` : "",
    facts.join(" · "),
    languageModelFacts(status.languageModel),
    "Click for connection, pause, budget, log.",
  ];
  const saved = facts.filter((fact) => /^(?:spent|saved) /.test(fact)).join(" · ");
  return {
    text: `$(database) ${label}${mark}${saved === "" ? "" : ` ${saved}`}`,
    tooltip: lines.filter((line) => line !== "").join("\n"),
    isProblem,
  };
}

/** What the language model does and has cost; empty where it is off. */
function languageModelFacts(model: LanguageModel): string {
  if (model.state === "off") return "";
  const about = model.exact ? "" : "about ";
  const spent = `${about}$${model.dollarsHour.toFixed(3)} of $${model.dollarsPerHour.toFixed(2)}`;
  const paused = model.state === "paused" ? ` paused: ${model.reason}` : "";
  return `Language model ${model.profile}${paused} · this hour ${counted(model.tokensHour, "token")}, ${spent}`;
}
