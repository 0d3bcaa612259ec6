import { expect, test } from "vitest";
import { versionProblem } from "../src/serverVersion";

test.each<[string | undefined, string, boolean]>([
  ["0.1.0", "0.1.0", true],
  ["0.1.7", "0.1.0", true],
  ["0.2.0", "0.1.0", false],
  ["1.2.0", "1.9.3", true],
  ["2.0.0", "1.9.3", false],
  ["10.0.0", "1.0.0", false],
  [undefined, "0.1.0", false],
])("a server %s with the extension %s", (server, extension, fits) => {
  const problem = versionProblem({ name: "SpeQL", ...(server === undefined ? {} : { version: server }) }, extension);
  expect(problem === null).toBe(fits);
  if (problem !== null) expect(problem).toContain(`Install speql ${extension}`);
});

test("another program is named", () => {
  expect(versionProblem({ name: "sqls", version: "0.1.0" }, "0.1.0")).toContain('"sqls"');
});
