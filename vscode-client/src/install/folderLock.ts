/** One at a time among processes: a lock is a folder, which only one of them can make. */

import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds. A lock that nobody has touched for `staleAfter` belongs to a process that is gone. */
export interface LockTimes {
  touchEvery: number;
  staleAfter: number;
  lookEvery: number;
}

const usual: LockTimes = { touchEvery: 2_000, staleAfter: 15_000, lookEvery: 300 };

/**
 * Do some work while no other process that goes by the lock at `path` does. `waiting` is called if another one has it.
 * A lock that was left behind is taken over. Two processes that take over the same one at the same moment may both get
 * in, so what they do must bear that.
 */
export async function withLock<Result>(
  path: string,
  work: () => Promise<Result>,
  signal: AbortSignal,
  waiting: () => void = () => {},
  times: LockTimes = usual,
): Promise<Result> {
  while (!(await taken(path))) {
    if (await isStale(path, times.staleAfter)) {
      await putAside(path);
      continue;
    }
    waiting();
    await sleep(times.lookEvery);
    signal.throwIfAborted();
  }
  const touching = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // taken over by others, who thought that this process was gone
  }, times.touchEvery);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(path, { recursive: true, force: true });
  }
}

async function taken(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isStale(path: string, after: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > after;
  } catch {
    return false; // given back meanwhile
  }
}

async function putAside(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.${Date.now()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another process was first
  }
  await rm(aside, { recursive: true, force: true });
}
