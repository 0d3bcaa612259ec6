/** The last statement of a text, found without a server: what is in strings and comments does not count. Pure. */

/** A statement, from its first word on. */
export interface FoundStatement {
  /** Without its comments and what is quoted, so that its words can be looked at. */
  bare: string;
  /** The offset behind its last character, which is `;` if it is closed. */
  end: number;
  isClosed: boolean;
}

const skipped =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1/y;

/** The last statement of a text, the white space and comments behind it left out; null if a quote or comment is open. */
export function statementBefore(text: string): FoundStatement | null {
  let found: FoundStatement | null = null;
  let bare = "";
  let end = 0;
  let at = 0;
  while (at < text.length) {
    skipped.lastIndex = at;
    const match = skipped.exec(text);
    if (match !== null) {
      const isComment = /^(?:--|\/\*)/.test(match[0]);
      if (!isComment) end = skipped.lastIndex;
      bare += isComment ? " " : " '' ";
      at = skipped.lastIndex;
      continue;
    }
    const character = text[at]!;
    if (character === "'" || character === '"' || text.startsWith("/*", at)) return null;
    at += 1;
    if (character === ";") {
      if (bare.trim() !== "") found = { bare: bare.trim(), end: at, isClosed: true };
      bare = "";
      continue;
    }
    bare += character;
    if (!/\s/.test(character)) end = at;
  }
  return bare.trim() === "" ? found : { bare: bare.trim(), end, isClosed: false };
}

const reading = /^\(*\s*(?:select|with|from|values|table|summarize|describe|pivot)\b/i;
const writing =
  /\b(?:insert|update|delete|merge|into|create|drop|alter|copy|attach|install|load|set|call|nextval|setval)\b/i;

/** Whether a statement reads, and does nothing else, as far as its words tell; a doubtful one does not. */
export function onlyReads({ bare }: FoundStatement): boolean {
  return reading.test(bare) && !writing.test(bare);
}
