/** The Diff tab: every edit of the repair with its number and its reason, and the SQL that was executed. */

import type { Edit, Position, Preview } from "../protocol.gen";
import { button, element } from "./dom";
import { counted, place } from "./format";

/** What the buttons of the tab do. */
export interface DiffActions {
  accept: () => void;
  reveal: (position: Position) => void;
}

/** The tab's content for the latest preview, or what to say when there is none. */
export function diffView(latest: Preview | null, actions: DiffActions): HTMLElement[] {
  if (latest === null) return [quiet("No SELECT has been run yet.")];
  const content = element("div", "diff");
  content.tabIndex = 0;
  content.setAttribute("role", "region");
  content.setAttribute("aria-label", "Typed and executed SQL");
  if (latest.edits.length > 0) content.append(why(latest.edits, actions));
  else content.append(element("p", "muted pad", "The typed text needed no repair."));
  if (latest.executedSql !== "") content.append(executed(latest.executedSql));
  return latest.edits.length > 0 ? [content, acceptBar(latest.edits.length, actions)] : [content];
}

function quiet(text: string): HTMLElement {
  return element("p", "muted pad grow", text);
}

function why(edits: readonly Edit[], actions: DiffActions): HTMLElement {
  const list = element("ol");
  edits.forEach((edit, at) => {
    const change = element("span", "change");
    if (edit.oldText !== "") change.append(element("del", "gone", edit.oldText));
    if (edit.newText !== "") change.append(element("ins", "", edit.newText.trim() || edit.newText));
    const where = button("link num", () => actions.reveal(edit.range.start), place(edit.range.start));
    const reason = element("div", "reason", edit.reason, " ", where);
    list.append(element("li", "", element("span", "tag num", String(at + 1)), element("div", "", change, reason)));
  });
  return element("section", "why", element("h2", "", "Why"), list);
}

function executed(sql: string): HTMLElement {
  return element("section", "executed", element("h2", "", "Executed"), element("pre", "", sql));
}

function acceptBar(edits: number, actions: DiffActions): HTMLElement {
  const text = element("p", "muted grow", `Accept writes ${counted(edits, "repair")} into the editor.`);
  return element("div", "bar", text, button("btn primary", actions.accept, "Accept ", element("kbd", "", "Alt+M")));
}
