import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { notices, packageFolders } from "../scripts/notices.mjs";

const metafile = (...inputs: string[]): { inputs: Record<string, unknown> } => ({
  inputs: Object.fromEntries(inputs.map((input) => [input, {}])),
});

describe("packages in a bundle", () => {
  test.each([
    ["the project's own files are none", ["src/extension.ts"], []],
    ["a package once", ["node_modules/vega/a.js", "node_modules/vega/b/c.js"], ["node_modules/vega"]],
    ["a package in a scope", ["node_modules/@codemirror/view/dist/a.js"], ["node_modules/@codemirror/view"]],
    ["a package's own copy", ["node_modules/a/node_modules/b/c.js"], ["node_modules/a/node_modules/b"]],
    ["behind a name space", ["(disabled):node_modules/a/c.js"], ["node_modules/a"]],
  ])("%s", (_what, inputs, expected) => expect(packageFolders([metafile(...inputs)])).toEqual(expected));

  test("of all bundles in a folder", () =>
    expect(packageFolders([metafile("node_modules/b/1.js"), metafile("node_modules/a/1.js")])).toEqual([
      "node_modules/a",
      "node_modules/b",
    ]));
});

describe("notices", () => {
  test("say name, version and licence, with the whole text", () => {
    const text = notices(["node_modules/vega"]);
    expect(text).toMatch(/^vega \d+\.\d+\.\d+ \(BSD-3-Clause\)$/m);
    expect(text).toContain("Redistributions in binary form must reproduce the above copyright notice");
  });

  test("a package without a licence text stops the build", () => {
    const folder = mkdtempSync(join(tmpdir(), "speql-notices-"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bare", version: "1.0.0" }));
    expect(() => notices([folder])).toThrow("bare 1.0.0 has no licence text");
  });
});
