/** Accessibility by axe-core, rules of WCAG A and AA. */

import axe from "axe-core";
import type { Locator } from "playwright-core";

/** What axe finds fault with in the document that an element is in, in short; empty if nothing. */
export async function faults(root: Locator): Promise<string[]> {
  // A page's policy lets no script in, but it does not bind who holds the browser by its wires.
  await root.evaluate((_root, source) => {
    if (!("axe" in globalThis)) (0, eval)(source);
  }, axe.source);
  const found = await root.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    return (await axe.run(document, { runOnly: tags, resultTypes: ["violations"] })).violations;
  });
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.target.join(" ")} ${node.html.slice(0, 160)}`),
  );
}
