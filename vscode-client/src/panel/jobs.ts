/** The Jobs tab: temp tables and previews with state, rows, bytes and time; each opens to its SQL and the reason. */

import type { Decision, JobNode, Jobs } from "../protocol.gen";
import { element, icon } from "./dom";
import { counted, duration, size } from "./format";
import type { Glyph } from "./glyphs";

const glyphOf: Readonly<Record<string, Glyph>> = {
  queued: "queued",
  running: "running",
  done: "exact",
  failed: "failed",
  cancelled: "cancelled",
  greyed: "greyed",
  evicted: "evicted",
};

const stateWord: Readonly<Record<string, string>> = { greyed: "greyed out" };
const kindWord: Readonly<Record<string, string>> = { create: "temp table" };
/** What runs comes first, then what waits, what is there, and last what is gone. */
const order = ["running", "queued", "done", "failed", "greyed", "cancelled", "evicted"];

/** Done and wanted jobs while any runs or waits, or null when nothing does. */
export function jobsBadge(jobs: Jobs | null): string | null {
  const nodes = jobs?.nodes ?? [];
  const open = nodes.filter((node) => node.state === "running" || node.state === "queued").length;
  const done = nodes.filter((node) => node.state === "done").length;
  return open === 0 ? null : `${done}/${done + open}`;
}

/** The list. It keeps which jobs the user has opened. */
export class JobsList {
  readonly root = element("div", "jobs");
  private readonly opened = new Set<string>();
  private readonly list = element("ul", "joblist");
  private readonly whyNot = element("section", "why decisions");

  constructor() {
    this.root.tabIndex = -1;
    this.root.append(this.list, this.whyNot);
  }

  /** Draw the job graph, and why temp tables were or were not used for the rows that are shown. */
  update(jobs: Jobs | null, decisions: readonly Decision[], servedFrom: readonly string[]): void {
    const nodes = [...(jobs?.nodes ?? [])].sort((left, right) => rank(left) - rank(right));
    const serving = servingKeys(jobs, servedFrom);
    this.list.setAttribute("aria-label", "Jobs");
    const focused = document.activeElement?.closest<HTMLElement>("details.job")?.dataset["key"];
    const items = nodes.map((node) => this.job(node, serving.has(node.key)));
    if (items.length === 0)
      items.push(element("li", "muted pad", "No jobs yet. Temp tables appear here while you type."));
    this.list.replaceChildren(...items);
    const again = [...this.list.querySelectorAll<HTMLElement>("details.job")].find(
      (job) => job.dataset["key"] === focused,
    );
    if (focused !== undefined) again?.querySelector("summary")?.focus();
    this.whyNot.hidden = decisions.length === 0;
    this.whyNot.replaceChildren(
      element("h2", "", "Temp tables for this SELECT"),
      element("ul", "checks", ...decisions.map(decisionItem)),
    );
  }

  private job(node: JobNode, serves: boolean): HTMLLIElement {
    const summary = element(
      "summary",
      "",
      icon("open", "turn"),
      icon(node.kind === "create" ? "table" : node.kind === "submit" ? "submit" : "preview", "kind"),
      element("span", "name", node.label),
      element("span", "kindword muted", node.kind === node.label ? "" : (kindWord[node.kind] ?? node.kind)),
      serves ? element("span", "serves", "served from") : null,
      element("span", "grow"),
      element(
        "span",
        "facts-of num muted",
        icon(glyphOf[node.state] ?? "queued", "state"),
        element("span", "word", stateWord[node.state] ?? node.state),
        element("span", "rowcount", node.rows === null ? "" : counted(node.rows, "row")),
        element("span", "bytes", node.bytes === null ? "" : size(node.bytes)),
      ),
      element("span", "time num", node.milliseconds === null ? "" : duration(node.milliseconds)),
    );
    const details = element("details", `job ${node.state}${serves ? " serve" : ""}`, summary);
    if (node.reason !== "") details.append(element("p", "muted reason", node.reason));
    if (node.sql !== "") details.append(element("pre", "", node.sql));
    details.dataset["key"] = node.key;
    details.open = this.opened.has(node.key);
    details.addEventListener("toggle", () => {
      if (details.open) this.opened.add(node.key);
      else this.opened.delete(node.key);
    });
    return element("li", "", details);
  }
}

function rank(node: JobNode): number {
  const place = order.indexOf(node.state);
  return place < 0 ? order.length : place;
}

/** The temp tables that the shown rows were served from: those that it names, or that a served-by edge leads to. */
function servingKeys(jobs: Jobs | null, servedFrom: readonly string[]): ReadonlySet<string> {
  if (jobs === null || servedFrom.length === 0) return new Set();
  const named = jobs.nodes.filter((node) => servedFrom.includes(node.label)).map((node) => node.key);
  const linked = jobs.edges.filter((edge) => edge.kind === "served-by").map((edge) => edge.target);
  return new Set([...named, ...linked]);
}

function decisionItem(decision: Decision): HTMLLIElement {
  const glyph = element("span", decision.used ? "ok" : "no", icon(decision.used ? "used" : "unused"));
  const verdict = decision.used ? "used" : "not used";
  const reason = [decision.reason, decision.compensation].filter((part) => part !== "").join(" ");
  const text = element("span", "", element("b", "", decision.view), ` ${verdict}: ${reason}`);
  text.append(element("span", "muted", ` (${decision.path.join(" › ")})`));
  return element("li", "", glyph, text);
}
