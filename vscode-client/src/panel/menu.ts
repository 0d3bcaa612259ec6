/** A menu that a button opens: arrow keys and first letters move, Enter runs. */

import { button, type Child, element, focusedNear, icon } from "./dom";
import type { Glyph } from "./glyphs";
import { showPopup } from "./popup";

/** An entry of a menu. `checked` makes it one that is chosen or not. */
export interface MenuItem {
  label: string;
  run: () => void;
  note?: string;
  glyph?: Glyph;
  keys?: string;
  checked?: boolean;
  disabled?: boolean;
}

/** A button that opens a menu. The items are asked for each time. */
export function menuButton(
  classes: string,
  label: string,
  items: () => readonly MenuItem[],
  ...children: Child[]
): HTMLButtonElement {
  const made: HTMLButtonElement = button(classes, () => show(made, label, items), ...children);
  made.setAttribute("aria-haspopup", "menu");
  made.setAttribute("aria-expanded", "false");
  made.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || made.getAttribute("aria-expanded") === "true") return;
    event.preventDefault();
    made.click();
  });
  return made;
}

function show(anchor: HTMLElement, label: string, items: () => readonly MenuItem[]): void {
  const content = (): HTMLElement[] => {
    const list = element("div", "menu-items", ...items().map((item) => entry(item, () => close())));
    list.setAttribute("role", "presentation");
    list.addEventListener("keydown", (event) => onKey(event, list));
    return [list];
  };
  const close = showPopup(content, { anchor, label, role: "menu" });
}

function entry({ label, run, note, glyph, keys, checked, disabled }: MenuItem, close: () => void): HTMLElement {
  const made = button(
    "menu-item",
    () => {
      close();
      run();
    },
    checked === undefined ? null : icon("used", checked ? "" : "unchecked"),
    glyph === undefined ? null : icon(glyph),
    element("span", "grow", label),
    note === undefined ? null : element("span", "note", note),
    keys === undefined ? null : element("kbd", "", keys),
  );
  made.setAttribute("role", checked === undefined ? "menuitem" : "menuitemradio");
  if (checked !== undefined) made.setAttribute("aria-checked", String(checked));
  made.disabled = disabled === true;
  made.tabIndex = -1;
  return made;
}

function onKey(event: KeyboardEvent, list: HTMLElement): void {
  const items = [...list.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = items.indexOf(focusedNear(list) as HTMLElement);
  const last = items.length - 1;
  const targets: Record<string, number> = {
    ArrowDown: at >= last ? 0 : at + 1,
    ArrowUp: at <= 0 ? last : at - 1,
    Home: 0,
    End: last,
  };
  const named = (item: HTMLElement): boolean =>
    event.key.length === 1 && (item.textContent ?? "").toLowerCase().startsWith(event.key.toLowerCase());
  const target = targets[event.key] ?? items.findIndex((item, place) => place > at && named(item));
  if (target < 0) return;
  event.preventDefault();
  event.stopPropagation();
  items[target]?.focus();
}
