import { expect, test } from "vitest";
import { sales, tpcds } from "../data";
import { runInExtensionHost } from "../extensionHost";

test("activation", { timeout: 400_000 }, async () => {
  const outcomes = await runInExtensionHost({
    files: { "report.sql": "", "other.sql": "" },
    links: { "tpcds.duckdb": tpcds, "sales.duckdb": sales },
    settings: { "speql.database": "tpcds.duckdb" },
  });
  const measured = Object.entries(
    Object.assign({}, ...outcomes.map((outcome) => outcome.measured)) as Record<string, number>,
  );
  expect(measured.length).toBeGreaterThan(0);
  for (const [name, milliseconds] of measured) console.log(`${name}: ${milliseconds.toFixed(0)} ms`);
});
