/** The words of the status bar item. Pure. */

import { budgetFacts } from "./panel/footer";
import { counted } from "./panel/format";
import type { ServerState } from "./panel/messages";
import type { LanguageModel, Status } from "./protocol.gen";

/** What the item shows. `server` is null until the server has been started. */
export interface StatusText {
  text: string;
  tooltip: string;
  isProblem: boolean;
}

/** The item's text and tooltip. */
export function statusText(status: Status | null, server: ServerState | null): StatusText {
  if (server === "stopped") {
    return {
      text: "$(database) SpeQL: stopped",
      tooltip: "The SpeQL server is not running. Click to start it.",
      isProblem: true,
    };
  }
  if (server !== "running" || status === null) {
    return { text: "$(loading~spin) SpeQL: starting", tooltip: "The SpeQL server is starting.", isProblem: false };
  }
  const { connection, speculation, budget } = status;
  const label = connection.label || "in memory";
  const isProblem = connection.state === "failed" || connection.message !== "";
  const mark = { off: "", idle: "", running: " $(sync~spin)", paused: " $(debug-pause)" }[speculation.state];
  const lines = [
    `${connection.engine} ${connection.version}`.trim(),
    connection.state === "open"
      ? `${counted(connection.tables, "table")}, ${connection.writable ? "writable" : "read-only"}`
      : connection.state,
    connection.message,
    `Speculation ${speculation.state}${speculation.reason === "" ? "" : `: ${speculation.reason}`}`,
    budgetFacts(budget)
      .map((fact) => fact.join(""))
      .join(" · "),
    languageModelFacts(status.languageModel),
    "Click to select a database.",
  ];
  return { text: `$(database) ${label}${mark}`, tooltip: lines.filter((line) => line !== "").join("\n"), isProblem };
}

/** What the language model does and has cost; empty where it is off. */
function languageModelFacts(model: LanguageModel): string {
  if (model.state === "off") return "";
  const about = model.exact ? "" : "about ";
  const spent = `${about}$${model.dollarsHour.toFixed(3)} of $${model.dollarsPerHour.toFixed(2)}`;
  const paused = model.state === "paused" ? ` paused: ${model.reason}` : "";
  return `Language model ${model.profile}${paused} · this hour ${counted(model.tokensHour, "token")}, ${spent}`;
}
