/** The footer: connection, speculation, and what it holds and saved. */

import type { Budget, Speculation, Status } from "../protocol.gen";
import { button, element, icon } from "./dom";
import { counted, duration, size } from "./format";
import type { ServerState } from "./messages";

/** The footer's content. */
export function footerItems(status: Status | null, server: ServerState, onDatabase: () => void): HTMLElement[] {
  const items = [
    connectionItem(status, onDatabase),
    server === "running" ? speculationItem(status) : stoppedItem(server),
  ];
  const facts = status === null ? [] : budgetFacts(status.budget);
  return facts.length === 0 ? items : [...items, budgetItem(facts)];
}

/** What speculation holds, has cost and has saved, as far as it is known; the narrow panel leaves out the second text. */
export function budgetFacts(budget: Budget): [text: string, more: string][] {
  const facts: [string, string][] = [];
  if (budget.bytesHeld !== null && budget.bytesHeld > 0) {
    const allowed = budget.bytesAllowed === null ? "" : ` of ${size(budget.bytesAllowed)} temp tables`;
    facts.push([size(budget.bytesHeld), allowed]);
  }
  if (budget.dollarsSpent !== null) facts.push([`spent $${budget.dollarsSpent.toFixed(2)}`, ""]);
  const savings = [
    budget.dollarsSaved === null ? "" : `$${budget.dollarsSaved.toFixed(2)}`,
    budget.secondsSaved === null ? "" : duration(budget.secondsSaved * 1_000),
  ].filter((part) => part !== "");
  if (savings.length > 0) facts.push([`saved ${savings.join(" · ")}`, ""]);
  return facts;
}

function budgetItem(facts: [text: string, more: string][]): HTMLElement {
  const made = element("span", "cost");
  facts.forEach(([text, more], at) => {
    if (at > 0) made.append("·");
    made.append(element("span", "", text, element("span", "w-wide", more)));
  });
  made.title = made.textContent;
  return made;
}

function connectionItem(status: Status | null, onDatabase: () => void): HTMLElement {
  const connection = status?.connection;
  const label = connection?.label || (connection?.state === "open" ? "in memory" : "no connection");
  const item = button("", onDatabase, icon("database"), element("b", "", label));
  if (connection?.state === "opening") item.append(element("span", "", "opening"));
  if (connection?.state === "failed") item.append(element("span", "", "failed"));
  const facts =
    connection === undefined
      ? []
      : [`${connection.engine} ${connection.version}`.trim(), counted(connection.tables, "table"), connection.message];
  item.title = ["Choose a database", ...facts].filter((part) => part !== "").join(" · ");
  return item;
}

function speculationItem(status: Status | null): HTMLElement {
  const speculation: Speculation = status?.speculation ?? { state: "idle", reason: "" };
  const mark = speculation.state === "running" ? icon("running", "run") : element("span", `live ${speculation.state}`);
  const reason = speculation.reason === "" ? "" : `: ${speculation.reason}`;
  return element(
    "span",
    "spec",
    mark,
    element("span", "", element("span", "w-wide", "speculation "), `${speculation.state}${reason}`),
  );
}

function stoppedItem(server: ServerState): HTMLElement {
  return element(
    "span",
    "spec",
    element("span", "live down"),
    element("span", "", element("span", "w-wide", "server "), server),
  );
}
