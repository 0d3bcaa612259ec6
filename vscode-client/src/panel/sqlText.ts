/** SQL with its key words and strings marked: enough to read it by, and no parser. */

import { element } from "./dom";

/** A stretch of SQL that is of one kind. */
export interface SqlToken {
  text: string;
  kind: "keyword" | "string" | "comment" | "other";
}

const keywords = new Set(
  (
    "all and any as asc between by case cast create cross cube current desc distinct else end escape except exists " +
    "extract false fetch filter first following for from full group grouping having if ilike in inner intersect " +
    "interval into is join last lateral left like limit materialized natural not null nulls offset on or order outer " +
    "over partition pivot preceding qualify range recursive right rollup row rows select semi sets similar some table " +
    "temp temporary then to true unbounded union unnest unpivot using values when where window with within"
  ).split(" "),
);

const token = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[\p{L}_][\p{L}\p{N}_$]*|\s+|[^]/gu;

/** The tokens of a text, in order; neighbours of a kind are one. */
export function sqlTokens(text: string): SqlToken[] {
  const found: SqlToken[] = [];
  for (const [part] of text.matchAll(token)) {
    const kind = kindOf(part);
    const last = found.at(-1);
    if (last?.kind === kind) last.text += part;
    else found.push({ text: part, kind });
  }
  return found;
}

/** The text as elements, to be put into a `pre` or a line. */
export function sqlNodes(text: string): (Node | string)[] {
  return sqlTokens(text).map(({ text: part, kind }) =>
    kind === "other" ? part : element("span", classes[kind], part),
  );
}

const clause =
  /^(from|where|group|having|qualify|window|order|limit|offset|union|except|intersect|(left|right|full|inner|cross|semi|anti|natural)( outer)? join|join)\b/i;

/** SQL that a program has written on one line, with a line for each clause; other SQL as it is. */
export function laidOut(sql: string): string {
  if (sql.includes("\n") || sql.length < 60) return sql;
  let depth = 0;
  let written = "";
  for (const { 0: part, index } of sql.matchAll(token)) {
    if (part === "(") depth += 1;
    if (part === ")") depth -= 1;
    const isWord = /^\p{L}/u.test(part);
    const isInside = /\b(left|right|full|inner|cross|semi|anti|natural|outer) $/i.test(written);
    if (isWord && !isInside && written.endsWith(" ") && clause.test(sql.slice(index, index + 24)))
      written = `${written.trimEnd()}\n${"  ".repeat(Math.max(0, depth))}`;
    written += part;
  }
  return written;
}

const classes = { keyword: "kw", string: "st", comment: "muted" } as const;

function kindOf(part: string): SqlToken["kind"] {
  if (part.startsWith("'")) return "string";
  if (part.startsWith("--") || part.startsWith("/*")) return "comment";
  return keywords.has(part.toLowerCase()) ? "keyword" : "other";
}
