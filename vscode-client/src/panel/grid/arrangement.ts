/** Which rows of a result are asked for, and in which order. */

import type { Filter, Order } from "../../protocol.gen";

/** Conditions that all hold, and an order. Columns are numbers from 0, as on the wire. */
export interface Arrangement {
  readonly filters: readonly Filter[];
  readonly orders: readonly Order[];
}

/** All rows, in the order of the result. */
export const asTheyCome: Arrangement = { filters: [], orders: [] };

/** Whether these are all rows, in the order of the result. */
export function isPlain({ filters, orders }: Arrangement): boolean {
  return filters.length === 0 && orders.length === 0;
}

/** How a column orders the rows; null if it does not. */
export function direction({ orders }: Arrangement, column: number): "descending" | "ascending" | null {
  const order = orders.find((one) => one.column === column);
  return order === undefined ? null : order.descending === true ? "descending" : "ascending";
}

/** The next order by this column: descending, ascending, off. */
export function sortedBy(arrangement: Arrangement, column: number): Arrangement {
  const now = direction(arrangement, column);
  const orders = now === "ascending" ? [] : [{ column, descending: now === null }];
  return { ...arrangement, orders };
}

/** The same with other conditions on a column: none, if `filters` is empty. */
export function filteredBy(arrangement: Arrangement, column: number, filters: readonly Filter[]): Arrangement {
  const before = arrangement.filters.findIndex((one) => one.column === column);
  const others = arrangement.filters.filter((one) => one.column !== column);
  const at = before < 0 ? others.length : before;
  return { ...arrangement, filters: [...others.slice(0, at), ...filters, ...others.slice(at)] };
}
