/** A small runner: the extension host runs one function, and tells nothing but whether it failed. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** How a test went. `problem` is null if it passed; `measured` is what it has measured, in milliseconds. */
export interface Outcome {
  name: string;
  problem: string | null;
  milliseconds: number;
  measured: Record<string, number>;
}

/** A test. It may note what it has measured. */
export type Body = (measured: Record<string, number>) => Promise<void>;

/** Run tests one after another, write their outcomes beside this file, and fail if one did. */
export async function runAll(tests: Readonly<Record<string, Body>>): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const [name, body] of Object.entries(tests)) {
    const began = performance.now();
    const measured: Record<string, number> = {};
    const problem = await body(measured).then(
      () => null,
      (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    outcomes.push({ name, problem, milliseconds: performance.now() - began, measured });
    writeFileSync(join(__dirname, "outcomes.json"), JSON.stringify(outcomes));
  }
  const failed = outcomes.filter(({ problem }) => problem !== null);
  if (failed.length > 0) throw new Error(failed.map(({ name }) => name).join("; "));
}

/** Resolves with the first value that is neither undefined nor empty; asks again while there is none. */
export async function until<Found>(
  what: string,
  ask: () => Found | Thenable<Found>,
  seconds = 20,
): Promise<NonNullable<Found>> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await ask();
    const isEmpty = Array.isArray(found) && found.length === 0;
    if (found !== undefined && found !== null && found !== false && !isEmpty) return found as NonNullable<Found>;
    if (Date.now() > deadline) throw new Error(`${what} did not come in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
