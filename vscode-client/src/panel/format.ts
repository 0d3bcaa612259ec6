/** Numbers, times, sizes and cells as the panel writes them. */

import type { Cell, Position } from "../protocol.gen";

const counts = new Intl.NumberFormat("en-US");

/** A count with thousands separators. */
export function count(value: number): string {
  return counts.format(value);
}

/** `1 row`, `2 rows`: a count and its noun. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Milliseconds below one second, then seconds and minutes with one decimal. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return "< 1 ms";
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : `${short(seconds / 60)} min`;
}

/** A size in the unit that leaves one to three digits before the point. */
export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : short(value)} ${units[unit]}`;
}

/** One decimal below ten, none where it would be a zero. */
function short(value: number): string {
  return value >= 9.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

/** A fraction in percent. */
export function percent(fraction: number): string {
  return fraction < 0.001 ? "< 0.1 %" : `${short(fraction * 100)} %`;
}

/** How far an estimate may be off on each side, in percent of itself, or as a number where it is zero. */
export function spread(low: number, high: number): string {
  const half = (high - low) / 2;
  const middle = Math.abs(low + high) / 2;
  return `± ${middle === 0 ? half.toPrecision(2) : percent(half / middle)}`;
}

/** The interval of an estimate in words. */
export function intervalNote(low: number, high: number): string {
  const written = (value: number): string => value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
  return `Between ${written(low)} and ${written(high)} with 95 % confidence`;
}

/** A place as editors count it, from 1. */
export function place(position: Position): string {
  return `Line ${count(position.line + 1)}, column ${count(position.character + 1)}`;
}

/** How a column's values look: its sign, whether they stand at the right, and whether they are floating-point numbers. */
export interface ColumnLook {
  sign: "Aa" | "#" | "#.#" | "date" | "boolean" | "[]" | "{}" | "?";
  atRight: boolean;
  floating: boolean;
}

const looks: readonly (readonly [RegExp, ColumnLook["sign"]])[] = [
  [/\]$|^(ARRAY|LIST)\b/, "[]"],
  [/^(STRUCT|MAP|UNION|ROW|JSON|OBJECT|VARIANT|RECORD)\b/, "{}"],
  [/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\d*|SERIAL|BIGNUM|LONG|SHORT|BYTEINT)\b/, "#"],
  [/^(DECIMAL|NUMERIC|NUMBER|FLOAT\d*|DOUBLE|REAL)\b/, "#.#"],
  [/^(DATE|TIME|INTERVAL)/, "date"],
  [/^BOOL/, "boolean"],
  [/^(VARCHAR|CHAR|TEXT|STRING|BPCHAR|ENUM|UUID|NVARCHAR|NCHAR)\b/, "Aa"],
];

/** How the values of an engine's type look. */
export function lookOf(type: string): ColumnLook {
  const name = type.toUpperCase();
  const sign = looks.find(([pattern]) => pattern.test(name))?.[1] ?? "?";
  return {
    sign,
    atRight: sign === "#" || sign === "#.#",
    floating: /^(FLOAT|DOUBLE|REAL)/.test(name) && sign === "#.#",
  };
}

/** The text of a cell as the engine writes it. JSON does not tell 5.0 from 5, nor does it keep 1e+16: the type does. */
export function cellText(cell: Cell, look: ColumnLook): string {
  if (cell === null) return "NULL";
  if (cell === "") return "''";
  if (!look.floating || typeof cell !== "number" || !Number.isInteger(cell)) return String(cell);
  return Math.abs(cell) < 1e16 ? `${cell}.0` : cell.toExponential();
}
