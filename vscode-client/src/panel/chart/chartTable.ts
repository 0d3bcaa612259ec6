/** A chart as a table: the same numbers, for who would rather read them. */

import type { ChartChoice } from "../../protocol.gen";
import { element } from "../dom";
import { categoriesOf } from "./specification";
import type { Point, Points } from "./points";
import { binText, numberText, valueText, type FieldNames } from "./words";

/** The table of a chart's points, in the order of its axis. */
export function chartTable(
  choice: ChartChoice,
  points: Points,
  names: FieldNames,
  unit: string,
  title: string,
): HTMLTableElement {
  const hasColour = points.series.length > 0;
  const hasBand = points.values.some((point) => point.low !== undefined);
  const heads = [names.x, ...(hasColour ? [names.colour] : []), choice.binned ? "rows" : names.y];
  if (hasBand) heads.push("95 % interval");
  const head = element("tr", "", ...heads.map((name, at) => cell("th", name, at >= heads.length - (hasBand ? 2 : 1))));
  const rows = ordered(choice, points).map((point) => {
    const x = point.x2 === undefined ? valueText(point.x, points.x, unit) : binText(point);
    const y = typeof point.y === "number" ? fullNumber(point.y) : valueText(point.y, points.y);
    const first = cell("th", x, false);
    first.setAttribute("scope", "row");
    const band = hasBand ? [cell("td", bandText(point), true)] : [];
    return element(
      "tr",
      "",
      first,
      ...(hasColour ? [cell("td", point.colour, false)] : []),
      cell("td", y, true),
      ...band,
    );
  });
  for (const name of head.children) name.setAttribute("scope", "col");
  return element(
    "table",
    "num",
    element("caption", "sr", title),
    element("thead", "", head),
    element("tbody", "", ...rows),
  );
}

function ordered(choice: ChartChoice, points: Points): Point[] {
  if (points.x !== "text") return [...points.values].sort((left, right) => (left.x as number) - (right.x as number));
  const order = categoriesOf(choice, points);
  return [...points.values].sort((left, right) => order.indexOf(String(left.x)) - order.indexOf(String(right.x)));
}

function cell(tag: "th" | "td", text: string, atRight: boolean): HTMLElement {
  return element(tag, atRight ? "r" : "", text);
}

function bandText({ low, high }: Point): string {
  return low === undefined || high === undefined ? "" : `${numberText(low)} to ${numberText(high)}`;
}

function fullNumber(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}
