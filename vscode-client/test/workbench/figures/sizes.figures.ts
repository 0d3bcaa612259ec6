import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "vitest";
import { client } from "../machine";
import { vsix } from "../setup";

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} KB`;

test("bundles", () => {
  const dist = join(client, "dist");
  for (const name of readdirSync(dist).filter((found) => /\.(js|css)$/.test(found))) {
    const bytes = readFileSync(join(dist, name));
    console.log(`${name}: ${kilobytes(bytes.length)}, compressed ${kilobytes(gzipSync(bytes).length)}`);
  }
  console.log(`the package that is installed: ${kilobytes(statSync(vsix()).size)}`);
});
