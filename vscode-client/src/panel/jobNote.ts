/** What the Jobs tab says of the selected node: why it was or was not used, what was used instead, its SQL. */

import type { Decision } from "../protocol.gen";
import { ago, shortCount } from "./amounts";
import { button, codeText, element, icon } from "./dom";
import { counted, duration, size } from "./format";
import { stateWord, type Graph, type GraphNode } from "./jobGraph";
import type { JobsFacts } from "./jobs";
import { laidOut, sqlNodes } from "./sqlText";

/** What the buttons of the note do. */
export interface NoteActions {
  copy: (text: string) => void;
  select: (id: string) => void;
}

/** The content of the note. */
export function jobNote(node: GraphNode | null, graph: Graph, facts: JobsFacts, actions: NoteActions): HTMLElement[] {
  if (node === null) {
    const hint = graph.nodes.length === 0 ? "" : "Select a node to see its SQL, and why it was or was not used.";
    return [element("p", "muted", hint)];
  }
  const since = node.job === null ? undefined : facts.times.get(node.job.key)?.since;
  const when = since === undefined || node.state === "base" ? "" : ` ${ago(facts.now - since)}`;
  const state = element("p", "muted num when", `${kindAndState(node)}${when}`);
  const said: HTMLElement[] = [element("h2", "", node.name), state];
  const amounts = amountsOf(node);
  if (amounts !== "") said.push(element("p", "muted num", amounts));
  if (node.kind === "base") said.push(...readers(node, graph, actions));
  else if (node.kind === "temp") said.push(...whyUsed(node, graph, facts.decisions, actions));
  else said.push(...servedFrom(node, graph, actions));
  const { job } = node;
  if (job !== null && job.reason !== "") said.push(element("h3", "", "State"), sentence(job.reason));
  if (job !== null && job.sql !== "") {
    said.push(
      element("h3", "", node.kind === "temp" ? "View definition" : "Executed SQL"),
      element("pre", "", ...sqlNodes(laidOut(job.sql))),
      element(
        "div",
        "acts",
        button("btn", () => actions.copy(job.sql), "Copy SQL"),
      ),
    );
  }
  return said;
}

function kindAndState(node: GraphNode): string {
  const kinds = { base: "Base table", temp: "Temp table", preview: "Preview", submit: "Submit" } as const;
  return node.kind === "base" ? kinds.base : `${kinds[node.kind]}, ${stateWord(node.state)}`;
}

function amountsOf(node: GraphNode): string {
  const rows = node.rows === null ? "" : `${node.estimated ? "≈ " : ""}${shortCount(node.rows)} rows`;
  const bytes = node.bytes === null ? "" : size(node.bytes);
  const time = node.milliseconds === null || node.estimated ? "" : `in ${duration(node.milliseconds)}`;
  return [rows, bytes, time].filter((part) => part !== "").join(" · ");
}

function whyUsed(node: GraphNode, graph: Graph, decisions: readonly Decision[], actions: NoteActions): HTMLElement[] {
  const table = node.job?.table ?? "";
  const about = table === "" ? [] : decisions.filter((decision) => decision.view === table);
  if (about.length === 0) return [];
  const isUsed = about.some((decision) => decision.used);
  // What fails comes first: it is what the user looks for.
  const ordered = [...about].sort((left, right) => Number(left.used) - Number(right.used));
  const passed = new Set(ordered.flatMap((decision) => decision.passed));
  const checks = [...ordered.map(check), ...[...passed].map(passedCheck)];
  // A temp table whose base tables have changed is dropped: one that is there is up to date.
  if (node.state === "done") checks.push(passedCheck("base tables unchanged since"));
  const said = [element("h3", "", isUsed ? "Why reused" : "Why not reused"), element("ul", "checks", ...checks)];
  if (isUsed) return said;
  const paths = new Set(about.map((decision) => decision.path.join("\n")));
  const instead = decisions.filter((decision) => decision.used && paths.has(decision.path.join("\n")));
  const links = instead.flatMap((decision) => linkTo(decision.view, graph, actions));
  return [...said, element("h3", "", "Used instead"), links.length > 0 ? listed(links) : plain("Base tables.")];
}

function check(decision: Decision): HTMLLIElement {
  const mark = icon(decision.used ? "used" : "unused");
  const where = element("b", "", `${decision.path.join(" › ")}. `);
  const text = element("span", "", where, ...codeText(capital(decision.reason)), ".");
  if (decision.compensation !== "") text.append(element("span", "muted", ` On top: ${decision.compensation}.`));
  return element("li", decision.used ? "ok" : "no", mark, text);
}

function passedCheck(text: string): HTMLLIElement {
  return element("li", "ok", icon("used"), element("span", "", capital(text)));
}

function linkTo(table: string, graph: Graph, actions: NoteActions): HTMLElement[] {
  const node = graph.nodes.find((found) => found.job?.table === table && found.kind === "temp");
  if (node === undefined) return [];
  const built = node.milliseconds === null ? "" : `, built in ${duration(node.milliseconds)}`;
  return [
    element(
      "span",
      "",
      button("link", () => actions.select(node.id), node.name),
      built,
    ),
  ];
}

function servedFrom(node: GraphNode, graph: Graph, actions: NoteActions): HTMLElement[] {
  const sources = graph.edges
    .filter((edge) => edge.to === node.id)
    .flatMap((edge) => graph.nodes.filter((found) => found.id === edge.from));
  if (sources.length === 0) return [];
  const links = sources.map((source) => button("link", () => actions.select(source.id), source.name));
  return [element("h3", "", node.state === "done" ? "Served from" : "Reads"), listed(links)];
}

function readers(node: GraphNode, graph: Graph, actions: NoteActions): HTMLElement[] {
  const found = graph.edges
    .filter((edge) => edge.from === node.id)
    .flatMap((edge) => graph.nodes.filter((other) => other.id === edge.to));
  if (found.length === 0) return [];
  const title = `Read by ${counted(found.length, "job")}`;
  return [
    element("h3", "", title),
    listed(found.map((other) => button("link", () => actions.select(other.id), other.name))),
  ];
}

function listed(items: HTMLElement[]): HTMLElement {
  return element("ul", "links", ...items.map((item) => element("li", "", item)));
}

function plain(text: string): HTMLElement {
  return element("p", "", text);
}

function sentence(text: string): HTMLElement {
  const written = capital(text);
  return element("p", "", ...codeText(/[.!?]$/.test(written) ? written : `${written}.`));
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).replace(/\.$/, "");
}
