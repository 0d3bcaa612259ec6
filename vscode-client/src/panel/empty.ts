/** What the panel says when there are no rows yet: what to do, the data found, the keys. */

import type { Preview, Status } from "../protocol.gen";
import { element } from "./dom";
import { counted } from "./format";

/** The screen without rows. */
export function emptyView(latest: Preview | null, status: Status | null, isLate: boolean, isMac: boolean): HTMLElement {
  const problem = latest?.problems[0];
  const title = isLate ? "Waiting for the first rows" : "No SELECT under the cursor";
  const what = problem !== undefined && !isLate ? `${problem.message} ${problem.hint}`.trim() : "";
  const connection = status?.connection;
  const data =
    connection?.state === "open"
      ? `${connection.label || "The database in memory"} has ${counted(connection.tables, "table")}.`
      : (connection?.message ?? "");
  const submit = isMac ? "Cmd+Enter" : "Ctrl+Enter";
  const accept = isMac ? "Option+M" : "Alt+M";
  const keys = [
    [submit, "Submit: run the whole query now"],
    [accept, "Accept the repair"],
    ["Esc", "Dismiss ghost text"],
  ].flatMap(([key, meaning]) => [element("dt", "", element("kbd", "", key!)), element("dd", "", meaning!)]);
  const text = element(
    "div",
    "",
    element("h2", "", title),
    what === "" ? null : element("p", "", what),
    element("p", "", "Put the cursor in a SELECT or start typing one. Its rows appear here as you type."),
    data === "" ? null : element("p", "data", data),
    element("dl", "keys", ...keys),
  );
  const section = element("section", "empty", text);
  section.setAttribute("aria-label", "Nothing to preview");
  return section;
}
