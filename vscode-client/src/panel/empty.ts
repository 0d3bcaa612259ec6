/** What the panel says when there are no rows yet: what to do, the data found, the keys. */

import type { Preview, Status } from "../protocol.gen";
import { button, codeText, element, icon } from "./dom";
import { counted } from "./format";
import type { DataFile } from "./messages";
import { connectionOf } from "./speculation";

/** What the screen is made from. */
export interface EmptyFacts {
  latest: Preview | null;
  status: Status | null;
  uri: string | null;
  files: readonly DataFile[];
  isLate: boolean;
  isMac: boolean;
}

/** The screen without rows. */
export function emptyView(
  { latest, status, uri, files, isLate, isMac }: EmptyFacts,
  use: (name: string) => void,
): HTMLElement {
  const problem = latest?.problems[0];
  const title = isLate ? "Waiting for the first rows" : "No SELECT under the cursor";
  const what = problem !== undefined && !isLate ? `${problem.message} ${problem.hint}`.trim() : "";
  const connection = status === null ? undefined : connectionOf(status, uri);
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
    what === "" ? null : element("p", "", ...codeText(what)),
    element("p", "", "Put the cursor in a SELECT or start typing one. Its rows appear here as you type."),
    files.length > 0 ? fileList(files, use) : data === "" ? null : element("p", "data", data),
    element("dl", "keys", ...keys),
  );
  const section = element("section", "empty", text);
  section.setAttribute("aria-label", "Nothing to preview");
  return section;
}

function fileList(files: readonly DataFile[], use: (name: string) => void): HTMLElement {
  const items = files.map(({ name, detail, kind }) =>
    element(
      "li",
      "",
      button(
        "",
        () => use(name),
        icon(kind === "database" ? "database" : "table"),
        element("span", "grow", name),
        element("span", "muted num", detail),
      ),
    ),
  );
  const list = element("ul", "files", ...items);
  list.setAttribute("aria-label", "Data found in this workspace");
  return list;
}
