/** The panel's header: which SELECT, and the facts of the result in their fixed order. */

import type { Preview } from "../protocol.gen";
import { button, element, icon } from "./dom";
import { count, counted, duration, percent } from "./format";

type ResultState = Preview["states"][number];

/** What the header is made from. `staleFor` is in milliseconds, null where the result matches the text. */
export interface HeaderFacts {
  documentName: string;
  shown: Preview | null;
  staleFor: number | null;
}

/** The breadcrumb of the SELECT that is shown. Its first part moves the cursor to the statement. */
export function breadcrumb(facts: HeaderFacts, onStatement: () => void): HTMLElement {
  const parts = facts.shown?.breadcrumb ?? [];
  const list = element("ol");
  (parts.length > 0 ? parts : [facts.documentName]).forEach((part, at) => {
    const isLast = at === Math.max(parts.length - 1, 0);
    const label = partLabel(part);
    const canMove = at === 0 && !isLast && facts.shown?.statement != null;
    const item = element("li", "", canMove ? button("", onStatement, ...label) : element("span", "", ...label));
    item.title = part;
    if (isLast) item.setAttribute("aria-current", "true");
    list.append(item);
  });
  const navigation = element("nav", "crumbs", list);
  navigation.setAttribute("aria-label", "SELECT shown");
  return navigation;
}

/** The facts: chips, rows, time, where the rows were served from. */
export function factsLine(facts: HeaderFacts, onJobs: () => void): HTMLElement {
  const { shown, staleFor } = facts;
  const line = element("div", "facts num");
  if (shown === null) return line;
  const chips = element("span", "group chips", ...chipsOf(shown, staleFor));
  const rows = element("span", "group", element("b", "", rowCount(shown)), element("span", "muted", rowNoun(shown)));
  line.append(chips, rows);
  const milliseconds = shown.timings.total ?? shown.timings.engine;
  if (milliseconds !== null) {
    const time = element("span", "group", element("b", "", duration(milliseconds)));
    time.title = timeNote(shown);
    line.append(time);
  }
  line.append(element("span", "group", source(shown, onJobs)));
  if (shown.purpose === "submit") line.append(element("span", "group muted", "submit"));
  return line;
}

/** The facts as one sentence, for the live region. */
export function spokenFacts(facts: HeaderFacts): string {
  const { shown, staleFor } = facts;
  if (shown === null) return "";
  const milliseconds = shown.timings.total ?? shown.timings.engine;
  const time = milliseconds === null ? "" : `, ${duration(milliseconds)}`;
  return `${staleFor === null ? shown.states.join(", ") : "stale"}, ${rowCount(shown)} ${rowNoun(shown)}${time}`;
}

function partLabel(part: string): (string | HTMLElement)[] {
  const space = part.indexOf(" ");
  return space < 0 ? [part] : [`${part.slice(0, space)} `, element("code", "", part.slice(space + 1))];
}

const reasons: Record<ResultState, string> = {
  exact: "Every row that the query returns on the data as it is now.",
  sample: "Made from a part of the data. The exact rows replace it when they are there.",
  predicted: "Made from a query that was completed for you: the Diff tab shows how.",
  stale: "From before your last edit, or from before the data changed.",
  cached: "The same query was answered before, and the data has not changed since.",
};

function chipsOf(shown: Preview, staleFor: number | null): HTMLElement[] {
  // A result that no longer matches the text is stale, whatever it was for the text before.
  if (staleFor !== null) {
    const seconds = Math.floor(staleFor / 1_000);
    return [
      chip(
        "stale",
        seconds < 1 ? "stale" : seconds < 60 ? `stale ${seconds} s` : `stale ${Math.floor(seconds / 60)} min`,
      ),
    ];
  }
  const { sample } = shown;
  return shown.states.map((state) => {
    if (state !== "sample" || sample === null) return chip(state, state);
    const share = percent(sample.fraction);
    return chip(state, `sample ${share}`, `Estimated from ${share} of the rows of ${sample.table}. ${reasons.sample}`);
  });
}

function chip(state: ResultState, word: string, reason: string = reasons[state]): HTMLElement {
  const made = element("span", `chip ${state}`, icon(state), word);
  made.title = reason;
  return made;
}

function rowCount(shown: Preview): string {
  if (shown.totalRows !== null) return count(shown.totalRows);
  return shown.complete ? count(shown.rows.length) : `first ${count(shown.rows.length)}`;
}

function rowNoun(shown: Preview): string {
  return (shown.totalRows ?? shown.rows.length) === 1 ? "row" : "rows";
}

function source(shown: Preview, onJobs: () => void): HTMLElement {
  if (shown.servedFrom.length > 0) {
    const text = `served from ${counted(shown.servedFrom.length, "temp table")}`;
    const link = button("link", onJobs, shown.tempOnly ? text : `${text} and base tables`);
    link.title = `${shown.servedFrom.join(", ")}. Show in Jobs`;
    return link;
  }
  return element(
    "span",
    "muted",
    shown.states.includes("cached") ? "from the result cache" : "served from base tables",
  );
}

function timeNote(shown: Preview): string {
  const { analysis, engine, total } = shown.timings;
  const parts = [
    total === null ? "" : `${duration(total)} from the edit to the first rows`,
    analysis === null ? "" : `analysis ${duration(analysis)}`,
    engine === null ? "" : `engine ${duration(engine)}`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
