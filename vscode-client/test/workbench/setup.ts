/** Before the tests: the extension is packaged as users get it, and installed; the data is made. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodeServer } from "./codeServer";
import { fewSales, makeSales, saleCount, sales, tpcds } from "./data";
import { client, evidence, installed, machine } from "./machine";
import { extensionsFolder } from "./workbench";

/** Called by vitest once. With SPEQL_REUSE set, the extension that was installed by an earlier run is used as it is. */
export default function setup(): void {
  machine();
  if (!existsSync(tpcds)) throw new Error("TPC-DS is missing. Run `make test-vscode`.");
  rmSync(evidence, { recursive: true, force: true });
  if (process.env["SPEQL_REUSE"] && existsSync(extensionsFolder)) return;
  rmSync(extensionsFolder, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  makeSales(sales, saleCount);
  makeSales(fewSales, 300_000);
  execFileSync("npm", ["run", "--silent", "package"], { cwd: client, stdio: ["ignore", "ignore", "inherit"] });
  const userData = mkdtempSync(join(tmpdir(), "speql-install-"));
  try {
    CodeServer.install(vsix(), { userData, extensions: extensionsFolder });
  } finally {
    rmSync(userData, { recursive: true, force: true });
  }
}

/** The package that `npm run package` has made. */
export function vsix(): string {
  const { name, version } = JSON.parse(readFileSync(join(client, "package.json"), "utf8")) as Record<string, string>;
  return join(client, `${name}-${version}.vsix`);
}
