import { expect, test } from "vitest";
import { mayHoldSql } from "../src/sqlInPython";

test.each([
  'df = mo.sql(f"""\nSELECT 1', // marimo
  "con.execute('SELECT",
  "rows = duckdb.sql( r'",
  "%%sql\nSELECT 1",
  "import x\n%speql SELECT 1",
])("%j seems to hold SQL", (text) => expect(mayHoldSql(text)).toBe(true));

test.each(["print('sql')", "executed = 5", "a % sql", "# nothing", "text = 'SELECT 1'"])("%j does not", (text) =>
  expect(mayHoldSql(text)).toBe(false),
);
