import { expect, test } from "vitest";
import { DoubleEnter, soon, type TypedEdit } from "../src/doubleEnter";
import { onlyReads, statementBefore } from "../src/statementBefore";

const uri = "file:///a.sql";

interface Typing {
  text: string; // `|` is the cursor
  wait?: number;
  first?: string;
  second?: string;
  between?: number;
  isWhole?: boolean;
}

/** Two edits at the cursor, one below the other; the text that the submit is about, null if there is none. */
function submitted({
  text,
  wait = 100,
  first = "\n",
  second = "\n",
  between = 0,
  isWhole = false,
}: Typing): string | null {
  const [before = "", after = ""] = text.split("|");
  const line = before.split("\n").length - 1;
  const rule = new DoubleEnter();
  const edit: TypedEdit = { uri, version: 5, text: first, line, at: 1_000, before, after };
  expect(rule.typed(edit, () => isWhole)).toBeNull();
  const again = {
    ...edit,
    version: 6 + between,
    text: second,
    line: line + 1,
    at: 1_000 + wait,
    before: before + first,
  };
  const offset = rule.typed(again, (_, version) => isWhole && version === 4);
  return offset === null ? null : before.slice(0, offset + 1);
}

test.each<[string, Typing, string | null]>([
  ["a query that ends with a semicolon", { text: "SELECT 1;|" }, "SELECT 1;"],
  ["white space and a comment behind it", { text: "SELECT 1; -- one |" }, "SELECT 1;"],
  ["between other statements", { text: "DROP TABLE a;\nSELECT 1;|\n\nDROP TABLE b;" }, "DROP TABLE a;\nSELECT 1;"],
  ["indentation that the editor puts in", { text: "  SELECT 1;|", first: "\n  ", second: "\n  " }, "  SELECT 1;"],
  ["line breaks of Windows", { text: "SELECT 1;|", first: "\r\n", second: "\r\n" }, "SELECT 1;"],
  ["a WITH", { text: "WITH a AS (SELECT 1) FROM a;|" }, "WITH a AS (SELECT 1) FROM a;"],
  [
    "words of writing in strings and names",
    { text: `SELECT 'delete', "update" FROM t;|` },
    `SELECT 'delete', "update" FROM t;`,
  ],
  ["no semicolon, but known to be whole", { text: "SELECT a FROM t|", isWhole: true }, "SELECT a FROM t"],
  ["no semicolon, and not known to be whole", { text: "SELECT a FROM t|" }, null],
  ["no semicolon, and more behind it", { text: "SELECT a FROM t|\nWHERE a", isWhole: true }, null],
  ["two slow Enters", { text: "SELECT 1;|", wait: soon + 1 }, null],
  ["another key between them", { text: "SELECT 1;|", between: 1 }, null],
  ["in the middle of a line", { text: "SELECT 1;| SELECT 2" }, null],
  ["in a query", { text: "SELECT a,|\nb FROM t;" }, null],
  ["in a comment that is open", { text: "SELECT 1; /* so|" }, null],
  ["in a string that is open", { text: "SELECT 'a;|" }, null],
  ["a delete", { text: "DELETE FROM t;|" }, null],
  ["a delete in a CTE", { text: "WITH d AS (DELETE FROM t RETURNING *) FROM d;|" }, null],
  ["a script of nothing", { text: ";;|" }, null],
  ["an empty document", { text: "|", isWhole: true }, null],
  ["text that is typed", { text: "SELECT 1;|", second: "\nx" }, null],
  ["a setting", { text: "SET threads = 1;|" }, null],
])("%s", (_, typing, expected) => expect(submitted(typing)).toBe(expected));

test("three Enters submit once", () => {
  const rule = new DoubleEnter();
  const edits = [0, 1, 2].map((number) => ({
    uri,
    version: number,
    text: "\n",
    line: number,
    at: number * 100,
    before: `SELECT 1;${"\n".repeat(number)}`,
    after: "",
  }));
  expect(edits.map((edit) => rule.typed(edit, () => false) !== null)).toEqual([false, true, false]);
});

test.each([
  ["SELECT 1", "SELECT 1", false],
  ["SELECT 1; SELECT ';--' -- ;", "SELECT  ''", false],
  ["SELECT $$;$$; ", "SELECT  ''", true],
  ["SELECT $a$ ; $$ ; $a$;", "SELECT  ''", true],
  [String.raw`SELECT E'\';';`, "SELECT  ''", true],
  ["SELECT 'it''s;';", "SELECT  ''", true],
  ["-- only", null, null],
  ["SELECT /* ; ", null, null],
])("the last statement of %j", (text, bare, isClosed) => {
  const found = statementBefore(text);
  expect(found?.bare ?? null).toBe(bare);
  expect(found?.isClosed ?? null).toBe(isClosed);
});

test.each([
  ["(SELECT 1) UNION (SELECT 2)", true],
  ["FROM t", true],
  ["EXPLAIN ANALYZE SELECT 1", false],
  ["SELECT nextval('s')", false],
  ["SELECT a INTO b", false],
  ["selective", false],
])("%s only reads: %s", (text, expected) => expect(onlyReads(statementBefore(text)!)).toBe(expected));
