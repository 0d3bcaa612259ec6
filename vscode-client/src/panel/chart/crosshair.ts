/** The crosshair of a chart: the values at one place of the x axis, by pointer and by arrow keys. */

import type { ChartChoice } from "../../protocol.gen";
import { element, svgElement } from "../dom";
import type { Drawn } from "./bundle";
import { categoriesOf } from "./specification";
import type { Point, Points } from "./points";
import { binText, numberText, valueText, type FieldNames } from "./words";

/** A place where the crosshair stops, and what is there. */
export interface Stop {
  at: number | string;
  title: string;
  rows: { name: string; text: string; y: number | string; series: number }[];
}

/** The stops of a chart in the order of its axis. */
export function stopsOf(choice: ChartChoice, points: Points, names: FieldNames, unit: string): Stop[] {
  const order = points.x === "text" ? categoriesOf(choice, points) : null;
  const row = (point: Point): Stop["rows"][number] => ({
    name: point.colour === "" ? names.y : point.colour,
    text: `${valueText(point.y, points.y)}${spreadOf(point)}`,
    y: point.y,
    series: Math.max(0, points.series.indexOf(point.colour)),
  });
  if (choice.mark === "point" && choice.aggregate === "none") {
    // Each point is a stop of its own: several may share their x.
    const sorted =
      order === null ? [...points.values].sort((a, b) => (a.x as number) - (b.x as number)) : points.values;
    return sorted.map((point) => ({
      at: point.x,
      title: `${names.x} ${valueText(point.x, points.x, unit)}`,
      rows: [row(point)],
    }));
  }
  const stops = new Map<number | string, Stop>();
  for (const point of points.values) {
    const at = typeof point.x === "number" && point.x2 !== undefined ? (point.x + point.x2) / 2 : point.x;
    const title = point.x2 === undefined ? valueText(point.x, points.x, unit) : binText(point);
    const stop = stops.get(at) ?? { at, title, rows: [] };
    stop.rows.push(row(point));
    stops.set(at, stop);
  }
  const found = [...stops.values()];
  for (const stop of found) stop.rows.sort((left, right) => left.series - right.series);
  if (order === null) return found.sort((left, right) => (left.at as number) - (right.at as number));
  return found.sort((left, right) => order.indexOf(String(left.at)) - order.indexOf(String(right.at)));
}

/** A stop as a sentence. */
export function spokenStop(stop: Stop): string {
  return `${stop.title}: ${stop.rows.map(({ name, text }) => `${name} ${text}`).join(", ")}`;
}

function spreadOf({ low, high }: Point): string {
  return low === undefined || high === undefined ? "" : ` ± ${numberText((high - low) / 2)}`;
}

/** The crosshair over a drawn chart. */
export class Crosshair {
  readonly root = element("div", "crosshair");
  private readonly marks = svgElement("svg", { "aria-hidden": "true" });
  private readonly tip = element("div", "tip num");
  private drawn: Drawn | null = null;
  private stops: Stop[] = [];
  private lying = false;
  private colours: readonly string[] = [];
  private solid = false;
  private at: number | null = null;

  /** `plot` takes the pointer and the keys, `live` says what they find. */
  constructor(
    private readonly plot: HTMLElement,
    private readonly live: HTMLElement,
  ) {
    this.tip.setAttribute("aria-hidden", "true");
    this.root.append(this.marks, this.tip);
    plot.addEventListener("pointermove", (event) => this.onPointer(event));
    plot.addEventListener("pointerleave", () => this.show(null));
    plot.addEventListener("keydown", (event) => this.onKey(event));
    plot.addEventListener("blur", () => this.show(null));
  }

  /** Stand over another drawing. The stop stays if it is there, too. */
  update(
    drawn: Drawn | null,
    stops: Stop[],
    look: { lying: boolean; colours: readonly string[]; solid: boolean },
  ): void {
    const before = this.at === null ? undefined : this.stops[this.at]?.at;
    this.drawn = drawn;
    this.stops = stops;
    this.lying = look.lying;
    this.colours = look.colours;
    this.solid = look.solid;
    const again = before === undefined ? -1 : stops.findIndex((stop) => stop.at === before);
    this.show(again < 0 ? null : again);
  }

  private along(stop: Stop): number {
    return this.drawn!.place(this.lying ? "y" : "x", stop.at);
  }

  private onPointer(event: PointerEvent): void {
    if (this.drawn === null || this.stops.length === 0) return;
    const corner = this.plot.getBoundingClientRect();
    const x = event.clientX - corner.left + this.plot.scrollLeft;
    const y = event.clientY - corner.top + this.plot.scrollTop;
    let nearest = 0;
    let least = Infinity;
    this.stops.forEach((stop, at) => {
      const away = Math.abs(this.along(stop) - (this.lying ? y : x));
      // Of points above each other the one that is pointed at.
      const aside =
        stop.rows.length === 1 && !this.solid && !this.lying ? Math.abs(this.across(stop.rows[0]!.y) - y) / 1_000 : 0;
      if (away + aside < least) [nearest, least] = [at, away + aside];
    });
    this.show(nearest);
  }

  private across(value: number | string): number {
    return this.drawn!.place(this.lying ? "x" : "y", value);
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.stops.length - 1;
    const at = this.at;
    const targets: Record<string, number> = {
      ArrowRight: at === null ? 0 : Math.min(last, at + 1),
      ArrowDown: at === null ? 0 : Math.min(last, at + 1),
      ArrowLeft: at === null ? last : Math.max(0, at - 1),
      ArrowUp: at === null ? last : Math.max(0, at - 1),
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined || last < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.show(target);
    this.live.textContent = spokenStop(this.stops[target]!);
  }

  private show(at: number | null): void {
    this.at = at;
    const stop = at === null ? undefined : this.stops[at];
    const hidden = stop === undefined || this.drawn === null;
    this.root.hidden = hidden;
    if (hidden) return;
    const { left, top, width, height } = this.drawn!.plot;
    const place = this.along(stop);
    const ends = this.lying
      ? { x1: left, x2: left + width, y1: place, y2: place }
      : { x1: place, x2: place, y1: top, y2: top + height };
    const rule = svgElement("line", mapped(ends));
    // Parts of a whole have no place of their own to put a dot on.
    const dots = this.solid
      ? []
      : stop.rows.map(({ y, series }) => {
          const [cx, cy] = this.lying ? [this.across(y), place] : [place, this.across(y)];
          return svgElement("circle", {
            cx: String(cx),
            cy: String(cy),
            r: "4",
            fill: this.colours[series] ?? "currentColor",
          });
        });
    this.marks.replaceChildren(rule, ...dots);
    this.fillTip(stop);
    this.placeTip(place);
  }

  private fillTip(stop: Stop): void {
    const values = element("div", "vals");
    for (const { name, text, series } of stop.rows) {
      const dot = element("span", "dot");
      dot.style.background = this.colours[series] ?? "";
      values.append(dot, element("span", "", name), element("span", "r", text));
    }
    this.tip.replaceChildren(element("b", "", stop.title), values);
  }

  /** Beside the rule, on the side where there is room. */
  private placeTip(place: number): void {
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const { left, top, width: plotWidth } = this.drawn!.plot;
    if (this.lying) {
      this.tip.style.left = `${left + plotWidth - width - 8}px`;
      this.tip.style.top = `${place - height - 10 < top ? place + 10 : place - height - 10}px`;
      return;
    }
    const before = place - width - 14;
    this.tip.style.left = `${before < left - 30 ? place + 14 : before}px`;
    this.tip.style.top = `${top + 6}px`;
  }
}

function mapped(numbers: Record<string, number>): Record<string, string> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}
