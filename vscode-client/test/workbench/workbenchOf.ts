/** A workbench for the tests of a file. */

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { Workbench, type WorkbenchOptions } from "./workbench";

/** Start one before the tests of the file and stop it behind them; the answer gives it to a test. */
export function workbenchOf(options: WorkbenchOptions): () => Workbench {
  let started: Workbench | undefined;
  beforeAll(async () => {
    started = await Workbench.start(options);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await started?.keepEvidence(task.name);
  });
  afterAll(async () => {
    await started?.stop();
    expect(started?.troubles ?? [], "errors of the panel").toEqual([]);
  });
  return () => started!;
}
