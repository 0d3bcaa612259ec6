/** Small drawings of kinds of charts, for the proposals. They show the kind, not the data. */

import type { ChartChoice } from "../../protocol.gen";
import { svgElement } from "../dom";

const shapes = {
  line: "M0 21L12 19 24 20 36 18 48 13 60 8 70 3 80 7M0 24L14 23 30 23 46 19 60 15 70 11 80 14",
  area: "M0 26V18L16 15 32 17 48 9 64 6 80 10V26z",
  bar: "M0 4h22v22H0zM29 9h22v17H29zM58 14h22v12H58z",
  lying: "M0 2h64v5H0zM0 10h49v5H0zM0 18h31v5H0z",
  histogram:
    "M0 12h7v14H0zM8 4h7v22H8zM16 1h7v25h-7zM24 6h7v20h-7zM32 11h7v15h-7zM40 15h7v11h-7zM48 19h7v7h-7zM56 21h7v5h-7zM64 23h7v3h-7zM72 24h7v2h-7z",
  point:
    "M6 20h.01M14 16h.01M20 21h.01M27 12h.01M34 17h.01M40 10h.01M47 14h.01M54 6h.01M61 11h.01M69 4h.01M31 21h.01M58 16h.01",
} as const;

/** The drawing for a choice; of the second bar chart in a row one that lies, so that they can be told apart. */
export function thumbnail(choice: ChartChoice, isSecondBar: boolean): SVGSVGElement {
  const kind = choice.binned ? "histogram" : choice.mark === "bar" && isSecondBar ? "lying" : choice.mark;
  const attributes = { viewBox: "0 0 80 26", preserveAspectRatio: "none", "aria-hidden": "true" };
  const strokes: Partial<Record<typeof kind, string>> = { line: "stroke", point: "stroke dots" };
  const stroke = strokes[kind];
  const how: Record<string, string> =
    stroke === undefined ? {} : { class: stroke, "vector-effect": "non-scaling-stroke" };
  const path = { d: shapes[kind], ...how };
  return svgElement("svg", attributes, svgElement("path", path));
}
