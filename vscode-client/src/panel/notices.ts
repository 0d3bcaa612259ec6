/** Notices between the tabs and the rows: late, failed, server down. At most one at a time. */

import type { Position, Preview, Problem } from "../protocol.gen";
import { button, element, icon } from "./dom";
import { place } from "./format";
import type { PanelCommand, ServerState } from "./messages";

/** What a notice is made from. `lateFor` is in milliseconds, null where nothing is late. */
export interface NoticeFacts {
  server: ServerState;
  failed: Preview | null;
  lateFor: number | null;
  hasOldRows: boolean;
}

/** What a notice's buttons do. */
export interface NoticeActions {
  run: (command: PanelCommand) => void;
  reveal: (position: Position) => void;
}

/** From here on a late answer is explained, with a way to stop it. */
export const explainLateAfter = 3_000;

/** The notice to show, or null. `key` tells whether it is the one that is already there. */
export function notice(facts: NoticeFacts, actions: NoticeActions): { key: string; node: HTMLElement } | null {
  if (facts.server !== "running") return { key: facts.server, node: serverNotice(facts.server, actions) };
  if (facts.failed !== null)
    return {
      key: JSON.stringify([facts.failed.problems, facts.hasOldRows]),
      node: failedNotice(facts.failed, facts.hasOldRows, actions),
    };
  if (facts.lateFor !== null && facts.lateFor >= explainLateAfter) {
    const seconds = Math.floor(facts.lateFor / 1_000);
    return { key: `late ${seconds}`, node: lateNotice(seconds, facts.hasOldRows, actions) };
  }
  return null;
}

function lateNotice(seconds: number, hasOldRows: boolean, actions: NoticeActions): HTMLElement {
  const old = hasOldRows ? element("span", "muted", " Rows below are from before your last edit.") : null;
  const text = element("div", "grow", element("span", "num", `Running for ${seconds} s.`), old);
  text.append(
    element(
      "div",
      "acts",
      button("btn quiet", () => actions.run("speql.cancel"), "Cancel"),
    ),
  );
  return element("div", "notice", icon("stale"), text);
}

function failedNotice(failed: Preview, hasOldRows: boolean, actions: NoticeActions): HTMLElement {
  const first: Problem | undefined =
    failed.problems.find((problem) => problem.severity === "error") ?? failed.problems[0];
  const refusal = failed.problems.find((problem) => problem.code === "not-submitted");
  const why = first?.message ?? "The query failed.";
  const text = element("div", "grow", element("span", "", refusal === undefined ? why : `${refusal.message} ${why}`));
  if (first?.hint) text.append(element("span", "", ` ${first.hint}`));
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
      "Accept the repair ",
      element("kbd", "", "Alt+M"),
    );
    text.append(element("div", "acts", accept));
  }
  const node = element("div", "notice bad", icon("failed"), text);
  node.setAttribute("role", "alert");
  return node;
}

function serverNotice(server: "restarting" | "stopped", actions: NoticeActions): HTMLElement {
  const next = server === "restarting" ? "Starting it again." : "It stopped too often to be started again by itself.";
  const text = element(
    "div",
    "grow",
    `The server stopped. ${next} `,
    element("span", "muted", "Your text is untouched."),
  );
  const acts = element("div", "acts");
  if (server === "stopped") acts.append(button("btn", () => actions.run("speql.restartServer"), "Start now"));
  acts.append(button("btn quiet", () => actions.run("speql.showLog"), "Show log"));
  text.append(acts);
  const node = element("div", "notice", icon("stale"), text);
  node.setAttribute("role", "alert");
  return node;
}
