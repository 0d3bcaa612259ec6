/** The points of a chart, as the panel draws and reads them out. Pure. */

import type { Cell, Chart } from "../../protocol.gen";

/** How values of an axis are laid out. */
export type Scale = "number" | "time" | "text";

/** A point. `x` is a number, of times milliseconds since 1970 in UTC, or a label; `x2` is the other end of a bin. */
export interface Point {
  x: number | string;
  x2?: number;
  y: number | string;
  colour: string;
  low?: number;
  high?: number;
}

/** Points, how their axes are laid out, and the names of their series in order; none if there is only one. */
export interface Points {
  values: Point[];
  x: Scale;
  y: Scale;
  series: string[];
}

const scales: Readonly<Record<string, Scale>> = { quantitative: "number", temporal: "time", nominal: "text" };

/** The points of the server's Vega-Lite specification. What has no place on an axis of numbers or times is left out. */
export function pointsOf(chart: Chart): Points {
  const specification = chart.specification as Specification;
  const { x, y, color } = specification.encoding;
  const scaleOfX = scales[x.type] ?? "text";
  const scaleOfY = scales[y.type] ?? "number";
  const values = specification.data.values.flatMap((value): Point[] => {
    const point = {
      x: placeOf(value.x, scaleOfX),
      y: placeOf(value.y, scaleOfY),
      colour: color === undefined ? "" : labelOf(value.colour ?? null),
    };
    const { x: placeX, y: placeY } = point;
    if (placeX === null || placeY === null) return [];
    const end = value.x2 === undefined ? null : placeOf(value.x2, "number");
    return [{ ...point, x: placeX, y: placeY, ...(typeof end === "number" ? { x2: end } : {}) }];
  });
  const domain = color?.scale?.domain?.map(labelOf);
  const series = color === undefined ? [] : (domain ?? [...new Set(values.map((point) => point.colour))]);
  return { values, x: scaleOfX, y: scaleOfY, series };
}

/** The place of a cell on an axis; null if it has none. */
export function placeOf(cell: Cell, scale: Scale): number | string | null {
  if (scale === "text") return labelOf(cell);
  if (cell === null || cell === "" || typeof cell === "boolean") return null;
  const number = scale === "time" ? timeOf(String(cell)) : Number(cell);
  return Number.isFinite(number) ? number : null;
}

/** A value as the name of a category. */
export function labelOf(cell: Cell): string {
  if (cell === null) return "NULL";
  return cell === "" ? "''" : String(cell);
}

/** A date or time as the engine writes it, in milliseconds; times without a zone are drawn as they are written. */
function timeOf(text: string): number {
  const parts = /^(\d{4,6}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)\d*)?\s*([+-]\d\d(?::?\d\d)?)?$/.exec(
    text,
  );
  if (parts === null) return NaN;
  const [, day, time = "00:00", zone = "+00"] = parts;
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^(...):?(..)$/, "$1:$2");
  return Date.parse(`${day}T${time}${offset}`);
}

/** The part of the server's specification that is read. */
interface Specification {
  data: { values: { x: Cell; x2?: Cell; y: Cell; colour?: Cell }[] };
  encoding: {
    x: { type: string };
    y: { type: string };
    color?: { scale?: { domain?: Cell[] } };
  };
}
