/**
 * Drawing with Vega: a script of its own, loaded when the Chart tab is first opened.
 *
 * Expressions are interpreted, never made code of: the page's policy allows no `eval`.
 */

import { parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";

/** A chart that stands in an element. Places are pixels from that element's corner. */
export interface Drawn {
  /** The place of a value on the x or y axis; of a category the middle of its band. */
  place(axis: "x" | "y", value: number | string): number;
  /** The stretch in which points are drawn. */
  plot: { left: number; top: number; width: number; height: number };
  svg(): Promise<string>;
  /** A PNG as a data URL, with so many pixels to each of the screen's. */
  png(scale: number): Promise<string>;
  destroy(): void;
}

/** What this script gives to the page. */
export interface ChartDrawing {
  draw(target: HTMLElement, specification: object): Promise<Drawn>;
}

/** What Vega says in the console: warnings and errors. */
const warnings = 2;

async function draw(target: HTMLElement, specification: object): Promise<Drawn> {
  const compiled = compile(specification as TopLevelSpec).spec;
  const runtime = parse(compiled, {}, { ast: true });
  const view = new View(runtime, { renderer: "svg", hover: false, logLevel: warnings, expr: expressionInterpreter });
  await view.initialize(target).runAsync();
  const [left, top] = view.origin();
  const padding = view.padding() as { left: number; top: number };
  const corner = { left: padding.left + left, top: padding.top + top };
  return {
    place(axis, value) {
      const scale = view.scale(axis) as ((value: unknown) => number) & { bandwidth?: () => number };
      const half = (scale.bandwidth?.() ?? 0) / 2;
      return (axis === "x" ? corner.left : corner.top) + scale(value) + half;
    },
    plot: { ...corner, width: view.signal("width") as number, height: view.signal("height") as number },
    svg: () => view.toSVG(),
    png: (scale) => view.toImageURL("png", scale),
    destroy: () => void view.finalize(),
  };
}

(globalThis as { speqlChart?: ChartDrawing }).speqlChart = { draw };
