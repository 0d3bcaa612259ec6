/** A notebook server of our own on a free port of 127.0.0.1, with folders of its own for all that it keeps. */

import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, vi } from "vitest";
import { python } from "./machine";

/** Answers at `address`; `folder` has its notebooks. */
export class Served {
  private constructor(
    readonly address: string,
    readonly folder: string,
    private readonly home: string,
    private readonly child: ChildProcess,
  ) {}

  /** Start a Python module; `args` are given its port and folder. `prepare` puts files into the folder first. */
  static async start(
    module: string,
    args: (port: number, folder: string) => string[],
    prepare: (folder: string) => void,
  ): Promise<Served> {
    const home = mkdtempSync(join(tmpdir(), "speql-notebook-"));
    const folder = join(home, "work");
    mkdirSync(folder);
    prepare(folder);
    const port = await freePort();
    const own = (name: string): string => {
      mkdirSync(join(home, name), { mode: 0o700 });
      return join(home, name);
    };
    const child = spawn(python(), ["-m", module, ...args(port, folder)], {
      cwd: folder,
      // A process group of its own: what it starts is ended with it, and nothing else.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOME: home,
        JUPYTER_CONFIG_DIR: own("config"),
        JUPYTER_DATA_DIR: own("data"),
        JUPYTER_RUNTIME_DIR: own("runtime"),
        JUPYTERLAB_WORKSPACES_DIR: own("workspaces"),
        IPYTHONDIR: own("ipython"),
        XDG_CONFIG_HOME: own("xdg"),
        XDG_CACHE_HOME: own("cache"),
        XDG_RUNTIME_DIR: own("run"),
      },
    });
    const log = createWriteStream(join(home, "server.log"));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const killed = (): void => void signal(child, "SIGKILL");
    process.once("exit", killed);
    child.once("exit", () => process.off("exit", killed));
    const served = new Served(`http://127.0.0.1:${port}`, folder, home, child);
    const answers = (): Promise<boolean> =>
      fetch(served.address).then(
        ({ status }) => status < 500,
        () => false,
      );
    await vi.waitUntil(answers, { timeout: 60_000, interval: 200 });
    return served;
  }

  /** What it has said. */
  get log(): string {
    return readFileSync(join(this.home, "server.log"), "utf8");
  }

  /** The kernels that have told that they are there. */
  get kernelFacts(): string[] {
    const folder = join(this.home, "run/speql/kernels");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** The processes of its group, by their command lines. */
  get processes(): { id: number; command: string }[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const environment = readFileSync(`/proc/${name}/environ`, "utf8");
          if (!environment.includes(`HOME=${this.home}\0`)) return [];
          return [{ id: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ") }];
        } catch {
          return []; // it has just ended
        }
      });
  }

  /** Resolves when it and all that it has started are gone; rejects if something stays. */
  async stop(): Promise<void> {
    signal(this.child, "SIGTERM");
    const deadline = Date.now() + 20_000;
    while (this.processes.length > 0 && Date.now() < deadline) await pause(100);
    const left = this.processes;
    signal(this.child, "SIGKILL");
    const facts = this.kernelFacts;
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    expect(left).toEqual([]);
    expect(facts).toEqual([]);
  }
}

function signal(child: ChildProcess, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-child.pid!, name);
  } catch {
    // it is gone already
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
