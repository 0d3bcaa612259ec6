/** A bar that says which part of something is used. */

import { element } from "./dom";

/** Past four fifths it is marked. `what` is what a screen reader hears behind the percentage. */
export function meter(share: number, what: string): HTMLElement {
  const bar = element("i");
  bar.style.width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`;
  const made = element("span", share > 0.8 ? "meter most" : "meter", bar);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", `${Math.round(share * 100)} % ${what}`);
  return made;
}
