import { expect, test } from "vitest";
import { diffLines, type DiffLine, type Segment } from "../src/panel/diffLines";
import { laidOut, sqlTokens } from "../src/panel/sqlText";
import type { Piece } from "../src/protocol.gen";

const kept = (text: string): Piece => ({ typed: text, executed: text, edit: null });
const change = (typed: string, executed: string, edit = 0): Piece => ({ typed, executed, edit });

const side = (segments: Segment[] | null): string =>
  segments === null ? "~" : segments.map(({ text, edit }) => (edit === null ? text : `[${edit}:${text}]`)).join("");
/** A line as `number typed | executed`; `~` stands for hatching, brackets for the words of an edit. */
const written = ({ number, typed, executed }: DiffLine): string =>
  `${number ?? "+"} ${side(typed)} | ${side(executed)}`;

test.each<[what: string, pieces: Piece[], lines: string[]]>([
  ["nothing to mend", [kept("SELECT 1\nFROM t")], ["3 SELECT 1 | SELECT 1", "4 FROM t | FROM t"]],
  [
    "a word for another",
    [kept("SELECT "), change("a", "b"), kept("\nFROM t")],
    ["3 SELECT [0:a] | SELECT [0:b]", "4 FROM t | FROM t"],
  ],
  [
    "a line put in behind a line",
    [kept("FROM a"), change("", "\n  JOIN b"), kept("\nWHERE x")],
    ["3 FROM a[0:] | FROM a", "+ ~ | [0:  JOIN b]", "4 WHERE x | WHERE x"],
  ],
  [
    "a line put in before a line",
    [kept("FROM a\n"), change("", "JOIN b\n"), kept("WHERE x")],
    ["3 FROM a | FROM a", "+ ~ | [0:JOIN b]", "4 [0:]WHERE x | WHERE x"],
  ],
  [
    "lines taken away",
    [kept("SELECT 1\n"), change("oops\nmore\n", ""), kept("FROM t")],
    ["3 SELECT 1 | SELECT 1", "4 [0:oops] | ~", "5 [0:more] | ~", "6 FROM t | [0:]FROM t"],
  ],
  [
    "the rest of a word is what is new in it",
    [kept("WHERE "), change("ss_qu", "ss_quantity")],
    ["3 WHERE ss_qu[0:] | WHERE ss_qu[0:antity]"],
  ],
  [
    "two edits in a line",
    [kept("IN ("), change("x", "y", 0), kept(", 1"), change("", ")", 1)],
    ["3 IN ([0:x], 1[1:] | IN ([0:y], 1[1:)]"],
  ],
])("%s", (_, pieces, lines) => expect(diffLines(pieces, 3).map(written)).toEqual(lines));

test("both sides have all of their text, whatever the edits", () => {
  const texts = ["", "a", "a\n", "\na", "a\nb\n", " "];
  for (const typed of texts)
    for (const executed of texts) {
      const pieces = [kept("x\n y"), change(typed, executed), kept("\nz "), change(executed, typed, 1), kept("end")];
      const lines = diffLines(pieces, 1);
      for (const [which, expected] of [
        ["typed", pieces.map((piece) => piece.typed).join("")],
        ["executed", pieces.map((piece) => piece.executed).join("")],
      ] as const) {
        const found = lines.flatMap((line) =>
          line[which] === null ? [] : [line[which].map(({ text }) => text).join("")],
        );
        expect(found.join("\n")).toBe(expected);
      }
    }
});

test("key words and strings are marked, names that only contain them are not", () => {
  const marked = sqlTokens("SELECT 'it''s' AS selected -- from\nFROM \"from\"").filter(({ kind }) => kind !== "other");
  expect(marked.map(({ text, kind }) => `${kind} ${text}`)).toEqual([
    "keyword SELECT",
    "string 'it''s'",
    "keyword AS",
    "comment -- from",
    "keyword FROM",
  ]);
});

test("SQL on one long line gets a line for each clause, and keeps all of its words", () => {
  const sql =
    "SELECT \"a\", 'x FROM y' FROM (SELECT * FROM t WHERE b > 1) AS s LEFT OUTER JOIN u ON s.a = u.a WHERE c GROUP BY a";
  expect(laidOut(sql).split("\n")).toEqual([
    "SELECT \"a\", 'x FROM y'",
    "FROM (SELECT *",
    "  FROM t",
    "  WHERE b > 1) AS s",
    "LEFT OUTER JOIN u ON s.a = u.a",
    "WHERE c",
    "GROUP BY a",
  ]);
  expect(laidOut(sql).replace(/\s+/g, " ")).toBe(sql);
  expect(laidOut("SELECT a FROM t")).toBe("SELECT a FROM t");
});
