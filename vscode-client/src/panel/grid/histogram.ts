/** The bars of a column's header, and in which of them a value lies. */

import type { Cell, ColumnProfile } from "../../protocol.gen";
import type { ColumnLook } from "../format";

/** Bars by their heights, from 0 to 1, and the share of NULLs. */
export interface Bars {
  heights: number[];
  nulls: number;
}

/** The bars of a profile: bins, or the most frequent values, the commonest first. */
export function barsOf(profile: ColumnProfile): Bars {
  const counts = profile.histogram?.counts ?? profile.frequent.map((one) => one.count);
  const most = Math.max(1, ...counts);
  return {
    heights: counts.map((count) => count / most),
    nulls: profile.rows === 0 ? 0 : profile.nulls / profile.rows,
  };
}

/** The bar that a value lies in; null where there is none. */
export function barOf(profile: ColumnProfile, cell: Cell, look: ColumnLook): number | null {
  if (cell === null) return null;
  if (profile.histogram === null) {
    const found = profile.frequent.findIndex((one) => one.value === cell);
    return found < 0 ? null : found;
  }
  const { low, high, counts } = profile.histogram;
  const [value, least, most] = [cell, low, high].map((one) => numberOf(one, look));
  if (value == null || least == null || most == null || most <= least) return null;
  const bin = Math.floor(((value - least) / (most - least)) * counts.length);
  return bin < 0 || value > most ? null : Math.min(bin, counts.length - 1);
}

const time = /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d(?:\.\d+)?)([+-]\d\d)?(?::(\d\d))?)?$/;

function numberOf(cell: Cell, look: ColumnLook): number | null {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string") return null;
  if (look.sign !== "date") return cell !== "" && Number.isFinite(Number(cell)) ? Number(cell) : null;
  const parts = time.exec(cell);
  if (parts === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", zone = "0", zoneMinutes = "0"] = parts;
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1_000;
  const east = Number(zone) * 3_600 + Math.sign(Number(zone)) * Number(zoneMinutes) * 60;
  return days + Number(hour) * 3_600 + Number(minute) * 60 + Number(second) - east;
}
