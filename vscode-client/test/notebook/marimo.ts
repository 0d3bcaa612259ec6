/** A real marimo. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeShop } from "./data";
import { Served } from "./served";

/** Start it on a notebook with these cells. */
export function startMarimo(cells: readonly string[]): Promise<Served> {
  return Served.start(
    "marimo",
    (port, folder) => [
      ...["edit", join(folder, "notebook.py"), "--headless", "--host", "127.0.0.1", "--port", String(port)],
      ...["--no-token", "--skip-update-check"],
    ],
    (folder) => {
      makeShop(folder);
      const indented = cells.map((cell) => `@app.cell\ndef _():\n${cell.replaceAll(/^/gm, "    ")}\n    return\n`);
      writeFileSync(join(folder, "notebook.py"), `import marimo\n\napp = marimo.App()\n\n${indented.join("\n\n")}\n`);
    },
  );
}
