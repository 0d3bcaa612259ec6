/** The files that a result can be written to. Pure. */

import { parse } from "node:path";

/** What the save dialog offers, the first as its choice; the names are shown in it. */
export const exportFilters: Record<string, string[]> = {
  CSV: ["csv"],
  Parquet: ["parquet"],
  JSON: ["json"],
  "JSON lines": ["jsonl"],
  Excel: ["xlsx"],
};

/** What the dialog offers where a format is asked for: that one first, as its choice. */
export function filtersFor(format: string | undefined): Record<string, string[]> {
  const all = Object.entries(exportFilters);
  const first = all.filter(([, [ending]]) => ending === format);
  return Object.fromEntries([...first, ...all.filter((one) => !first.includes(one))]);
}

/** The server's word for the format of a path, by its ending; null for an ending that it does not write. */
export function formatOf(path: string): string | null {
  const ending = parse(path).ext.slice(1).toLowerCase();
  if (ending === "ndjson") return "jsonl";
  return Object.values(exportFilters).some(([known]) => known === ending) ? ending : null;
}

/** The name that the dialog proposes for the result of a document. */
export function proposedName(uri: string, format = "csv"): string {
  const last = decodeURIComponent(uri.slice(uri.lastIndexOf("/") + 1));
  const { name } = parse(last.replace(/^untitled:/, ""));
  return `${name === "" ? "result" : name}.${format}`;
}
