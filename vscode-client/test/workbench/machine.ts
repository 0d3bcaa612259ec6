/** Where the programs and folders are that the tests in a workbench use; install.sh has put the programs there. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The programs. */
export interface Machine {
  node: string;
  chromium: string;
}

/** This folder. */
export const here = fileURLToPath(new URL(".", import.meta.url));
/** The extension's sources. */
export const client = join(here, "../..");
/** What is installed or made, and kept. */
export const installed = join(here, ".installed");
/** What is left by a test that failed. */
export const evidence = join(here, "out");
/** The interpreter that has SpeQL and DuckDB. */
export const python = process.env["SPEQL_PYTHON"] ?? join(client, "../.venv/bin/python");
/** The program that serves the workbench. */
export const codeServer = join(here, "node_modules/code-server/out/node/entry.js");

/** The programs, or what to do if they are not installed. */
export function machine(): Machine {
  const file = join(installed, "machine.json");
  if (!existsSync(file) || !existsSync(codeServer)) {
    throw new Error(
      "The workbench is not installed. Run `make test-vscode`, or vscode-client/test/workbench/install.sh.",
    );
  }
  return JSON.parse(readFileSync(file, "utf8")) as Machine;
}
