/** Puts the server into dist/server: a wheel of SpeQL, the packages that it needs, and a key of both. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dependenciesOf, lockedRequirements } from "./lockedRequirements.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = fileURLToPath(new URL("../dist/server", import.meta.url));
const python =
  process.env.PYTHON ?? join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
// Without isolation: what builds the wheel is in the lock file, too.
const wheelArgs = [
  "--no-deps",
  "--no-build-isolation",
  "--disable-pip-version-check",
  "--quiet",
  "--wheel-dir",
  folder,
];
// Without the pages for browsers: the extension has the panel.
const env = { ...process.env, SPEQL_WITHOUT_PAGES: "1" };
execFileSync(python, ["-m", "pip", "wheel", ...wheelArgs, root], { stdio: ["ignore", "inherit", "inherit"], env });
const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
const read = (name) => readFileSync(join(root, name), "utf8");
const { text, names } = lockedRequirements(read("requirements.lock"), dependenciesOf(read("pyproject.toml")));
const digest = createHash("sha256")
  .update(readFileSync(join(folder, wheel)))
  .update(text)
  .digest("hex");
const key = `${wheel.split("-")[1]}-${digest.slice(0, 12)}`;
writeFileSync(join(folder, "requirements.txt"), text);
const bundle = { wheel, requirements: "requirements.txt", key, packages: names.length + 1 };
writeFileSync(join(folder, "bundle.json"), `${JSON.stringify(bundle, null, 2)}\n`);
console.log(`dist/server: ${wheel}, ${names.length} locked packages, ${key}`);
