/** Sizes for jsdom, which lays nothing out: every element is as large as its style says, or as the panel. */

import { vi } from "vitest";
import { headHeight } from "../src/panel/grid/table";

/** Give elements of the page sizes until mocks are restored. */
export function layOut(width = 900, height = 360): void {
  const styled = (element: HTMLElement, side: "width" | "height", otherwise: number): number => {
    const size = element.style[side];
    if (size.endsWith("px")) return parseFloat(size);
    if (side === "width" && element.classList.contains("cell-font")) return 7 * element.textContent.length;
    return side === "height" && element.classList.contains("slick-header") ? headHeight : otherwise;
  };
  const inner = (element: Element, side: "width" | "height"): number =>
    parseFloat((element.firstElementChild as HTMLElement | null)?.style[side] ?? "") || 0;
  const getters: Record<string, (this: HTMLElement) => number> = {
    clientWidth: function () {
      return styled(this, "width", width);
    },
    clientHeight: function () {
      return styled(this, "height", height);
    },
    offsetWidth: function () {
      return styled(this, "width", width);
    },
    offsetHeight: function () {
      return styled(this, "height", height);
    },
    scrollWidth: function () {
      return Math.max(inner(this, "width"), styled(this, "width", width));
    },
    scrollHeight: function () {
      return Math.max(inner(this, "height"), styled(this, "height", height));
    },
  };
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get });
  }
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return new DOMRect(0, 0, styled(this, "width", width), styled(this, "height", height));
  });
}
