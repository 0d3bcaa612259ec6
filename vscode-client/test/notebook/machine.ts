/** Where the programs are that the tests in notebook editors use. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const repository = fileURLToPath(new URL("../../..", import.meta.url));
/** What is left by a test that failed. */
export const evidence = fileURLToPath(new URL("./out", import.meta.url));

/** The interpreter of the environment that has JupyterLab, marimo and SpeQL. */
export function python(): string {
  const found = process.env["SPEQL_NOTEBOOK_PYTHON"] ?? join(repository, ".venv-notebooks/bin/python");
  if (!existsSync(found)) throw new Error("JupyterLab and marimo are not installed. Run `make test-notebooks`.");
  return found;
}

/** The browser. */
export function chromium(): string {
  const names = [
    process.env["SPEQL_CHROMIUM"],
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ];
  const found = names.find((name) => name !== undefined && existsSync(name));
  if (found === undefined) {
    throw new Error(
      "The tests need Chromium. Install it (Debian: apt-get install chromium), or name it: SPEQL_CHROMIUM",
    );
  }
  return found;
}
