/** What is shown until the first rows come: the columns that they will have, over still grey bars. */

import type { Column } from "../protocol.gen";
import { element, icon } from "./dom";
import { lookOf } from "./format";

const bars = 16;
/** Shares of a column's width, so that the bars look like values and not like a wall. */
const widths = [62, 48, 74, 38, 55, 68, 44];

/** The grid to come. */
export function firstLoadView(columns: readonly Column[]): HTMLElement {
  const looks = columns.map((column) => lookOf(column.type));
  const heads = columns.map((column, at) => {
    const look = looks[at]!;
    const sign = element("span", "ty", look.sign === "date" || look.sign === "boolean" ? icon(look.sign) : look.sign);
    sign.setAttribute("aria-hidden", "true");
    const name = element("div", "h-name", sign, element("span", "nm", column.name));
    // As in the grid, where the distribution has its place between the two.
    const type = element("div", "h-foot", element("span", "h-null", column.type));
    const head = element("th", look.atRight ? "r" : "", name, element("div", "h-dist"), type);
    head.scope = "col";
    return head;
  });
  const corner = element("th", "no", "row");
  corner.scope = "col";
  const rows = Array.from({ length: bars }, (_, row) => {
    const cells = looks.map((look, column) => {
      const bar = element("i");
      bar.style.width = `${widths[(row * 3 + column * 2) % widths.length]!}%`;
      return element("td", look.atRight ? "r" : "", bar);
    });
    return element("tr", "", element("th", "no", String(row + 1)), ...cells);
  });
  const body = element("tbody", "skel", ...rows);
  body.setAttribute("aria-hidden", "true");
  const table = element("table", "", element("thead", "", element("tr", "", corner, ...heads)), body);
  table.setAttribute("aria-label", "Columns of the rows to come");
  const box = element("div", "grid firstload", table);
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Columns of the rows to come");
  return box;
}
