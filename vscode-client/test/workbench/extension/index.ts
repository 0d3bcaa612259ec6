/** What the extension host runs: all tests in their order. The first ones need an extension that still sleeps. */

import { activation } from "./activation";
import { commands } from "./commands";
import { languageFeatures } from "./languageFeatures";
import { runAll } from "./run";
import { settings } from "./settings";

/** Called by the workbench. */
export function run(): Promise<void> {
  return runAll({ ...activation, ...commands, ...languageFeatures, ...settings });
}
