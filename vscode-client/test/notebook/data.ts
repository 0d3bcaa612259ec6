/** The data of the scenarios, and what direct runs say of it. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { python } from "./machine";

/** Make `shop.duckdb` in a folder. */
export function makeShop(folder: string): void {
  run(
    folder,
    "duckdb.connect('shop.duckdb').execute(\"CREATE TABLE sales AS SELECT i AS id, 'shop ' || i % 3 AS store, " +
      'i * 1.5::DOUBLE AS price FROM range(2500) t(i)")',
  );
}

/** Whether somebody holds the file: opening it for writing would fail. */
export function isLocked(folder: string): boolean {
  return run(folder, "duckdb.connect('shop.duckdb').close()", true) !== null;
}

function run(folder: string, code: string, mayFail = false): string | null {
  try {
    execFileSync(python(), ["-c", `import duckdb; ${code}`], { cwd: folder, stdio: "pipe" });
    return null;
  } catch (error) {
    if (!mayFail) throw error;
    return String(error);
  }
}

/** A notebook with these cells, as a file has it. */
export function notebook(cells: readonly string[]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "python3", display_name: "Python 3", language: "python" },
      language_info: { name: "python" },
    },
    cells: cells.map((source, at) => ({
      id: `cell-${at}`,
      cell_type: "code",
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    })),
  });
}

/** The path of a notebook. */
export function notebookPath(folder: string, name: string): string {
  return join(folder, `${name}.ipynb`);
}
