/** Making elements. Text is always a text node: nothing in this folder parses HTML. */

import { glyphs, type Glyph } from "./glyphs";

/** A child: an element, a text, or nothing. */
export type Child = Node | string | null;

/** The element that has the keyboard, seen from a node: in a shadow tree the document knows only its host. */
export function focusedNear(node: Node): Element | null {
  const root = node.getRootNode();
  return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
}

/** A new element with classes and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  classes = "",
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (classes !== "") made.className = classes;
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A button with its action. Its `label`, where given, is what a screen reader says in place of the children. */
export function button(classes: string, onClick: () => void, ...children: Child[]): HTMLButtonElement {
  const made = element("button", classes, ...children);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/** The drawing of a glyph. It says nothing to a screen reader: the word beside it does. */
export function icon(name: Glyph, classes = ""): SVGSVGElement {
  const glyph = glyphs[name];
  const svg = svgElement("svg", { class: `i ${classes}`.trim(), viewBox: "0 0 16 16", "aria-hidden": "true" });
  svg.append(...glyph.map(([tag, attributes]) => svgElement(tag, attributes)));
  return svg;
}

/** Text that only a screen reader gets. */
export function spoken(text: string): HTMLSpanElement {
  return element("span", "sr", text);
}

/** A new SVG element with attributes and children. */
export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>>,
  ...children: Node[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A sentence of the server's: what it has between backquotes is set in the editor's font. */
export function codeText(text: string): (Node | string)[] {
  return text
    .split(/(`[^`]*`)/)
    .filter((part) => part !== "")
    .map((part) => (/^`.*`$/s.test(part) ? element("code", "", part.slice(1, -1)) : part));
}
