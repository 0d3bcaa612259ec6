/** Conditions as one line of text: `net_paid > 100 and category in (Books, Music)`. */

import type { Column, Filter } from "../../protocol.gen";

/** The conditions that a text says, or what is wrong with it. */
export type Parsed = { filters: Filter[] } | { problem: string };

interface Token {
  kind: "word" | "name" | "text" | "operator" | "mark";
  value: string;
  start: number;
  end: number;
}

const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["name", /"(?:[^"]|"")*"/y],
  ["text", /'(?:[^']|'')*'/y],
  ["operator", /<=|>=|<>|!=|[=<>]/y],
  ["mark", /[(),]/y],
  ["word", /[^\s'"(),<>=!]+/y],
];

/**
 * Read conditions, joined by AND. A column is a word, a name in double quotes, or `#2` for the second one; a value is
 * what stands there, or a text in single quotes. Nothing but blanks means no conditions.
 */
export function parseFilters(text: string, columns: readonly Column[]): Parsed {
  const tokens = tokensOf(text);
  if (typeof tokens === "string") return { problem: tokens };
  const filters: Filter[] = [];
  let at = 0;
  const isWord = (token: Token | undefined, word: string): boolean =>
    token?.kind === "word" && token.value.toLowerCase() === word;
  /** A value: words up to the next AND, or one text in quotes. */
  const value = (): string | null => {
    const first = tokens[at];
    if (first === undefined) return null;
    if (first.kind === "text") {
      at += 1;
      return first.value;
    }
    let last: Token | null = null;
    while (tokens[at]?.kind === "word" && !isWord(tokens[at], "and")) {
      last = tokens[at]!;
      at += 1;
    }
    return last === null ? null : text.slice(first.start, last.end);
  };
  while (at < tokens.length) {
    if (filters.length > 0) {
      if (!isWord(tokens[at], "and")) return { problem: `Put AND before ${textFrom(text, tokens[at]!)}.` };
      at += 1;
    }
    const name = tokens[at];
    if (name === undefined) return { problem: "Say a condition behind AND." };
    if (name.kind !== "word" && name.kind !== "name") return { problem: "Begin with the name of a column." };
    at += 1;
    const column = columnNumber(name, columns);
    if (column < 0) return { problem: `There is no column ${name.value}.` };
    const operator = tokens[at];
    at += 1;
    if (operator?.kind === "operator") {
      const said = value();
      if (said === null) return { problem: `Say what ${name.value} ${operator.value} is compared with.` };
      filters.push({ column, operator: symbol(operator.value), values: [said] });
    } else if (isWord(operator, "contains")) {
      const said = value();
      if (said === null) return { problem: `Say what ${name.value} contains.` };
      filters.push({ column, operator: "contains", values: [said] });
    } else if (isWord(operator, "is")) {
      const isNot = isWord(tokens[at], "not");
      if (isNot) at += 1;
      if (!isWord(tokens[at], "null")) return { problem: `Write ${name.value} is null, or is not null.` };
      at += 1;
      filters.push({ column, operator: isNot ? "is not null" : "is null", values: [] });
    } else if (isWord(operator, "in")) {
      if (tokens[at]?.value !== "(") return { problem: "Write the values behind IN in parentheses." };
      const values: string[] = [];
      do {
        at += 1;
        const said = value();
        if (said === null) return { problem: "Write the values behind IN with commas between them." };
        values.push(said);
      } while (tokens[at]?.kind === "mark" && tokens[at]!.value === ",");
      if (tokens[at]?.value !== ")") return { problem: "Close the parenthesis behind IN." };
      at += 1;
      filters.push({ column, operator: "in", values });
    } else {
      return { problem: `Say how ${name.value} is compared: =, <>, <, <=, >, >=, contains, in, is null.` };
    }
  }
  return { filters };
}

/** The text of conditions, which `parseFilters` reads as the same. */
export function filterText(filters: readonly Filter[], columns: readonly Column[]): string {
  return filters
    .map(({ column, operator, values = [] }) => {
      const written = values.map((value) => writtenValue(String(value)));
      const list = operator === "in" ? `(${written.join(", ")})` : written.join("");
      return `${writtenName(column, columns)} ${operator} ${list}`.trim();
    })
    .join(" and ");
}

function tokensOf(text: string): Token[] | string {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at += 1;
    if (at >= text.length) return tokens;
    const start = at;
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = start;
      const found = pattern.exec(text)?.[0];
      if (found === undefined) continue;
      at = start + found.length;
      const quote = kind === "name" ? '"' : "'";
      const isQuoted = kind === "name" || kind === "text";
      const value = isQuoted ? found.slice(1, -1).replaceAll(quote + quote, quote) : found;
      tokens.push({ kind, value, start, end: at });
      break;
    }
    if (at === start) return /['"]/.test(text[at]!) ? "Close the quote." : `${text[at]} means nothing here.`;
  }
}

function textFrom(text: string, token: Token): string {
  return text.slice(token.start, token.end);
}

function symbol(operator: string): "=" | "<>" | "<" | "<=" | ">" | ">=" {
  return (operator === "!=" ? "<>" : operator) as "=" | "<>" | "<" | "<=" | ">" | ">=";
}

function columnNumber({ kind, value }: Token, columns: readonly Column[]): number {
  const numbered = kind === "word" ? /^#(\d+)$/.exec(value) : null;
  if (numbered !== null) return Number(numbered[1]) <= columns.length ? Number(numbered[1]) - 1 : -1;
  const exact = columns.findIndex((column) => column.name === value);
  if (exact >= 0) return exact;
  return columns.findIndex((column) => column.name.toLowerCase() === value.toLowerCase());
}

function writtenName(column: number, columns: readonly Column[]): string {
  const name = columns[column]?.name ?? "";
  if (columns.findIndex((one) => one.name === name) !== column) return `#${column + 1}`;
  return /^[\p{L}_][\p{L}\p{N}_$.]*$/u.test(name) && name.toLowerCase() !== "and"
    ? name
    : `"${name.replaceAll('"', '""')}"`;
}

function writtenValue(value: string): string {
  return /^[\p{L}\p{N}_.:+#%-]+$/u.test(value) && value.toLowerCase() !== "and"
    ? value
    : `'${value.replaceAll("'", "''")}'`;
}
