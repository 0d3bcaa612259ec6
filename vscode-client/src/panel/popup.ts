/** Menus, forms and values that open beside something: one at a time, closed by Escape and by a click elsewhere. */

import { button, type Child, element, focusedNear } from "./dom";

/** What opens, and where. */
export interface PopupOptions {
  /** It stands below this element, or above it where there is more room. Asked for twice, it closes. */
  anchor: HTMLElement;
  label: string;
  role: "menu" | "dialog";
  /** What the keyboard goes to once it is closed from within; without it, the anchor. */
  leave?: () => void;
}

const margin = 8;
let open: { close: (withFocus: boolean) => void; anchor: HTMLElement } | null = null;

/** A button that opens a dialog with the content that is made each time. */
export function dialogButton(
  classes: string,
  label: string,
  content: () => readonly Child[],
  ...children: Child[]
): HTMLButtonElement {
  const made: HTMLButtonElement = button(
    classes,
    () => showPopup(content, { anchor: made, label, role: "dialog" }),
    ...children,
  );
  made.setAttribute("aria-haspopup", "dialog");
  made.setAttribute("aria-expanded", "false");
  return made;
}

/** Show it and put the keyboard into it. The function that is returned closes it from within. */
export function showPopup(content: () => readonly Child[], options: PopupOptions): () => void {
  const { anchor, label, role } = options;
  const wasOpen = open?.anchor === anchor;
  open?.close(wasOpen);
  if (wasOpen) return () => undefined;
  const host = anchor.closest<HTMLElement>(".sq") ?? document.body;
  const box = element("div", `popup ${role}`, ...content());
  box.setAttribute("role", role);
  box.setAttribute("aria-label", label);
  box.tabIndex = -1;
  const isControl = anchor.tagName === "BUTTON";
  const elsewhere = (event: Event): void => {
    // In a shadow tree the event's own target is for the document the tree's host.
    const target = event.composedPath()[0] as Node;
    if (!box.contains(target) && !anchor.contains(target)) close(false);
  };
  const close = (withFocus: boolean): void => {
    if (open?.close !== close) return;
    open = null;
    const hadFocus = box.contains(focusedNear(box));
    document.removeEventListener("pointerdown", elsewhere, true);
    document.removeEventListener("focusin", elsewhere, true);
    box.remove();
    if (isControl) anchor.setAttribute("aria-expanded", "false");
    if (!withFocus && !hadFocus) return;
    if (options.leave === undefined) anchor.focus();
    else options.leave();
  };
  box.addEventListener("keydown", (event) => {
    const leaves = event.key === "Escape" || (event.key === "Tab" && role === "menu");
    if (!leaves) return;
    // Escape closes this alone: it does not go on to the panel, which would give the keyboard to the editor.
    if (event.key === "Escape") event.preventDefault();
    event.stopPropagation();
    close(true);
  });
  open = { close, anchor };
  if (isControl) anchor.setAttribute("aria-expanded", "true");
  host.append(box);
  place(box, anchor, host);
  document.addEventListener("pointerdown", elsewhere, true);
  document.addEventListener("focusin", elsewhere, true);
  const first =
    box.querySelector<HTMLElement>("[aria-checked=true]") ??
    box.querySelector<HTMLElement>("button:not(:disabled), select, input, [tabindex='0']");
  (first ?? box).focus();
  return () => close(true);
}

/** Put a box beside its anchor, inside its host, without covering the anchor. Sizes go through the style object. */
export function place(box: HTMLElement, anchor: HTMLElement, host: HTMLElement): void {
  const [around, at] = [host.getBoundingClientRect(), anchor.getBoundingClientRect()];
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = Math.min(at.left - around.left, around.width - width - margin);
  const below = at.bottom - around.top + 4;
  const above = at.top - around.top - height - 4;
  const top = below + height + margin <= around.height || above < margin ? below : above;
  box.style.left = `${Math.max(margin, left)}px`;
  box.style.top = `${Math.max(margin, top)}px`;
  box.style.maxHeight = `${Math.max(80, around.height - Math.max(margin, top) - margin)}px`;
}
