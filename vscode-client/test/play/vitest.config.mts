/** `vitest run --config test/play/vitest.config.mts [--mode shots]`: the scenarios in a real browser, or what takes pictures. */

import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  test: {
    root: import.meta.dirname,
    include: [mode === "shots" ? "**/*.shots.ts" : "**/*.scenario.ts"],
    // One browser at a time: what waits for a moment has the machine for itself.
    fileParallelism: false,
    // A busy machine is late, not wrong.
    expect: { poll: { timeout: 20_000 } },
    disableConsoleIntercept: true,
    reporters: ["verbose"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
}));
