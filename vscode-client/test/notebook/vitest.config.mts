/** `vitest run --config test/notebook/vitest.config.mts [--mode shots]`: the scenarios, or what takes pictures. */

import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  test: {
    root: import.meta.dirname,
    include: [mode === "test" ? "**/*.scenario.ts" : `**/*.${mode}.ts`],
    fileParallelism: false,
    // A busy machine is late, not wrong.
    expect: { poll: { timeout: 20_000 } },
    reporters: ["verbose"],
    testTimeout: 180_000,
    hookTimeout: 90_000,
  },
}));
