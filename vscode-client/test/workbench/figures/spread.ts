/** How values are spread. */

/** Middle, upper tenth and greatest of some milliseconds. */
export function spread(milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((left, right) => left - right);
  const at = (share: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(0)} ms`;
  return `P50 ${at(0.5)}, P90 ${at(0.9)}, at most ${at(1)}`;
}
