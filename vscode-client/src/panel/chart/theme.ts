/** The colours and letters of the panel's theme, for what draws with values instead of style sheets. */

import { readable } from "./readable";

/** What a chart is drawn with: CSS colours, and a font family. */
export interface ChartTheme {
  ground: string;
  text: string;
  quiet: string;
  line: string;
  /** How much of a line is seen: in high contrast lines have the colour of borders, which would outshine the data. */
  lineOpacity: number;
  zero: string;
  font: string;
  /** Of eight series; the last one is for all others. */
  series: readonly string[];
}

/** The theme of a panel, read from its element as the browser has computed it. */
export function chartTheme(root: HTMLElement): ChartTheme {
  const style = getComputedStyle(root);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const quiet = read("--sq-muted", "#63676b");
  const text = read("--sq-fg", "#2f3133");
  const ground = read("--sq-bg", "#ffffff");
  const line = (name: string, otherwise: string): string => readable(read(name, otherwise), ground);
  return {
    ground,
    text,
    quiet,
    line: read("--sq-line", "#e4e4e6"),
    lineOpacity: read("--sq-hc-line", "") === "" ? 1 : 0.35,
    zero: quiet,
    font: read("--sq-font", "sans-serif"),
    series: [
      line("--sq-blue", "#1a73d9"),
      line("--sq-orange", "#bb5b00"),
      line("--sq-purple", "#7a3fb0"),
      line("--sq-green", "#2e8540"),
      line("--sq-red", "#c62c20"),
      line("--sq-yellow", "#a87100"),
      line("--sq-teal", "#00838f"),
      quiet,
    ],
  };
}

/** Call back when the theme changes: the host says so by classes and style of the page, or of what the panel is in.
 * Returns how to stop. */
export function onThemeChange(changed: () => void, parent?: HTMLElement): () => void {
  const observer = new MutationObserver(changed);
  const attributes = { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-vscode-theme-id"] };
  observer.observe(document.documentElement, attributes);
  observer.observe(document.body, attributes);
  if (parent !== undefined) observer.observe(parent, attributes);
  return () => observer.disconnect();
}
