/** Amounts as the panel says them where a glance is enough: `10.4 M`, `≈ 812 ms`, `38 s ago`. */

import { duration } from "./format";

/** A count in the unit that leaves one to three digits before the point. */
export function shortCount(value: number): string {
  const units = ["", " K", " M", " B", " T"];
  let short = Math.abs(value);
  let unit = 0;
  while (short >= 999.5 && unit < units.length - 1) {
    short /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || short >= 99.95 ? short.toFixed(0) : short.toFixed(1).replace(/\.0$/, "");
  return `${value < 0 ? "-" : ""}${digits}${units[unit]}`;
}

/** An estimated time, of which digits behind the point would say more than is known. */
export function about(milliseconds: number): string {
  return `≈ ${milliseconds < 999.5 ? duration(milliseconds) : duration(milliseconds).replace(/\.\d (s|min)$/, " $1")}`;
}

/** How long ago something was. */
export function ago(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 1) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3_600)} h ago`;
}

/** The time of day, as the reader's clock shows it. */
export function timeOfDay(at: Date): string {
  return at.toLocaleTimeString("en-GB");
}
