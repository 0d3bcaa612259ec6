/** The header of a column: sign of the type and name, distribution, share of NULLs. */

import type { Column, ColumnProfile } from "../../protocol.gen";
import { button, element, icon } from "../dom";
import { percent, type ColumnLook } from "../format";
import { barsOf } from "./histogram";

/** What a header shows beside the name. */
export interface HeadFacts {
  direction: "descending" | "ascending" | null;
  isFiltered: boolean;
  profile: ColumnProfile | null;
  /** The profile is of other rows than those below: of the text before. */
  isOld: boolean;
  /** The bar that the selected cell lies in. */
  bar: number | null;
}

/** What the buttons of a header do. */
export interface HeadActions {
  sort(): void;
  filter(): void;
}

const svgNamespace = "http://www.w3.org/2000/svg";
const width = 100;
const height = 16;
/** From this share of NULLs on they have a bar of their own. */
const shownNulls = 0.01;

/** The header of one column. `root` goes into the table, `update` draws what has changed. */
export class ColumnHead {
  readonly root: HTMLElement;
  private readonly arrow = element("span", "sort");
  private readonly distribution = element("span", "h-dist");
  private readonly nulls = element("span", "h-null num");

  constructor(
    private readonly column: Column,
    look: ColumnLook,
    actions: HeadActions,
  ) {
    const sign = element("span", "ty", look.sign === "date" || look.sign === "boolean" ? icon(look.sign) : look.sign);
    sign.setAttribute("aria-hidden", "true");
    const name = button("h-name", () => actions.sort(), sign, element("span", "nm", column.name), this.arrow);
    const filter = button("h-filter", () => actions.filter(), icon("filter"));
    filter.setAttribute("aria-label", `Filter ${column.name}`);
    filter.title = `Filter ${column.name}`;
    for (const one of [name, filter]) one.tabIndex = -1;
    this.distribution.setAttribute("aria-hidden", "true");
    this.root = element("span", "h", name, this.distribution, element("span", "h-foot", this.nulls, filter));
  }

  /** Draw the facts. */
  update(facts: HeadFacts): void {
    const { direction, isFiltered, profile, isOld, bar } = facts;
    this.arrow.replaceChildren(...(direction === null ? [] : [icon(direction)]));
    this.root.classList.toggle("filtered", isFiltered);
    this.root.classList.toggle("old-facts", isOld);
    this.nulls.textContent = profile === null ? this.column.type : nullShare(profile);
    this.distribution.replaceChildren(...(profile === null ? [] : drawing(profile, bar)));
  }
}

/** What a screen reader says of a header. */
export function headLabel(column: Column, { profile, direction, isFiltered }: HeadFacts): string {
  const parts = [column.name, column.type];
  if (profile !== null) parts.push(nullShare(profile));
  if (direction !== null) parts.push(`sorted ${direction}`);
  if (isFiltered) parts.push("filtered");
  return parts.join(", ");
}

function nullShare({ nulls, rows }: ColumnProfile): string {
  if (rows === 0) return "no rows";
  return nulls === 0 ? "no nulls" : `${percent(nulls / rows)} null`;
}

function drawing(profile: ColumnProfile, marked: number | null): Element[] {
  const { heights, nulls } = barsOf(profile);
  if (heights.length === 0 && nulls < shownNulls) return [];
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("class", "h-hist");
  svg.setAttribute("viewBox", `0 0 ${width} ${height + 2}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const step = width / Math.max(1, heights.length);
  const gap = heights.length > 4 ? 1 : 2;
  const bar = (at: number): string => {
    const tall = Math.max(heights[at]! * height, heights[at]! > 0 ? 0.7 : 0);
    return `M${round(at * step)} ${height + 1}v${round(-tall)}h${round(Math.max(step - gap, 1))}v${round(tall)}z`;
  };
  const path = (bars: number[], classes: string): void => {
    if (bars.length === 0) return;
    const made = document.createElementNS(svgNamespace, "path");
    made.setAttribute("class", classes);
    made.setAttribute("d", bars.map(bar).join(""));
    svg.append(made);
  };
  const all = heights.map((_, at) => at);
  path(
    all.filter((at) => at !== marked),
    "bins",
  );
  path(
    all.filter((at) => at === marked),
    "at",
  );
  if (nulls < shownNulls) return [svg];
  const share = element("span", "h-nul");
  share.style.height = `${Math.max(2, Math.round(nulls * height))}px`;
  return [svg, share];
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
