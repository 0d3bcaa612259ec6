/** The border between the editor and the preview, which can be moved. */

import { element } from "../panel/dom";

const least = 20;
const most = 80;
const step = 4;

/** A separator that sets `--split` of the element around both to the editor's share in percent. */
export function splitter(around: HTMLElement, isColumn: () => boolean): HTMLElement {
  const root = element("div", "splitter");
  root.setAttribute("role", "separator");
  root.setAttribute("aria-label", "Size of the editor");
  root.setAttribute("aria-valuemin", String(least));
  root.setAttribute("aria-valuemax", String(most));
  root.tabIndex = 0;
  let share = 45;
  const set = (wanted: number): void => {
    share = Math.min(most, Math.max(least, wanted));
    around.style.setProperty("--split", `${share}%`);
    root.setAttribute("aria-valuenow", String(Math.round(share)));
    root.setAttribute("aria-orientation", isColumn() ? "horizontal" : "vertical");
  };
  root.addEventListener("keydown", (event) => {
    const back = isColumn() ? "ArrowUp" : "ArrowLeft";
    const forth = isColumn() ? "ArrowDown" : "ArrowRight";
    if (event.key !== back && event.key !== forth) return;
    event.preventDefault();
    set(share + (event.key === back ? -step : step));
  });
  root.addEventListener("pointerdown", (event) => {
    root.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  root.addEventListener("pointermove", (event) => {
    if (!root.hasPointerCapture(event.pointerId)) return;
    const box = around.getBoundingClientRect();
    const place = isColumn() ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width;
    set(place * 100);
  });
  set(share);
  return root;
}
