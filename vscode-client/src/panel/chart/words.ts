/** What is said of a chart: its title from the fields, values, and what a screen reader hears. Pure. */

import type { ChartChoice, Column } from "../../protocol.gen";
import { shortCount } from "../amounts";
import { counted } from "../format";
import type { Point, Points, Scale } from "./points";

/** The columns' part in a chart, by name. */
export interface FieldNames {
  x: string;
  y: string;
  colour: string;
}

const aggregates = { none: "", sum: "Sum", mean: "Mean", min: "Least", max: "Greatest", count: "Number" } as const;

/** The names of a chart's fields; `y` with its aggregate (`sum net_paid`), `x` as the unit that times were cut to. */
export function fieldNames(choice: ChartChoice, columns: readonly Column[], unit: string): FieldNames {
  const name = (at: number | null): string => (at === null ? "" : (columns[at]?.name ?? ""));
  const y = choice.y === null || choice.aggregate === "count" ? "rows" : name(choice.y);
  const aggregate = choice.aggregate === "none" || y === "rows" ? "" : `${choice.aggregate} `;
  return { x: unit === "" ? name(choice.x) : unit, y: `${aggregate}${y}`, colour: name(choice.colour) };
}

/** The title: a sentence from the fields. */
export function chartTitle(choice: ChartChoice, columns: readonly Column[], unit: string): string {
  const { x, y, colour } = fieldNames(choice, columns, unit);
  if (choice.binned) return `Distribution of ${x}`;
  const by = colour === "" ? "" : ` and ${colour}`;
  if (choice.aggregate === "none") return `${y} ${choice.mark === "point" ? "against" : "by"} ${x}${by}`;
  if (y === "rows") return `Number of rows by ${x}${by}`;
  return `${aggregates[choice.aggregate]} of ${columns[choice.y!]?.name ?? ""} by ${x}${by}`;
}

/** The short name of a proposal, in two lines. */
export function proposalName(choice: ChartChoice, columns: readonly Column[]): [name: string, of: string] {
  const { x, y } = fieldNames(choice, columns, "");
  if (choice.binned) return ["Histogram", `of ${x}`];
  if (choice.mark === "point") return ["Points", `${y} against ${x}`];
  const what = y === "rows" ? "rows " : "";
  return [markName(choice), `${what}by ${x}`];
}

/** The name of what is drawn. */
export function markName(choice: Pick<ChartChoice, "mark" | "binned">): string {
  if (choice.binned) return "Histogram";
  return { bar: "Bar", line: "Line", point: "Points", area: "Area" }[choice.mark];
}

/** A value of an axis as text. */
export function valueText(value: number | string, scale: Scale, unit = ""): string {
  if (typeof value === "string") return value;
  return scale === "time" ? timeText(value, unit) : numberText(value);
}

/** A number that is read at a glance: `36.0 M`, `1,204`, `0.25`. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size >= 100_000) return shortCount(value).replace(/^(-?\d\d?) /, "$1.0 ");
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return value.toLocaleString("en-US", size < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 });
}

/** The bins of a histogram: from where to where. */
export function binText(point: Point): string {
  return `${valueText(point.x, "number")} to ${valueText(point.x2 ?? point.x, "number")}`;
}

/** What a screen reader hears of a chart instead of seeing it. */
export function spokenChart(choice: ChartChoice, title: string, points: Points): string {
  const numbers = points.values.flatMap(({ y }) => (typeof y === "number" ? [y] : []));
  const range =
    numbers.length === 0
      ? ""
      : ` Values from ${numberText(Math.min(...numbers))} to ${numberText(Math.max(...numbers))}.`;
  const series = points.series.length === 0 ? "" : ` For ${listed(points.series)}.`;
  const count = counted(points.values.length, "point");
  return `${markName(choice)} chart. ${title}.${series} ${count}.${range} Arrow keys read the values.`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function timeText(milliseconds: number, unit: string): string {
  const at = new Date(milliseconds);
  const iso = at.toISOString();
  if (unit === "year") return iso.slice(0, iso.indexOf("-", 1));
  if (unit === "month") return `${months[at.getUTCMonth()]!} ${at.getUTCFullYear()}`;
  const [day, time] = iso.split("T") as [string, string];
  const clock = time.slice(0, 8).replace(/:00$/, "");
  return milliseconds % 86_400_000 === 0 ? day : `${day} ${clock}`;
}
