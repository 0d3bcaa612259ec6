/**
 * The server's own Python environment, one a version, below a folder of the extension's.
 *
 * It is made beside its place and moved there whole, so a half-made one is never used; a lock keeps two windows from
 * making it twice. Environments of other versions are removed once nobody has used them for a while.
 */

import { access, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bundle } from "./bundle";
import { withLock } from "./folderLock";
import type { Python } from "./python";
import { runProgram } from "./runProgram";
import { Steps } from "./steps";

/** What an environment is made with. `python` null: uv finds or downloads one. `uv` null: by Python's venv and pip. */
export interface Makers {
  python: Python | null;
  uv: string | null;
}

/** Told while it is made. */
export interface Telling {
  message: (text: string) => void;
  log: (line: string) => void;
}

const marker = "speql-server.json";
/** Another window may have been running from an environment that it has not started from for so long. */
const unusedAfter = 24 * 60 * 60_000;

/** The Python of an environment. */
export function pythonOf(environment: string): string {
  return process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

/** The Python of the environment of a bundle, if that has been made and still works; null if not. */
export async function readyPython(root: string, bundle: Bundle): Promise<string | null> {
  const environment = join(root, bundle.key);
  const python = pythonOf(environment);
  try {
    await readFile(join(environment, marker));
    await access(python); // which is a link into a Python that may have been removed
    const now = new Date();
    await utimes(join(environment, marker), now, now);
    return python;
  } catch {
    return null;
  }
}

/**
 * Make the environment of a bundle, unless another window does: its Python then. Rejects with `ProgramFailed`, with a
 * system error, or with the signal's reason; then nothing is left behind.
 */
export async function makeEnvironment(
  root: string,
  bundle: Bundle,
  makers: Makers,
  telling: Telling,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(root, { recursive: true });
  const waiting = (): void => telling.message("waiting for another window, which is making it");
  return withLock(join(root, `${bundle.key}.lock`), () => make(root, bundle, makers, telling, signal), signal, waiting);
}

async function make(
  root: string,
  bundle: Bundle,
  makers: Makers,
  telling: Telling,
  signal: AbortSignal,
): Promise<string> {
  const ready = await readyPython(root, bundle);
  if (ready !== null) return ready;
  const environment = join(root, bundle.key);
  const unfinished = join(root, `${bundle.key}.${process.pid}.unfinished`);
  try {
    await rm(unfinished, { recursive: true, force: true });
    await fill(unfinished, bundle, makers, telling, signal);
    await writeFile(
      join(unfinished, marker),
      JSON.stringify({ python: makers.python, made: new Date().toISOString() }),
    );
    await rm(environment, { recursive: true, force: true }); // one that does not work any more
    await rename(unfinished, environment);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return pythonOf(environment);
}

async function fill(
  folder: string,
  bundle: Bundle,
  { python, uv }: Makers,
  telling: Telling,
  signal: AbortSignal,
): Promise<void> {
  const steps = new Steps(bundle.packages);
  const onLine = (line: string): void => {
    telling.log(line);
    const message = steps.message(line);
    if (message !== null) telling.message(message);
  };
  // Not the folder of the editor or a project: uv reads settings of projects.
  const how = { signal, onLine, env: cleanEnvironment(process.env), cwd: dirname(folder) };
  telling.message("making a Python environment");
  const inside = pythonOf(folder);
  if (uv !== null) {
    const named = python?.executable ?? ">=3.11";
    await runProgram(uv, ["venv", "--no-project", "--python", named, folder], how);
    const install = ["pip", "install", "--python", inside, "--only-binary", ":all:", "--link-mode", "copy"];
    await runProgram(uv, [...install, "--require-hashes", "-r", bundle.requirements], how);
    await runProgram(uv, [...install, "--no-deps", "--offline", bundle.wheel], how);
  } else {
    await runProgram(python!.executable, ["-I", "-m", "venv", folder], how);
    const install = [
      "-I",
      "-m",
      "pip",
      "--disable-pip-version-check",
      "--no-input",
      "--retries",
      "2",
      "--timeout",
      "20",
    ];
    install.push("install", "--progress-bar", "off", "--no-deps", "--only-binary", ":all:");
    await runProgram(inside, [...install, "--require-hashes", "-r", bundle.requirements], how);
    await runProgram(inside, [...install, "--no-index", bundle.wheel], how);
  }
  telling.message("trying it");
  await runProgram(inside, ["-I", "-c", "import speql_server.rooms"], how);
}

/** Without what would send packages elsewhere, or bring others in; the user's index and proxy stay. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dropped =
    /^(?:PYTHON(?:HOME|PATH|STARTUP|USERBASE)|PIP_(?:TARGET|PREFIX|ROOT|USER|REQUIRE_VIRTUALENV)|VIRTUAL_ENV|CONDA_PREFIX|UV_(?:PROJECT_ENVIRONMENT|TARGET|SYSTEM_PYTHON))$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.test(name)));
}

/** Remove environments of other versions that nobody has started from for a day, and what was never finished. */
export async function removeOthers(root: string, key: string, now: number): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(root)) {
    if (name === key || name === `${key}.lock`) continue;
    const folder = join(root, name);
    const used = await lastUse(folder);
    if (now - used < unusedAfter) continue;
    await rm(folder, { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

async function lastUse(folder: string): Promise<number> {
  for (const path of [join(folder, marker), folder]) {
    try {
      return (await stat(path)).mtimeMs;
    } catch {
      // not finished, or gone
    }
  }
  return Date.now();
}
