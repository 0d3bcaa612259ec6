/** The panel's header: which SELECT, and the facts of the result in their fixed order. */

import type { Position, Preview } from "../protocol.gen";
import { about, ago, timeOfDay } from "./amounts";
import { button, element, icon } from "./dom";
import { count, counted, duration, percent, spread } from "./format";

type ResultState = Preview["states"][number];

/** What the header is made from. Times are in milliseconds. */
export interface HeaderFacts {
  documentName: string;
  shown: Preview | null;
  /** Null where the result matches the text. */
  staleFor: number | null;
  /** Since when an earlier preview was shown that the user has gone back to; null while it is the newest. */
  earlier: { at: Date; ago: number } | null;
  /** How long the next rows are likely to take still; null where that is not known, or they are not late. */
  next: number | null;
  /** While there are no rows yet: how long they have been waited for, and on what they run. */
  loading: { waited: number; source: string } | null;
}

/** The breadcrumb of the SELECT that is shown. Each part moves the cursor there. */
export function breadcrumb(facts: HeaderFacts, moveTo: (place: Position) => void): HTMLElement {
  const parts = facts.shown?.breadcrumb ?? [];
  const list = element("ol");
  (parts.length > 0 ? parts : [facts.documentName]).forEach((part, at) => {
    const isLast = at === Math.max(parts.length - 1, 0);
    const place = facts.shown?.places[at] ?? null;
    const label = partLabel(part);
    const shown = place === null ? element("span", "", ...label) : button("", () => moveTo(place), ...label);
    const item = element("li", "", shown);
    item.title = place === null ? part : `${part}: move the cursor there`;
    if (isLast) item.setAttribute("aria-current", "true");
    list.append(item);
  });
  const navigation = element("nav", "crumbs", list);
  navigation.setAttribute("aria-label", "SELECT shown");
  return navigation;
}

/** The facts: chips, rows, time, where the rows were served from, what that has saved or what comes next. */
export function factsLine(facts: HeaderFacts, onJobs: () => void): HTMLElement {
  const { shown, loading } = facts;
  const line = element("div", "facts num");
  if (shown === null) {
    if (loading !== null) line.append(...loadingFacts(loading, facts.next, onJobs));
    return line;
  }
  const chips = element("span", "group chips", ...chipsOf(shown, facts));
  const rows = element("span", "group", element("b", "", rowCount(shown)), element("span", "muted", rowNoun(shown)));
  line.append(chips, rows);
  const milliseconds = timeOf(shown);
  if (milliseconds !== null) {
    const time = element("span", "group", element("b", "", duration(milliseconds)));
    time.title = timeNote(shown);
    line.append(time);
  }
  const estimate = estimateText(shown, facts.next);
  line.append(
    element("span", "group", source(shown, onJobs), estimate === null ? null : element("span", "muted", estimate)),
  );
  if (shown.purpose === "submit") line.append(element("span", "group muted", "submit"));
  return line;
}

/** The facts as one sentence, for the live region. */
export function spokenFacts(facts: HeaderFacts): string {
  const { shown, staleFor, earlier } = facts;
  if (shown === null) return "";
  const milliseconds = timeOf(shown);
  const time = milliseconds === null ? "" : `, ${duration(milliseconds)}`;
  const state = earlier !== null ? "earlier preview" : staleFor === null ? shown.states.join(", ") : "stale";
  return `${state}, ${rowCount(shown)} ${rowNoun(shown)}${time}`;
}

function loadingFacts(
  { waited, source: from }: { waited: number; source: string },
  next: number | null,
  onJobs: () => void,
): HTMLElement[] {
  const time = element("span", "group", element("b", "", `${(Math.floor(waited / 100) / 10).toFixed(1)} s`));
  const link = button("link", onJobs, from);
  link.title = "Show in Jobs";
  const estimate = next === null ? null : element("span", "muted", `first rows in ${about(next)}`);
  return [time, element("span", "group", link, estimate)];
}

function partLabel(part: string): (string | HTMLElement)[] {
  const [, kind, name] = /^(CTE|derived table|branch) (.+)$/.exec(part) ?? [];
  return kind === undefined || name === undefined ? [part] : [`${kind} `, element("code", "", name)];
}

const reasons: Record<ResultState, string> = {
  exact: "Every row that the query returns on the data as it is now.",
  sample: "Made from a part of the data. The exact rows replace it when they are there.",
  predicted: "Made from a query that was completed for you: the Diff tab shows how.",
  stale: "From before your last edit, or from before the data changed.",
  cached: "The same query was answered before, and the data has not changed since.",
};

function chipsOf(shown: Preview, { staleFor, earlier }: HeaderFacts): HTMLElement[] {
  if (earlier !== null) {
    const word = `earlier, ${timeOfDay(earlier.at)}`;
    return [
      chip("stale", word, `A preview from ${ago(earlier.ago)}. Later preview goes on to what the text gives now.`),
    ];
  }
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
    const next = shown.timings.direct === null ? "" : ` Exact in ${about(shown.timings.direct)}.`;
    const note = `Estimated from ${share} of the rows of ${sample.table}. ${reasons.sample}${next}`;
    return chip(state, `sample ${share}${widestSpread(shown)}`, note);
  });
}

/** The widest interval of the estimates, in percent of the value; empty where one of them has none. */
function widestSpread({ sample, rows }: Preview): string {
  const intervals = sample!.intervals.filter((interval) => interval !== null);
  if (intervals.length === 0) return "";
  let widest: [number, number] | null = null;
  const share = ([low, high]: [number, number]): number => (high - low) / Math.abs(low + high);
  for (const { low, high } of intervals) {
    for (let at = 0; at < rows.length; at += 1) {
      const ends: [number | null, number | null] = [low[at] ?? null, high[at] ?? null];
      if (ends[0] === null || ends[1] === null) return "";
      const found: [number, number] = [ends[0], ends[1]];
      if (widest === null || share(found) > share(widest)) widest = found;
    }
  }
  return widest === null || share(widest) > 10 ? "" : ` ${spread(...widest).replace("± ", "±")}`;
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
    link.title = "Show in Jobs";
    return link;
  }
  return element(
    "span",
    "muted",
    shown.states.includes("cached") ? "from the result cache" : "served from base tables",
  );
}

/** Below this a direct run is no slower for anybody. */
const worthSaying = 20;

function estimateText(shown: Preview, next: number | null): string | null {
  if (next !== null) return `next ${about(next)}`;
  const { direct } = shown.timings;
  if (direct === null) return null;
  if (shown.states.includes("sample")) return `exact in ${about(direct)}`;
  const isServed = shown.servedFrom.length > 0 || shown.states.includes("cached");
  // The time beside it has the wait for the text to rest in it: no comparison where that was longer.
  const isQuicker = (timeOf(shown) ?? 0) < direct;
  return isServed && isQuicker && direct >= worthSaying ? `instead of ${about(direct)}` : null;
}

/** Milliseconds from the edit to the first rows, as far as they are known. */
function timeOf(shown: Preview): number | null {
  return shown.timings.total ?? shown.timings.engine;
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
