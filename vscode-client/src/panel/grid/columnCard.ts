/** What is known of a column, beside its header: how many values, from where to where, and which are frequent. */

import type { Column, ColumnProfile } from "../../protocol.gen";
import { element, type Child } from "../dom";
import { cellText, count, percent, type ColumnLook } from "../format";

/** Why there is no profile, or that there will be one. */
export type Missing = "coming" | "on demand" | "not possible" | { refused: string };

const mostValues = 5;
const longest = 60;

/** The card of a column. */
export function columnCard(column: Column, look: ColumnLook, profile: ColumnProfile | Missing): HTMLElement {
  const title = element("div", "tip-title", element("b", "", column.name), " ", element("span", "muted", column.type));
  const card = element("div", "tip column-card num", title);
  if (typeof profile === "string" || "refused" in profile) {
    card.append(element("p", "muted", missingText(profile)));
    return card;
  }
  const written = (cell: ColumnProfile["low"]): string => short(cellText(cell, look));
  const facts: [string, Child][] = [
    ["rows", count(profile.rows)],
    ["nulls", profile.nulls === 0 ? "none" : `${count(profile.nulls)}, ${percent(profile.nulls / profile.rows)}`],
    ["distinct", count(profile.distinct)],
  ];
  if (profile.low !== null) facts.push(["min", written(profile.low)], ["max", written(profile.high)]);
  if (profile.mean !== null) facts.push(["mean", mean(profile.mean)]);
  card.append(list(facts));
  if (profile.frequent.length > 0) {
    const rows = Math.max(1, profile.rows);
    const frequent = profile.frequent.slice(0, mostValues).map(({ value, count: times }): [string, Child] => {
      return [written(value), `${count(times)}, ${percent(times / rows)}`];
    });
    const others = profile.frequent.slice(mostValues).reduce((sum, one) => sum + one.count, profile.others);
    if (others > 0) frequent.push(["others", `${count(others)}, ${percent(others / rows)}`]);
    card.append(element("p", "tip-head muted", "Most frequent"), list(frequent));
  }
  return card;
}

function list(facts: [string, Child][]): HTMLElement {
  const rows = facts.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]);
  return element("dl", "tip-facts", ...rows);
}

function missingText(missing: Missing): string {
  if (typeof missing !== "string") return missing.refused;
  return {
    coming: "Statistics are being computed.",
    "on demand": "Statistics run the whole query. Press S, or the button above, to compute them.",
    "not possible": "There are no statistics: these rows are an estimate, or all that is known.",
  }[missing];
}

function mean(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 7, useGrouping: false });
}

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
