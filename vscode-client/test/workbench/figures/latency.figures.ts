import { basename } from "node:path";
import { expect, test } from "vitest";
import { largestTpcds, tpcdsQuery } from "../data";
import { workbenchOf } from "../workbenchOf";
import { spread } from "./spread";

const file = "query01.sql";
const database = largestTpcds();
const workbench = workbenchOf({
  files: { [file]: "" },
  links: { "tpcds.duckdb": database },
  settings: { "speql.database": "tpcds.duckdb" },
});

test("keystroke to preview", { timeout: 600_000 }, async () => {
  const { heard } = workbench();
  await workbench().openFile(file);
  await workbench().showPanel();
  const query = tpcdsQuery(1);
  const before = heard.keys.length;
  const version = await workbench().type(file, query, 8);
  await heard.until("The last preview on the screen", ({ all }) =>
    all.find(
      ({ message, painted }) => message.kind === "preview" && message.preview.version >= version && painted !== null,
    ),
  );
  const shown = heard.all.flatMap(({ message, at, painted }) =>
    message.kind === "preview" && message.preview.outcome === "rows" && painted !== null
      ? [{ version: message.preview.version, at, painted }]
      : [],
  );
  const keys = heard.keys.slice(before, before + query.length).map((at, index) => ({ at, version: index + 2 }));
  expect(keys.at(-1)!.version).toBe(version);
  const own = keys.flatMap((key) =>
    shown
      .filter((found) => found.version === key.version)
      .slice(0, 1)
      .map((found) => found.painted - key.at),
  );
  const any = keys.flatMap((key) =>
    shown
      .filter((found) => found.version >= key.version)
      .slice(0, 1)
      .map((found) => found.painted - key.at),
  );
  console.log(
    `${keys.length} keys of TPC-DS query 1 on ${basename(database)}, 8 a second; from the key to the painted frame:`,
  );
  console.log(`  rows of exactly that text, for ${own.length} keys: ${spread(own)}`);
  console.log(`  rows of that text or of a newer one, for ${any.length} keys: ${spread(any)}`);
  console.log(
    `  of that, from the message to the painted frame: ${spread(shown.map(({ at, painted }) => painted - at))}`,
  );
});
