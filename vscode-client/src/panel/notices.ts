/** Notices between the tabs and the rows: late, failed, server down. At most one at a time. */

import type { Edit, Jobs, Position, Preview, Problem } from "../protocol.gen";
import { about } from "./amounts";
import { button, codeText, element, icon } from "./dom";
import { counted, duration, place } from "./format";
import type { PanelCommand, Restart, ServerState } from "./messages";

/** What a notice is made from. Times are in milliseconds. */
export interface NoticeFacts {
  server: ServerState;
  /** Which attempt to start the server comes next, and how long it is to that; null where the host does not say. */
  restart: Restart | null;
  failed: Preview | null;
  /** A preview that was not run, or not to its end, while there are older rows; null where there is none. */
  notRun: Preview | null;
  /** Null where nothing is late. */
  lateFor: number | null;
  hasOldRows: boolean;
  jobs: Jobs | null;
  /** What came of asking for a sample of the text that is waited for; null: it was not asked for. */
  sample: { state: "asked" } | { state: "refused"; reason: string } | null;
}

/** What a notice's buttons do. */
export interface NoticeActions {
  run: (command: PanelCommand) => void;
  reveal: (position: Position) => void;
  sample: () => void;
  dismiss: () => void;
}

/** From here on a late answer is explained, with a way to stop it. */
export const explainLateAfter = 3_000;

/** The notice to show, or null. `key` tells whether it is the one that is already there. */
export function notice(facts: NoticeFacts, actions: NoticeActions): { key: string; node: HTMLElement } | null {
  const { server, restart, failed, notRun, lateFor, hasOldRows } = facts;
  if (server !== "running") {
    const seconds = restart === null ? null : Math.ceil(restart.seconds);
    return {
      key: JSON.stringify([server, restart?.attempt, seconds]),
      node: serverNotice(server, restart, seconds, actions),
    };
  }
  if (failed !== null)
    return {
      key: JSON.stringify([failed.problems, failed.edits, hasOldRows]),
      node: failedNotice(failed, hasOldRows, actions),
    };
  if (lateFor !== null && lateFor >= explainLateAfter) {
    const told = [Math.floor(lateFor / 1_000), runningOn(facts.jobs), expected(facts.jobs), facts.sample, hasOldRows];
    return { key: JSON.stringify(told), node: lateNotice(facts, lateFor, actions) };
  }
  if (notRun !== null && notRun.problems.length > 0)
    return { key: JSON.stringify(["not run", notRun.problems]), node: notRunNotice(notRun.problems[0]!, actions) };
  return null;
}

/** Problems after which a submit gives the rows that a preview did not. */
const submittable = new Set(["preview-too-slow", "preview-held", "not-understood"]);

function notRunNotice(problem: Problem, actions: NoticeActions): HTMLElement {
  const text = element("div", "grow", element("span", "", ...codeText(problem.message)));
  if (problem.hint !== "") text.append(element("span", "", " ", ...codeText(problem.hint)));
  text.append(element("span", "muted", " Rows below are from before."));
  if (submittable.has(problem.code))
    text.append(
      element(
        "div",
        "acts",
        button("btn", () => actions.run("speql.submit"), "Submit"),
      ),
    );
  return element("div", "notice", icon("stale"), text);
}

/** Where the preview runs, in words; empty where nothing runs for it. */
export function runningOn(jobs: Jobs | null): string {
  const preview = previewOf(jobs);
  if (preview === undefined || jobs === null) return "";
  const served = jobs.edges.filter((edge) => edge.kind === "served-by" && edge.source === preview.key).length;
  if (preview.state === "queued") return served > 0 ? `Waiting for ${counted(served, "temp table")}` : "Waiting";
  return served > 0 ? `Running on ${counted(served, "temp table")}` : "Running on base tables";
}

/** How long the preview that runs or waits is expected to take in all, with what it waits for; null if not known. */
export function expected(jobs: Jobs | null): number | null {
  const preview = previewOf(jobs);
  if (preview === undefined || jobs === null) return null;
  if (preview.state === "running") return preview.estimatedMilliseconds;
  const awaited = jobs.edges
    .filter((edge) => edge.kind === "served-by" && edge.source === preview.key)
    .flatMap((edge) => jobs.nodes.filter((node) => node.key === edge.target && node.state !== "done"));
  const times = awaited.map((node) => node.estimatedMilliseconds ?? 0);
  return times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0);
}

function previewOf(jobs: Jobs | null): Jobs["nodes"][number] | undefined {
  return jobs?.nodes.find((node) => node.kind !== "create" && (node.state === "running" || node.state === "queued"));
}

function lateNotice({ jobs, hasOldRows, sample }: NoticeFacts, lateFor: number, actions: NoticeActions): HTMLElement {
  const on = runningOn(jobs) || "Running";
  const of = expected(jobs);
  const time = of === null ? duration(lateFor) : `${duration(lateFor)} of about ${about(of).slice(2)}`;
  const old = hasOldRows ? element("span", "muted", " Rows below are from before your last edit.") : null;
  const text = element("div", "grow", element("span", "num", `${on}, ${time}.`), old);
  if (sample?.state === "refused") text.append(element("p", "", sample.reason));
  const acts = element("div", "acts");
  if (sample === null) acts.append(button("btn", actions.sample, "Show a sample"));
  if (sample?.state === "asked") acts.append(element("span", "muted waiting", "Drawing a sample."));
  acts.append(button("btn quiet", () => actions.run("speql.cancel"), "Cancel"));
  text.append(acts);
  return element("div", "notice", icon("stale"), text);
}

function failedNotice(failed: Preview, hasOldRows: boolean, actions: NoticeActions): HTMLElement {
  const first: Problem | undefined =
    failed.problems.find((problem) => problem.severity === "error") ?? failed.problems[0];
  const refusal = failed.problems.find((problem) => problem.code === "not-submitted");
  const why = first?.message ?? "The query failed.";
  const said = refusal === undefined ? why : `${refusal.message} ${why}`;
  const text = element("div", "grow", element("span", "", ...codeText(said)));
  if (first?.hint) text.append(element("span", "", " ", ...codeText(first.hint)));
  if (first?.range) {
    const { start } = first.range;
    text.append(
      " ",
      button("link num", () => actions.reveal(start), place(start)),
    );
  }
  if (hasOldRows) text.append(element("span", "muted", " Rows below are from before."));
  if (failed.edits.length > 0) {
    const accept = button(
      "btn primary",
      () => actions.run("speql.acceptRepair"),
      `${fixText(failed.edits)} `,
      element("kbd", "", "Alt+M"),
    );
    text.append(element("div", "acts", accept, button("btn quiet", actions.dismiss, "Dismiss")));
  }
  const node = element("div", "notice bad", icon("failed"), text);
  node.setAttribute("role", "alert");
  return node;
}

/** What the fix does: one word for another is said, more is a number of repairs. */
function fixText(edits: readonly Edit[]): string {
  const [edit] = edits;
  const isName = edits.length === 1 && /^[\p{L}\p{N}_."]+$/u.test(edit!.newText) && edit!.oldText !== "";
  if (isName) return `Use ${edit!.newText}`;
  return edits.length === 1 ? "Accept the repair" : `Accept ${counted(edits.length, "repair")}`;
}

function serverNotice(
  server: "restarting" | "stopped",
  restart: Restart | null,
  seconds: number | null,
  actions: NoticeActions,
): HTMLElement {
  let next = server === "restarting" ? "Starting it again." : "It stopped too often to be started again by itself.";
  if (server === "restarting" && restart !== null && seconds !== null) {
    const when = seconds <= 0 ? "now" : `in ${seconds} s`;
    next = `Starting again ${when}, attempt ${restart.attempt} of ${restart.attempts}.`;
  }
  const text = element(
    "div",
    "grow",
    "The server stopped. ",
    element("span", "num", next),
    " ",
    element("span", "muted", "Your text is untouched."),
  );
  const acts = element("div", "acts");
  const canStart = server === "stopped" || (seconds !== null && seconds > 0);
  if (canStart) acts.append(button("btn", () => actions.run("speql.restartServer"), "Start now"));
  acts.append(button("btn quiet", () => actions.run("speql.showLog"), "Show log"));
  text.append(acts);
  const node = element("div", "notice", icon("stale"), text);
  node.setAttribute("role", "alert");
  return node;
}
