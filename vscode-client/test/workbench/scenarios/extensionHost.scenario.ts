import { expect, test } from "vitest";
import { sales, tpcds } from "../data";
import { runInExtensionHost } from "../extensionHost";

const outcomes = await runInExtensionHost({
  files: { "report.sql": "", "other.sql": "" },
  links: { "tpcds.duckdb": tpcds, "sales.duckdb": sales },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("the tests in the extension host have run", () => expect(outcomes.length).toBeGreaterThan(15));

for (const { name, problem, milliseconds } of outcomes) {
  test(`${name} (${Math.round(milliseconds)} ms)`, () => expect(problem).toBeNull());
}
