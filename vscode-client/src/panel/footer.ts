/** The footer: connection, speculation, and what it has cost and saved. */

import type { Budget, LanguageModel, Speculation, Status } from "../protocol.gen";
import { button, element, icon } from "./dom";
import { counted, duration, size } from "./format";
import type { ServerState } from "./messages";
import { meter } from "./meter";
import { connectionOf, isPausedByUser, speculationOf } from "./speculation";

/** What the footer's buttons do. */
export interface FooterActions {
  connection: () => void;
  pause: () => void;
}

/** The footer's content, for the document of this URI. */
export function footerItems(
  status: Status | null,
  server: ServerState,
  uri: string | null,
  actions: FooterActions,
): HTMLElement[] {
  const items = [
    connectionItem(status, uri, actions.connection),
    server === "running" ? speculationItem(status, uri, actions.pause) : stoppedItem(server),
  ];
  const cost = status === null ? null : costItem(status, uri);
  return cost === null ? items : [...items, cost];
}

/** What speculation holds, has cost and has saved, as far as it is known; the narrow panel leaves out the second text. */
export function budgetFacts(budget: Budget): [text: string, more: string][] {
  const facts: [string, string][] = [];
  if (budget.bytesHeld !== null && budget.bytesHeld > 0) {
    const allowed = budget.bytesAllowed === null ? "" : ` of ${size(budget.bytesAllowed)} temp tables`;
    facts.push([size(budget.bytesHeld), allowed]);
  }
  if (budget.dollarsSpent !== null) {
    const wasted = budget.dollarsWasted ?? 0;
    facts.push([`spent $${budget.dollarsSpent.toFixed(2)}`, wasted < 0.005 ? "" : `, $${wasted.toFixed(2)} in vain`]);
  }
  const savings = savingsOf(budget);
  if (savings.length > 0) facts.push([`saved ${savings.join(" · ")}`, ""]);
  return facts;
}

/**
 * Which part of the hour's budget is spent: of the document's connection or of the language model, whichever is nearer its
 * end. Null where neither has one.
 */
export function hourlyShare(status: Status, uri: string | null): number | null {
  const { state, dollarsHour, dollarsPerHour } = status.languageModel;
  const ofModel = state === "off" || dollarsPerHour <= 0 ? null : dollarsHour / dollarsPerHour;
  const shares = [connectionOf(status, uri).speculation?.hourShare ?? null, ofModel].filter((share) => share !== null);
  return shares.length === 0 ? null : Math.max(...shares);
}

function savingsOf(budget: Budget): string[] {
  const dollars = budget.dollarsSaved ?? 0;
  const seconds = budget.secondsSaved ?? 0;
  return [dollars >= 0.005 ? `$${dollars.toFixed(2)}` : "", seconds >= 0.05 ? duration(seconds * 1_000) : ""].filter(
    (part) => part !== "",
  );
}

function costItem(status: Status, uri: string | null): HTMLElement | null {
  const share = hourlyShare(status, uri);
  const spent = dollarsSpent(status.budget, status.languageModel);
  const saved = savingsOf(status.budget);
  if (spent === null && saved.length === 0 && share === null) return null;
  const made = element("span", "cost");
  if (share !== null) made.append(meter(share, "of the hourly budget spent"));
  const text = element("span");
  if (spent !== null) {
    const sign = status.languageModel.exact ? "" : "≈ ";
    text.append("spent ", element("b", "", `${sign}$${spent.toFixed(2)}`));
  }
  if (saved.length > 0) text.append(spent === null ? "saved " : " · saved ");
  saved.forEach((part, at) => text.append(at === 0 ? "" : " · ", element("b", "", part)));
  made.append(text);
  const { hour = "" } = connectionOf(status, uri).speculation ?? {};
  made.title = [
    hour === "" ? "" : `Of this hour's budget ${hour}`,
    "Saved: by how much submits came sooner than they would have run on base tables, by estimate",
  ]
    .filter((part) => part !== "")
    .join(" · ");
  return made;
}

function dollarsSpent(budget: Budget, model: LanguageModel): number | null {
  if (budget.dollarsSpent === null && model.state === "off") return null;
  return (budget.dollarsSpent ?? 0) + (model.state === "off" ? 0 : model.dollarsDay);
}

function connectionItem(status: Status | null, uri: string | null, onClick: () => void): HTMLElement {
  const connection = status === null ? undefined : connectionOf(status, uri);
  const label = connection?.label || (connection?.state === "open" ? "in memory" : "no connection");
  const item = button("", onClick, icon("database"), element("b", "", label));
  if (connection?.state === "opening") item.append(element("span", "", "opening"));
  if (connection?.state === "failed") item.append(element("span", "", "failed"));
  const facts =
    connection === undefined
      ? []
      : [`${connection.engine} ${connection.version}`.trim(), counted(connection.tables, "table"), connection.message];
  item.title = ["Choose a connection", ...facts].filter((part) => part !== "").join(" · ");
  return item;
}

function speculationItem(status: Status | null, uri: string | null, onPause: () => void): HTMLElement {
  const speculation: Speculation = status === null ? { state: "idle", reason: "" } : speculationOf(status, uri);
  const { state } = speculation;
  const mark = state === "running" ? icon("running", "run") : element("span", `live ${state}`);
  const reason = speculation.reason === "" ? "" : `: ${shortened(speculation.reason)}`;
  const item = button(
    "spec",
    onPause,
    mark,
    element("span", "", element("span", "w-wide", "speculation "), state, element("span", "w-wide", reason)),
  );
  const does = isPausedByUser(speculation) ? "Resume speculation" : "Pause speculation";
  item.title = [speculation.reason, state === "off" ? "Switched on in the settings" : does]
    .filter((part) => part !== "")
    .join(" · ");
  item.disabled = state === "off";
  return item;
}

/** A reason inside a sentence: without its full stop, and without what is said for those who look closer. */
function shortened(reason: string): string {
  const first = reason.split(/[.:] /)[0]!.replace(/\.$/, "");
  return first.slice(0, 1).toLowerCase() + first.slice(1);
}

function stoppedItem(server: ServerState): HTMLElement {
  return element(
    "span",
    "spec",
    element("span", "live down"),
    element("span", "", element("span", "w-wide", "server "), server),
  );
}
