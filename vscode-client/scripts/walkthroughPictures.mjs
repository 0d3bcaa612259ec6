/** `npm run walkthrough`: the pictures of the walkthrough in the colours of each kind of theme, from walkthrough/source. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Colours by the name of a variable, as VS Code's own themes of each kind have them. */
const themes = {
  light: {
    text: "#3b3b3b",
    quiet: "#616161",
    keyword: "#005fb8",
    ghost: "#8a8a8a",
    ground: "#ffffff",
    second: "#f8f8f8",
    line: "#d8d8d8",
    focus: "#005fb8",
    green: "#388a34",
    purple: "#652d90",
    blue: "#1a85ff",
    key: "#eeeeee",
    "key-line": "#cccccc",
  },
  dark: {
    text: "#cccccc",
    quiet: "#9d9d9d",
    keyword: "#4daafc",
    ghost: "#7f7f7f",
    ground: "#1f1f1f",
    second: "#181818",
    line: "#3c3c3c",
    focus: "#0078d4",
    green: "#89d185",
    purple: "#b180d7",
    blue: "#3794ff",
    key: "#313131",
    "key-line": "#454545",
  },
  hc: {
    text: "#ffffff",
    quiet: "#d4d4d4",
    keyword: "#21a6ff",
    ghost: "#b8b8b8",
    ground: "#000000",
    second: "#000000",
    line: "#6fc3df",
    focus: "#f38518",
    green: "#89d185",
    purple: "#b180d7",
    blue: "#3794ff",
    key: "#000000",
    "key-line": "#6fc3df",
  },
  "hc-light": {
    text: "#292929",
    quiet: "#404040",
    keyword: "#0f4a85",
    ghost: "#595959",
    ground: "#ffffff",
    second: "#ffffff",
    line: "#0f4a85",
    focus: "#006bbd",
    green: "#2d6a26",
    purple: "#652d90",
    blue: "#1a85ff",
    key: "#ffffff",
    "key-line": "#0f4a85",
  },
};

/** A source with the colours of a theme: an image in a page does not see the page's variables. */
export function picture(source, theme) {
  return source.replace(/var\(--([\w-]+)\)/g, (_, name) => {
    const colour = themes[theme][name];
    if (colour === undefined) throw new Error(`There is no colour ${name}.`);
    return colour;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL("../walkthrough/", import.meta.url);
  for (const name of readdirSync(new URL("source/", folder))) {
    const source = readFileSync(new URL(`source/${name}`, folder), "utf8");
    for (const theme of Object.keys(themes))
      writeFileSync(new URL(name.replace(".svg", `-${theme}.svg`), folder), picture(source, theme));
  }
}
