/** Tests inside the real extension host, where `vscode` is the real one. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Outcome } from "./extension/run";
import { client, here } from "./machine";
import { Workbench, type WorkbenchOptions } from "./workbench";

const patience = 300_000;

/** Run the tests of `extension/` in a workbench with these options; the extension is the one that is built in `dist`. */
export async function runInExtensionHost(options: WorkbenchOptions): Promise<Outcome[]> {
  const bundle = mkdtempSync(join(tmpdir(), "speql-extension-tests-"));
  const index = join(bundle, "index.js");
  await build({
    entryPoints: [join(here, "extension/index.ts")],
    outfile: index,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
    logLevel: "warning",
  });
  let ended = (_code: unknown): void => {};
  const exit = new Promise((resolve) => (ended = resolve));
  const remote = (path: string) => (address: string) => `vscode-remote://${new URL(address).host}${path}`;
  const workbench = await Workbench.start({
    ...options,
    extensions: join(bundle, "extensions"),
    payload: [
      ["extensionDevelopmentPath", remote(client)],
      ["extensionTestsPath", remote(index)],
      ["skipWelcome", () => "true"],
    ],
    functions: { codeAutomationLog: () => undefined, codeAutomationExit: (code) => ended(code) },
  });
  try {
    const tooLate = new Promise((_, reject) => {
      setTimeout(
        () => reject(new Error(`The tests in the extension host took over ${patience / 1_000} s.`)),
        patience,
      ).unref();
    });
    await Promise.race([exit, tooLate]);
    return JSON.parse(readFileSync(join(bundle, "outcomes.json"), "utf8")) as Outcome[];
  } catch (error) {
    await workbench.keepEvidence("extension host");
    throw error;
  } finally {
    await workbench.stop();
    rmSync(bundle, { recursive: true, force: true });
  }
}
