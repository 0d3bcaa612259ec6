import { parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";
import { describe, expect, test } from "vitest";
import { kindOf, withFields, withMark } from "../src/panel/chart/choosing";
import { stopsOf, spokenStop } from "../src/panel/chart/crosshair";
import { pointsOf, type Points } from "../src/panel/chart/points";
import { sampledChart } from "../src/panel/chart/sampled";
import { drawingOf, endsOf, lineEnds, type Look } from "../src/panel/chart/specification";
import { chartTitle, fieldNames, numberText, proposalName } from "../src/panel/chart/words";
import type { Chart, ChartChoice, Preview } from "../src/protocol.gen";
import { chartOf, estimatedSales, sales, salesChart } from "./samples";

const { columns } = sales;
const choiceOf = ({ mark, x, y, colour, aggregate, binned }: Chart): ChartChoice => ({
  mark,
  x,
  y,
  colour,
  aggregate,
  binned,
});
const line = choiceOf(salesChart);
const names = fieldNames(line, columns, "month");
const theme = {
  ground: "#ffffff",
  text: "#111111",
  quiet: "#666666",
  line: "#dddddd",
  lineOpacity: 1,
  zero: "#777777",
  font: "sans-serif",
  series: ["#0000ff", "#ff8800", "#8800ff", "#00aa00", "#ff0000", "#aaaa00", "#00aaaa", "#666666"],
};
const look: Look = { width: 640, height: 320, theme, names, unit: "month", keep: null };

/** The picture as the panel draws it: interpreted, without making code of expressions. */
async function svgOf(choice: ChartChoice, points: Points, how: Partial<Look> = {}): Promise<string> {
  const { specification } = drawingOf(choice, points, { ...look, ...how });
  const runtime = parse(compile(specification as TopLevelSpec).spec, {}, { ast: true });
  const view = new View(runtime, { renderer: "none", expr: expressionInterpreter });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);

describe("points of the server's specification", () => {
  test("times are milliseconds, series have the order of their size", () => {
    const points = pointsOf(salesChart);
    expect(points.series).toEqual(["Books", "Home", "Music"]);
    expect(points.values[0]).toEqual({ x: Date.UTC(2002, 0, 1), y: 21e6, colour: "Books" });
  });

  test.each([
    ["temporal", "2013-01-01 05:30:00.25", Date.UTC(2013, 0, 1, 5, 30, 0, 250)],
    ["temporal", "2013-01-01 05:00:00+02", Date.UTC(2013, 0, 1, 3)],
    ["temporal", "infinity", undefined],
    ["quantitative", "128.40", 128.4],
    ["quantitative", "nan", undefined],
    ["nominal", null, "NULL"],
    ["nominal", "", "''"],
    ["nominal", true, "true"],
  ])("%s %j", (type, cell, x) => {
    const specification = {
      data: { values: [{ x: cell, y: 1 }] },
      encoding: { x: { type }, y: { type: "quantitative" } },
    };
    expect(pointsOf({ ...salesChart, specification }).values[0]?.x).toBe(x);
  });
});

describe("what is drawn", () => {
  const charts: [string, Chart][] = [
    ["lines", salesChart],
    ["bars", chartOf({ mark: "bar", x: 2 })],
    ["bars that lie", chartOf({ mark: "bar", x: 1 })],
    ["a histogram", chartOf({ mark: "bar", x: 5, y: null, aggregate: "count", binned: true })],
    ["an area", { ...salesChart, mark: "area" }],
    ["points", { ...salesChart, mark: "point", aggregate: "none" }],
    ["bars of series side by side", { ...salesChart, mark: "bar", aggregate: "mean" }],
  ];
  test.each(charts)("%s", async (_, chart) => {
    const svg = await svgOf(choiceOf(chart), pointsOf(chart));
    expect(svg).toContain("<path");
    expect(svg).not.toContain("NaN");
    expect(textsOf(svg).length).toBeGreaterThan(4);
  });

  test("bars that do not fit scroll, with their numbers above", () => {
    const chart = chartOf({ mark: "bar", x: 1 });
    const points = pointsOf(chart);
    const drawing = drawingOf(choiceOf(chart), points, { ...look, height: 160 });
    expect(drawing).toMatchObject({ lying: true, height: points.values.length * 17 + 40 });
    expect(JSON.stringify(drawing.specification)).toContain('"orient":"top"');
    expect(JSON.stringify(drawingOf(choiceOf(chart), points, look).specification)).not.toContain('"orient":"top"');
  });

  test("series are named at the line's end, in no legend", async () => {
    const svg = await svgOf(line, pointsOf(salesChart));
    expect(textsOf(svg).filter((text) => text === "Books")).toHaveLength(1);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["Jan 2002", "0", "50 M"]));
  });

  test("an estimate has bands, the exact chart has none", async () => {
    const { choice, points } = sampledChart(estimatedSales, null)!;
    const band = /opacity="0.16"/g;
    expect((await svgOf(choice, points)).match(band)).toHaveLength(3);
    expect((await svgOf(line, pointsOf(salesChart))).match(band)).toBeNull();
  });

  test("hostile names are text", async () => {
    const hostile = "<img src=x onerror=alert(1)>";
    const chart = chartOf({ mark: "bar", x: 2 });
    const points = pointsOf(chart);
    const renamed = {
      ...points,
      values: points.values.map((point, at) => ({ ...point, x: at === 0 ? hostile : point.x })),
    };
    const svg = await svgOf(choiceOf(chart), renamed);
    expect(svg).not.toContain("<img");
  });
});

describe("the ends of the y axis", () => {
  const points = (...values: number[]): Points => ({
    values: values.map((y, x) => ({ x, y, colour: "" })),
    x: "number",
    y: "number",
    series: [],
  });
  test.each<[ChartChoice["mark"], number[], [number, number]]>([
    ["bar", [90, 100], [0, 100]],
    ["bar", [-5, 10], [-5, 10]],
    ["line", [20, 100], [0, 100]],
    ["line", [90, 100], [90, 100]],
    ["line", [-100, -95], [-100, -95]],
    ["point", [20, 100], [20, 100]],
    ["line", [7, 7], [7, 7.0000001]],
  ])("%s %j", (mark, values, ends) => {
    const found = endsOf({ ...line, mark, colour: null }, points(...values), false, null)!;
    if (values[0] === values[1]) expect(found[0]).toBeLessThan(found[1]);
    else expect(found).toEqual(ends);
  });

  test("exact values that fit do not move what the estimate has drawn", () => {
    const choice = { ...line, colour: null };
    expect(endsOf(choice, points(20, 100), false, [0, 110])).toEqual([0, 110]);
    expect(endsOf(choice, points(20, 120), false, [0, 110])).toEqual([0, 120]);
    expect(endsOf(choice, points(2, 10), false, [0, 110])).toEqual([0, 10]);
  });

  test("names at the line's end do not stand on each other", () => {
    const close: Points = {
      values: ["a", "b", "c", "d"].map((colour, at) => ({ x: 1, y: at * 0.1, colour })),
      x: "number",
      y: "number",
      series: ["a", "b", "c", "d"],
    };
    const places = lineEnds(close, [0, 10], 200).map((point) => point.y as number);
    for (let at = 1; at < places.length; at += 1) expect(places[at - 1]! - places[at]!).toBeGreaterThanOrEqual(0.99);
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  });
});

test("titles are sentences from the fields", () => {
  expect(chartTitle(line, columns, "month")).toBe("Sum of net_paid by month and category");
  expect(chartTitle({ ...line, y: null, aggregate: "count" }, columns, "")).toBe(
    "Number of rows by sold_on and category",
  );
  expect(chartTitle({ ...line, mark: "bar", x: 5, binned: true }, columns, "")).toBe("Distribution of net_paid");
  expect(chartTitle({ ...line, mark: "point", x: 4, aggregate: "none" }, columns, "")).toBe(
    "net_paid against quantity and category",
  );
  expect(salesChart.proposals.map((one) => proposalName(one, columns).join(" "))).toEqual([
    "Line by sold_on",
    "Bar by category",
    "Histogram of net_paid",
    "Bar by store",
  ]);
});

test("numbers are read at a glance", () => {
  expect([36_000_000, 1_234, 0.012345, 99_999.5, -450_000].map(numberText)).toEqual([
    "36.0 M",
    "1,234",
    "0.0123",
    "99,999.5",
    "-450 K",
  ]);
});

test("the crosshair stops at each place of the axis, with all series", () => {
  const stops = stopsOf(line, pointsOf(salesChart), names, "month");
  expect(stops).toHaveLength(12);
  expect(spokenStop(stops[8]!)).toBe("Sep 2002: Books 36.0 M, Home 29.0 M, Music 19.0 M");
  const estimate = sampledChart(estimatedSales, null)!;
  const spoken = stopsOf(estimate.choice, estimate.points, names, "").map(spokenStop);
  expect(spoken[8]).toContain("Books 36.0 M ± 1.6 M");
  const bins = chartOf({ x: 5, y: null, aggregate: "count", binned: true });
  expect(stopsOf(choiceOf(bins), pointsOf(bins), names, "")[1]!.title).toBe("30 to 60");
});

describe("an estimate is drawn", () => {
  test("where each row is a point, with its interval", () => {
    const { choice, points } = sampledChart(estimatedSales, null)!;
    expect(choice).toMatchObject({ mark: "line", x: 0, y: 2, colour: 1, aggregate: "none" });
    expect(points.values[0]).toMatchObject({ y: 21e6, low: 21 * 0.955e6, high: 21 * 1.045e6 });
  });

  const other = (fields: Partial<Preview>): Preview => ({ ...estimatedSales, ...fields });
  const none = { ...estimatedSales.sample!, intervals: [null, null, null] };
  test.each<[string, Preview]>([
    ["no value has an interval", other({ sample: none })],
    ["rows are no points", other({ rows: [...estimatedSales.rows, estimatedSales.rows[0]!] })],
    ["there are no rows", other({ rows: [] })],
  ])("not where %s", (_, estimate) => expect(sampledChart(estimate, null)).toBeNull());
});

describe("choosing", () => {
  test.each([
    ["DECIMAL(7,2)", "number"],
    ["TIMESTAMP WITH TIME ZONE", "time"],
    ["TIME", "text"],
    ["BOOLEAN", "text"],
    ["INTEGER[]", "other"],
    ["INTERVAL", "other"],
  ])("%s is a %s", (type, kind) => expect(kindOf(type)).toBe(kind));

  test("another mark changes the fields only as far as it must", () => {
    expect(withMark(line, "bar", columns)).toEqual({ ...line, mark: "bar" });
    expect(withMark(line, "histogram", columns)).toMatchObject({ mark: "bar", x: 5, y: null, binned: true });
    const histogram = withMark(line, "histogram", columns)!;
    expect(withMark(histogram, "bar", columns)).toMatchObject({ x: 0, y: 5, aggregate: "sum", binned: false });
    expect(withMark(line, "point", columns)).toMatchObject({ mark: "point", y: 5, aggregate: "none" });
    expect(withMark({ ...line, y: null }, "point", columns.slice(0, 3))).toBeNull();
  });

  test("fields fit each other", () => {
    expect(withFields(line, { y: null })).toMatchObject({ y: null, aggregate: "count" });
    expect(withFields({ ...line, y: null, aggregate: "count" }, { y: 4 })).toMatchObject({ y: 4, aggregate: "sum" });
    expect(withFields(line, { aggregate: "count" })).toMatchObject({ y: null, aggregate: "count" });
    expect(withFields(line, { colour: null })).toEqual({ ...line, colour: null });
  });
});
