/** `vitest run --config test/workbench/vitest.config.mts [--mode figures|shots]`: the scenarios, or what measures, or what takes pictures. */

import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  test: {
    root: import.meta.dirname,
    include: [mode === "test" ? "**/*.scenario.ts" : `**/*.${mode}.ts`],
    globalSetup: "./setup.ts",
    // One window at a time: what is measured and what waits for a moment has the machine for itself.
    fileParallelism: false,
    // A busy machine is late, not wrong.
    expect: { poll: { timeout: 20_000 } },
    disableConsoleIntercept: true,
    reporters: ["verbose"],
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
}));
