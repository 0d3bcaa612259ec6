/** The menu of the status bar. Pure. */

import { budgetFacts } from "./panel/footer";
import type { ServerState } from "./panel/messages";
import { isPausedByUser } from "./panel/speculation";
import type { Status } from "./protocol.gen";

/** An entry, with the command that it runs; or a heading. */
export type MenuItem = { heading: string } | { label: string; description: string; command: string; args?: unknown[] };

/** The entries, by what is known now. */
export function menuItems(status: Status | null, server: ServerState | null): MenuItem[] {
  const runs = server === "running";
  const connection = status?.connection;
  const speculation = status?.speculation;
  const isPaused = isPausedByUser(speculation);
  const items: (MenuItem | false)[] = [
    { heading: "Connection" },
    {
      label: "$(database) Choose the database...",
      description: connection?.label || "in memory",
      command: "speql.selectDatabase",
    },
    runs && {
      label: "$(plug) Choose the document's connection...",
      description: status !== null && status.connections.length > 1 ? `${status.connections.length} are open` : "",
      command: "speql.selectConnection",
    },
    { heading: "Speculation" },
    runs &&
      speculation !== undefined &&
      speculation.state !== "off" && {
        label: isPaused ? "$(debug-continue) Go on working ahead" : "$(debug-pause) Pause working ahead",
        description: [speculation.state, speculation.reason].filter((part) => part !== "").join(": "),
        command: "speql.pause",
        args: [!isPaused],
      },
    runs && { label: "$(stop-circle) Cancel what runs", description: "", command: "speql.cancel" },
    { label: "$(dashboard) Budget", description: budgetLine(status), command: "speql.showBudget" },
    runs && {
      label: "$(law) Set what may be spent ahead...",
      description: connection?.speculation?.mode ?? "",
      command: "speql.setSpeculation",
    },
    { heading: "Server" },
    { label: "$(output) Show the log", description: "", command: "speql.showLog" },
    {
      label: "$(refresh) Restart the server",
      description: runs ? "" : (server ?? "not started"),
      command: "speql.restartServer",
    },
    {
      label: "$(gear) Settings",
      description: "",
      command: "workbench.action.openSettings",
      args: ["@ext:speql.speql"],
    },
  ];
  return items.filter((item) => item !== false);
}

/** What has been spent and saved, in one line; the lines of the budget's own list are `budgetLines`. */
export function budgetLine(status: Status | null): string {
  if (status === null) return "";
  return budgetFacts(status.budget)
    .map((fact) => fact.join(""))
    .join(" · ");
}

/** Each budget with what of it is spent, as label and description. */
export function budgetLines(status: Status | null): [label: string, description: string][] {
  if (status === null) return [];
  const known = status.connections.length === 0 ? [status.connection] : status.connections;
  const lines: [string, string][] = [
    ...budgetFacts(status.budget).map(([fact, more]): [string, string] => ["$(database) Engine", fact + more]),
    ...known.flatMap(({ label, speculation }): [string, string][] =>
      speculation === null || speculation.hour === "" ? [] : [[`$(dashboard) ${label}, this hour`, speculation.hour]],
    ),
  ];
  const model = status.languageModel;
  if (model.state === "off") return [...lines, ["$(hubot) Language model", "off: nothing is sent, nothing is spent"]];
  const about = model.exact ? "" : "≈ ";
  const money = (spent: number, allowed: number): string => `${about}$${spent.toFixed(3)} of $${allowed.toFixed(2)}`;
  return [
    ...lines,
    ["$(hubot) Language model, this hour", money(model.dollarsHour, model.dollarsPerHour)],
    ["$(hubot) Language model, this day", money(model.dollarsDay, model.dollarsPerDay)],
    [
      "$(hubot) Tokens, this hour",
      `${about}${model.tokensHour.toLocaleString("en")} of ${model.tokensPerHour.toLocaleString("en")}`,
    ],
  ];
}
