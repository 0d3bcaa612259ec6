/** The Vega-Lite specification that is drawn: the points of the server's, in the panel's size, theme and rules. Pure. */

import type { ChartChoice } from "../../protocol.gen";
import type { Point, Points } from "./points";
import type { ChartTheme } from "./theme";
import type { FieldNames } from "./words";

/** How a chart is drawn. */
export interface Look {
  width: number;
  height: number;
  theme: ChartTheme;
  names: FieldNames;
  unit: string;
  /** The ends of the y axis of what was drawn before in the same place; kept if the new values fit. */
  keep: [number, number] | null;
}

/** A specification, and what whoever reads the picture has to know: its ends of y, and whether bars lie. */
export interface Drawing {
  specification: object;
  ends: [number, number] | null;
  lying: boolean;
  height: number;
}

/** Bars of more categories than this, or with longer names, lie on their side: their names are readable there. */
const mostStanding = 9;
const longestStanding = 12;
/** Lying bars take at least this; more of them than fit scroll, with their numbers above. */
const barHeight = 17;
const letterWidth = 6.6;

/** The drawing of a chart. */
export function drawingOf(choice: ChartChoice, points: Points, look: Look): Drawing {
  const { theme, names } = look;
  const categories = points.x === "text" ? categoriesOf(choice, points) : [];
  const lying = choice.mark === "bar" && !choice.binned && liesDown(categories);
  const stacked = isStacked(choice, points);
  const ends = points.y === "number" ? endsOf(choice, points, stacked, look.keep) : null;
  const height = lying ? Math.max(look.height, categories.length * barHeight + 40) : look.height;
  const size = { width: look.width, height };
  const isLine = choice.mark === "line";
  const named = isLine && points.series.length > 0;
  const x = xChannel(choice, points, categories, size, look);
  const y = yChannel(choice, points, ends, height, names, theme);
  const encoding = {
    [lying ? "y" : "x"]: lying ? lyingCategory(x) : x,
    [lying ? "x" : "y"]: lying ? lyingValue(y, look.width, height > look.height) : y,
  };
  const color = points.series.length === 0 ? {} : { color: colourChannel(points, theme, !named, look.width) };
  const layers: object[] = [];
  if (points.values.some((point) => point.low !== undefined))
    layers.push(...bands(isLine, lying, encoding, color, theme));
  layers.push({
    mark: markOf(choice, points, theme, stacked),
    encoding: { ...encoding, ...x2Of(choice), ...color, ...grouped(choice, points, stacked, lying) },
  });
  if (named && ends !== null) layers.push(seriesNames(points, ends, height, encoding, color, theme));
  const right = named ? Math.min(120, 16 + letterWidth * Math.max(...points.series.map((name) => name.length))) : 12;
  return {
    specification: {
      data: { values: points.values },
      width: look.width,
      height,
      autosize: { type: "fit", contains: "padding" },
      padding: { left: 4, right, top: 10, bottom: 6 },
      background: theme.ground,
      layer: layers,
      config: configOf(theme),
    },
    ends,
    lying,
    height,
  };
}

/** Whether the parts of a bar or an area add up to the whole. */
export function isStacked(choice: ChartChoice, points: Points): boolean {
  const adds = choice.aggregate === "sum" || choice.aggregate === "count";
  return points.series.length > 0 && (choice.mark === "bar" || choice.mark === "area") && adds;
}

/** The categories in the order in which they are drawn: of bars the greatest first. */
export function categoriesOf(choice: ChartChoice, points: Points): string[] {
  const totals = new Map<string, number>();
  for (const { x, y } of points.values) {
    const value = typeof y === "number" ? y : 0;
    totals.set(String(x), (totals.get(String(x)) ?? 0) + value);
  }
  const names = [...totals.keys()];
  return choice.mark === "bar" ? names.sort((left, right) => totals.get(right)! - totals.get(left)!) : names;
}

function liesDown(categories: readonly string[]): boolean {
  return categories.length > mostStanding || categories.some((name) => name.length > longestStanding);
}

/** The ends of the y axis: zero for bars and areas always, for lines unless that flattens them, for points never. */
export function endsOf(
  choice: ChartChoice,
  points: Points,
  stacked: boolean,
  keep: [number, number] | null,
): [number, number] | null {
  const [low, high] = stacked ? stackEnds(points) : plainEnds(points);
  if (low > high) return null;
  // Estimates give way to exact values in place: nothing moves if these fit, and fill at least half of it.
  if (keep !== null && low >= keep[0] && high <= keep[1] && high - Math.min(low, 0) >= (keep[1] - keep[0]) / 2)
    return keep;
  const isSolid = choice.mark === "bar" || choice.mark === "area";
  const nearest = low > 0 ? low : high < 0 ? -high : 0;
  const farthest = Math.max(Math.abs(low), Math.abs(high));
  const withZero = isSolid || (choice.mark === "line" && nearest < 0.6 * farthest);
  const ends: [number, number] = withZero ? [Math.min(0, low), Math.max(0, high)] : [low, high];
  return ends[0] === ends[1] ? [ends[0] - 1, ends[1] + 1] : ends;
}

function plainEnds(points: Points): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const point of points.values) {
    for (const value of [point.y, point.low, point.high]) {
      if (typeof value !== "number") continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

function stackEnds(points: Points): [number, number] {
  const above = new Map<number | string, number>();
  const below = new Map<number | string, number>();
  for (const { x, y } of points.values) {
    if (typeof y !== "number") continue;
    const side = y < 0 ? below : above;
    side.set(x, (side.get(x) ?? 0) + y);
  }
  return [Math.min(0, ...below.values()), Math.max(0, ...above.values())];
}

const types = { number: "quantitative", time: "temporal", text: "nominal" } as const;

/** Numbers as people read them: `15 M`, `2,500`, `0.25`. */
const numberLabels =
  "abs(datum.value) >= 1e12 ? format(datum.value / 1e12, '~g') + ' T' : " +
  "abs(datum.value) >= 1e9 ? format(datum.value / 1e9, '~g') + ' B' : " +
  "abs(datum.value) >= 1e6 ? format(datum.value / 1e6, '~g') + ' M' : " +
  "abs(datum.value) >= 1e4 ? format(datum.value / 1e3, '~g') + ' K' : format(datum.value, ',~g')";

const timeLabels = {
  year: "%Y",
  quarter: "%b",
  month: "%b",
  week: "%b %d",
  date: "%b %d",
  day: "%b %d",
  hours: "%H:%M",
  minutes: "%H:%M",
  seconds: ":%S",
  milliseconds: ".%L",
};

function xChannel(
  choice: ChartChoice,
  points: Points,
  categories: readonly string[],
  size: { width: number; height: number },
  look: Look,
): Record<string, unknown> {
  const title = choice.mark === "point" ? look.names.x : null;
  const axis: Record<string, unknown> = { grid: false, labelOverlap: true, title };
  const channel: Record<string, unknown> = { field: "x", type: types[points.x], axis };
  if (points.x === "text") {
    axis["labelAngle"] = 0;
    axis["labelLimit"] = Math.max(40, Math.floor((size.width - 60) / Math.max(1, categories.length)));
    channel["sort"] = categories;
    channel["scale"] = choice.mark === "bar" ? { paddingInner: 0.25, paddingOuter: 0.15 } : {};
    return channel;
  }
  axis["tickCount"] = Math.max(2, Math.min(12, Math.round(size.width / 70)));
  if (points.x === "time") {
    channel["scale"] = { type: "utc" };
    // Within a few years January says its name, too: a year alone would look like one.
    const months = look.unit === "month" || look.unit === "" || look.unit === "week";
    axis["format"] = { ...timeLabels, year: months && spanOf(points) < 3 * 366 * 86_400_000 ? "%b %Y" : "%Y" };
  } else {
    channel["scale"] = { zero: false, nice: choice.mark === "point" };
    axis["labelExpr"] = numberLabels;
  }
  if (choice.binned) channel["bin"] = { binned: true };
  return channel;
}

function spanOf(points: Points): number {
  const times = points.values.flatMap(({ x }) => (typeof x === "number" ? [x] : []));
  return times.length === 0
    ? 0
    : times.reduce((most, time) => Math.max(most, time)) - times.reduce((least, time) => Math.min(least, time));
}

function yChannel(
  choice: ChartChoice,
  points: Points,
  ends: [number, number] | null,
  height: number,
  names: FieldNames,
  theme: ChartTheme,
): Record<string, unknown> {
  const axis: Record<string, unknown> = {
    grid: true,
    title: choice.mark === "point" ? names.y : null,
    tickCount: Math.max(2, Math.min(6, Math.round(height / 70))),
    gridColor: { condition: { test: "datum.value === 0", value: theme.zero }, value: theme.line },
    gridOpacity: { condition: { test: "datum.value === 0", value: 1 }, value: theme.lineOpacity },
  };
  if (points.y === "number") axis["labelExpr"] = numberLabels;
  if (points.y === "time") axis["format"] = timeLabels;
  const scale =
    ends === null ? (points.y === "time" ? { type: "utc" } : {}) : { domain: ends, nice: true, zero: false };
  return { field: "y", type: types[points.y], axis, scale };
}

/** The same channels with bars that lie on their side. */
function lyingCategory(x: Record<string, unknown>): Record<string, unknown> {
  const axis = { ...(x["axis"] as object), labelAngle: 0, labelLimit: 150, labelOverlap: false };
  return { ...x, axis };
}

function lyingValue(y: Record<string, unknown>, width: number, scrolls: boolean): Record<string, unknown> {
  const tickCount = Math.max(2, Math.min(6, Math.round(width / 110)));
  const axis = { ...(y["axis"] as object), tickCount, ...(scrolls ? { orient: "top" } : {}) };
  return { ...y, axis };
}

function colourChannel(points: Points, theme: ChartTheme, withKey: boolean, width: number): object {
  const legend = withKey
    ? {
        orient: "top",
        title: null,
        symbolType: "circle",
        direction: "horizontal",
        columns: Math.max(1, Math.floor(width / 110)),
      }
    : null;
  return {
    field: "colour",
    type: "nominal",
    legend,
    scale: { domain: points.series, range: seriesColours(points, theme) },
  };
}

/** The colour of each series; what stands for all others is quiet. */
export function seriesColours(points: Points, theme: ChartTheme): string[] {
  return points.series.map((_, at) => theme.series[at] ?? theme.quiet);
}

function markOf(choice: ChartChoice, points: Points, theme: ChartTheme, stacked: boolean): object {
  const own = points.series.length === 0 ? { color: theme.series[0]! } : {};
  switch (choice.mark) {
    case "line":
      return {
        type: "line",
        strokeWidth: 2,
        strokeJoin: "round",
        strokeCap: "round",
        point: points.values.length < 3,
        ...own,
      };
    case "area":
      return { type: "area", opacity: stacked ? 0.75 : 0.3, line: { strokeWidth: 2 }, ...own };
    case "point":
      return { type: "circle", size: points.values.length > 500 ? 14 : 32, opacity: 0.65, ...own };
    case "bar":
      return {
        type: "bar",
        cornerRadiusEnd: stacked || choice.binned ? 0 : 2,
        ...(choice.binned ? { binSpacing: 1 } : {}),
        ...own,
      };
  }
}

function x2Of(choice: ChartChoice): object {
  return choice.binned ? { x2: { field: "x2" } } : {};
}

/** Bars of series that do not add up stand side by side. */
function grouped(choice: ChartChoice, points: Points, stacked: boolean, lying: boolean): object {
  if (choice.mark !== "bar" || points.series.length === 0 || stacked) return {};
  return { [lying ? "yOffset" : "xOffset"]: { field: "colour", sort: points.series } };
}

/** The 95 % intervals: an area behind a line, a rule in a bar. */
function bands(
  isLine: boolean,
  lying: boolean,
  encoding: Record<string, unknown>,
  color: object,
  theme: ChartTheme,
): object[] {
  const [along, across] = lying ? ["y", "x"] : ["x", "y"];
  const value = encoding[across] as Record<string, unknown>;
  const ends = { [along]: encoding[along], [across]: { ...value, field: "low" }, [`${across}2`]: { field: "high" } };
  const own = "color" in color ? {} : { color: theme.series[0]! };
  if (isLine) return [{ mark: { type: "area", opacity: 0.16, ...own }, encoding: { ...ends, ...color } }];
  return [{ mark: { type: "rule", strokeWidth: 6, opacity: 0.35, color: theme.text }, encoding: ends }];
}

/** The name of each series at its line's end, moved apart where lines end near each other. */
function seriesNames(
  points: Points,
  ends: [number, number],
  height: number,
  encoding: Record<string, unknown>,
  color: object,
  theme: ChartTheme,
): object {
  const values = lineEnds(points, ends, height);
  const text = {
    type: "text",
    align: "left",
    baseline: "middle",
    dx: 10,
    fontSize: 12,
    fontWeight: 500,
    limit: 104,
    color: theme.text,
  };
  const { color: _, ...plain } = color as { color?: unknown };
  return { data: { values }, mark: text, encoding: { ...encoding, ...plain, text: { field: "colour" } } };
}

/** The last point of each line, with `y` so far apart that names can be read. */
export function lineEnds(points: Points, [low, high]: [number, number], height: number): Point[] {
  const last = new Map<string, Point>();
  for (const point of points.values) {
    const before = last.get(point.colour);
    if (typeof point.y === "number" && (before === undefined || before.x <= point.x)) last.set(point.colour, point);
  }
  const step = ((high - low) * 16) / Math.max(1, height - 40);
  const ordered = [...last.values()].sort((left, right) => (right.y as number) - (left.y as number));
  // From above each name is pushed below the one before; what is pushed out at the bottom pushes back.
  const places = ordered.map((point) => point.y as number);
  for (let at = 1; at < places.length; at += 1) places[at] = Math.min(places[at]!, places[at - 1]! - step);
  for (let at = places.length - 1; at >= 0; at -= 1) {
    const least = at === places.length - 1 ? low : places[at + 1]! + step;
    places[at] = Math.max(places[at]!, least);
  }
  return ordered.map((point, at) => ({ ...point, y: places[at]! }));
}

function configOf(theme: ChartTheme): object {
  return {
    // The panel says what a chart shows, once; Vega would label every mark.
    aria: false,
    font: theme.font,
    view: { stroke: null },
    axis: {
      labelColor: theme.quiet,
      labelFontSize: 11,
      labelPadding: 8,
      titleColor: theme.quiet,
      titleFontSize: 11,
      titleFontWeight: "normal",
      titlePadding: 8,
      domain: false,
      ticks: false,
      gridColor: theme.line,
    },
    legend: {
      labelColor: theme.text,
      labelFontSize: 12,
      symbolSize: 60,
      symbolStrokeWidth: 0,
      offset: 8,
      rowPadding: 4,
    },
  };
}
