/** What a workspace has that can be queried, from the paths of its files. Pure. */

import type { DataFile } from "./panel/messages";

/** Endings of DuckDB's own files. */
export const databaseEndings = ["duckdb", "ddb"];
/** Endings of the files that the server makes tables of, where the database is a folder. */
export const tableEndings = ["parquet", "csv", "tsv", "jsonl", "ndjson"];

/** Something that the setting `speql.database` can be. */
export interface DataSource {
  /** A path from the workspace folder: a DuckDB file, or a folder whose files are tables. */
  database: string;
  label: string;
  description: string;
  kind: "database" | "folder";
}

const mostNames = 4;

/**
 * DuckDB files first, then folders with data files: each that has some itself, and the one that holds all of them, if
 * that is another. Paths have `/` between their parts.
 */
export function dataSources(paths: readonly string[]): DataSource[] {
  const sorted = [...paths].sort();
  const databases = sorted.filter((path) => databaseEndings.includes(ending(path)));
  const tables = sorted.filter((path) => tableEndings.includes(ending(path)));
  const folders = new Map<string, string[]>();
  for (const path of tables) folders.set(folderOf(path), [...(folders.get(folderOf(path)) ?? []), path]);
  // The tables of a folder are those of the folders in it, too.
  if (folders.size > 1) folders.set(commonFolder([...folders.keys()]), tables);
  return [
    ...databases.map((path): DataSource => ({ database: path, label: path, description: "DuckDB", kind: "database" })),
    ...[...folders]
      .sort(([left], [right]) => left.localeCompare(right))
      .map(([folder, files]): DataSource => ({
        database: folder === "" ? "." : folder,
        label: folder === "" ? "The workspace folder" : `${folder}/`,
        description: `${files.length === 1 ? "1 file" : `${files.length} files`} as tables: ${names(files)}`,
        kind: "folder",
      })),
  ];
}

/** The source as the panel shows it. */
export function fileOf({ label, description, kind }: DataSource): DataFile {
  return { name: label, detail: description, kind: kind === "database" ? "database" : "table" };
}

/** The sentence of the offer, and what its first button does; null if there is nothing to offer. */
export function offer(sources: readonly DataSource[]): { message: string; button: string; database: string } | null {
  const [first] = sources;
  if (first === undefined) return null;
  const databases = sources.filter((source) => source.kind === "database");
  const folders = sources.filter((source) => source.kind === "folder");
  const found = [
    ...databases.slice(0, 1).map((source) => source.label),
    ...(databases.length > 1 ? [`${databases.length - 1} more`] : []),
    ...(folders.length > 0 ? ["data files"] : []),
  ];
  return {
    message: `SpeQL found ${found.join(" and ")} in this workspace. Until you choose, documents have an empty database in memory.`,
    button: first.kind === "database" ? `Use ${first.label}` : "Use the Files as Tables",
    database: first.database,
  };
}

function names(files: readonly string[]): string {
  const found = files.map((file) => file.slice(file.lastIndexOf("/") + 1));
  const more = found.length > mostNames ? ", ..." : "";
  return found.slice(0, mostNames).join(", ") + more;
}

function commonFolder(folders: readonly string[]): string {
  const [first = "", ...others] = folders;
  let common = first;
  while (common !== "" && !others.every((folder) => folder === common || folder.startsWith(`${common}/`)))
    common = folderOf(common);
  return common;
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function ending(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}
