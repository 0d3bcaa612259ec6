/** A code-server of our own: VS Code's workbench, served on a free port of 127.0.0.1. */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { codeServer, machine } from "./machine";

/** What it is started with. */
export interface CodeServerOptions {
  userData: string;
  extensions: string;
  /** Added to the environment of the workbench, its extensions, and what they start. */
  environment: Readonly<Record<string, string>>;
  /** Whether it asks if a folder is to be trusted. */
  asksForTrust: boolean;
}

/** How long it may take to end before it is killed. */
const patience = 5_000;

/** A running code-server. `stop` ends it and all that it has started. */
export class CodeServer {
  private constructor(
    readonly address: string,
    private readonly child: ChildProcess,
  ) {}

  /** Resolves when it answers. */
  static async start(options: CodeServerOptions): Promise<CodeServer> {
    const flags = [
      ...folders(options),
      ...["--auth", "none", "--bind-addr", "127.0.0.1:0"],
      ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--disable-proxy"],
      ...["--vscode-option", "enable-smoke-test-driver"],
      ...(options.asksForTrust ? [] : ["--disable-workspace-trust"]),
    ];
    // A process group of its own: what it starts is ended with it, and nothing else.
    const child = spawn(machine().node, [codeServer, ...flags], {
      env: environment(options.environment),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const killed = (): void => void signal(child, "SIGKILL");
    process.once("exit", killed);
    child.once("exit", () => process.off("exit", killed));
    const log = createWriteStream(join(options.userData, "code-server.log"));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const address = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const found = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
        if (found !== null) resolve(found[1]!);
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`code-server ended with ${code}; its log is ${String(log.path)}`)));
    });
    return new CodeServer(address, child);
  }

  /** Install an extension into a folder of extensions. */
  static install(vsix: string, options: Pick<CodeServerOptions, "userData" | "extensions">): void {
    const flags = [...folders(options), "--install-extension", vsix];
    execFileSync(machine().node, [codeServer, ...flags], { env: environment({}), stdio: "pipe" });
  }

  /** Resolves when it and all that it has started are gone. */
  async stop(): Promise<void> {
    const deadline = Date.now() + patience;
    signal(this.child, "SIGTERM");
    while (isAlive(this.child) && Date.now() < deadline) await pause(20);
    signal(this.child, "SIGKILL");
  }
}

function folders({ userData, extensions }: Pick<CodeServerOptions, "userData" | "extensions">): string[] {
  const config = join(userData, "config.yaml");
  return ["--config", config, "--user-data-dir", userData, "--extensions-dir", extensions];
}

/** Ours, without what would make it join an editor that runs already or listen elsewhere. */
function environment(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const isForeign = (name: string): boolean =>
    /^(VSCODE_|CODE_SERVER_|PORT$|(HASHED_)?PASSWORD$|NODE_OPTIONS$)/.test(name);
  const kept = Object.entries(process.env).filter(([name]) => !isForeign(name));
  const path = [dirname(machine().node), process.env["PATH"] ?? ""].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, ...added };
}

function signal(child: ChildProcess, name: NodeJS.Signals | 0): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, name);
  } catch {
    // There is nobody left in the group.
    return false;
  }
}

function isAlive(child: ChildProcess): boolean {
  return signal(child, 0);
}
