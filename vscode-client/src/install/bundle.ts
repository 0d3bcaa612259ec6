/** The server that comes with the extension: a wheel of SpeQL, and the packages that it needs, with their hashes. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Full paths, and a key that is another for each version and content. */
export interface Bundle {
  wheel: string;
  requirements: string;
  key: string;
  /** How many packages are installed, the wheel with them. */
  packages: number;
}

/** What `scripts/bundleServer.mjs` has put into a folder; null if there is nothing, as in a build for development. */
export async function readBundle(folder: string): Promise<Bundle | null> {
  let text: string;
  try {
    text = await readFile(join(folder, "bundle.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const { wheel, requirements, key, packages } = JSON.parse(text) as Bundle;
  return { wheel: join(folder, wheel), requirements: join(folder, requirements), key, packages };
}
