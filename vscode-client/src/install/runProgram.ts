/** Runs a program to its end, line by line. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program has failed; `output` are its last lines. */
export class ProgramFailed extends Error {
  constructor(
    readonly program: string,
    readonly status: number | null,
    readonly output: string,
  ) {
    super(`${program} failed${status === null ? "" : ` with status ${status}`}.`);
  }
}

/** How to run it. */
export interface HowToRun {
  signal: AbortSignal;
  onLine?: (line: string) => void;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

const keptLines = 60;

/**
 * Run a program. Rejects with `ProgramFailed` if it does not end with status 0, with the signal's reason if that was
 * aborted: the program has then ended, too.
 */
export async function runProgram(program: string, args: readonly string[], how: HowToRun): Promise<void> {
  how.signal.throwIfAborted();
  const child = spawn(program, args, {
    env: how.env ?? process.env,
    ...(how.cwd === undefined ? {} : { cwd: how.cwd }),
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      output.push(line);
      if (output.length > keptLines) output.shift();
      how.onLine?.(line);
    });
  }
  const stop = (): void => void child.kill();
  how.signal.addEventListener("abort", stop, { once: true });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    how.signal.throwIfAborted();
    if (status !== 0) throw new ProgramFailed(program, status, output.join("\n"));
  } finally {
    how.signal.removeEventListener("abort", stop);
  }
}
