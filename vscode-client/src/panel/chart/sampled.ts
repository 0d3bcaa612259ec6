/** A chart of an estimate: drawn from the rows that a preview has, with the intervals that are sound. Pure. */

import type { ChartChoice, Preview } from "../../protocol.gen";
import { columnsOf, kindOf } from "./choosing";
import { labelOf, placeOf, type Point, type Points, type Scale } from "./points";

/** More colours than this are not drawn. */
const mostColours = 8;

/** What can be drawn of an estimate. */
export interface SampledChart {
  choice: ChartChoice;
  points: Points;
}

/**
 * The chart of an estimated preview; null if it cannot be drawn as it is.
 *
 * Only where each row is a point: intervals of several rows do not add up, and rows that are no aggregates are just
 * some rows of the result.
 */
export function sampledChart(preview: Preview, wanted: ChartChoice | null): SampledChart | null {
  const { sample, columns, rows } = preview;
  if (sample === null || rows.length === 0) return null;
  const choice = wanted ?? fitting(preview);
  if (choice === null || choice.y === null || choice.binned || choice.aggregate === "count") return null;
  const { x, y, colour } = choice;
  const scale = scaleOf(columns[x]?.type ?? "");
  const intervals = sample.intervals[y] ?? null;
  if (intervals === null && wanted === null) return null;
  const values = rows.flatMap((row, at): Point[] => {
    const place = placeOf(row[x] ?? null, scale);
    const value = placeOf(row[y] ?? null, "number");
    if (place === null || value === null) return [];
    const low = intervals?.low[at] ?? null;
    const high = intervals?.high[at] ?? null;
    const band = low === null || high === null ? {} : { low, high };
    return [{ x: place, y: value, colour: colour === null ? "" : labelOf(row[colour] ?? null), ...band }];
  });
  const series = colour === null ? [] : [...new Set(values.map((point) => point.colour))];
  const isOneRowEach = new Set(values.map((point) => `${point.x}\n${point.colour}`)).size === values.length;
  if (values.length === 0 || !isOneRowEach || series.length > mostColours) return null;
  if (scale !== "text") values.sort((left, right) => (left.x as number) - (right.x as number));
  return { choice, points: { values, x: scale, y: "number", series } };
}

/** Whether any point has an interval. */
export function hasBands(points: Points): boolean {
  return points.values.some((point) => point.low !== undefined);
}

function fitting({ columns, sample }: Preview): ChartChoice | null {
  const estimated = sample!.intervals.findIndex((interval) => interval !== null);
  if (estimated < 0) return null;
  const keys = columns.flatMap((_, at) => (sample!.intervals[at] === null && isKey(columns[at]!.type) ? [at] : []));
  const times = columnsOf(columns, "time").filter((at) => keys.includes(at));
  const texts = columnsOf(columns, "text").filter((at) => keys.includes(at));
  const x = times[0] ?? texts[0] ?? keys[0];
  if (x === undefined) return null;
  const colour = texts.find((at) => at !== x) ?? null;
  return { mark: times.length > 0 ? "line" : "bar", x, y: estimated, colour, aggregate: "none", binned: false };
}

function isKey(type: string): boolean {
  return kindOf(type) !== "other";
}

function scaleOf(type: string): Scale {
  const kind = kindOf(type);
  return kind === "other" ? "text" : kind;
}
