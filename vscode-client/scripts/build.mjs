/** Bundles what is named: `extension`, `play` (the page of `speql play`), `widget` (of notebooks); with their licences. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { notices, noticesFile, packageFolders } from "./notices.mjs";

const common = { bundle: true, target: "es2022", minify: true, legalComments: "none", metafile: true };
const quiet = { ...common, logLevel: "warning" };
const folder = (path) => fileURLToPath(new URL(`../${path}/`, import.meta.url));
const chart = (outdir) => ({ entryPoints: { chart: "src/panel/chart/bundle.ts" }, outdir, format: "iife" });

/** A style sheet with all that it imports, as a text. */
const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await build({ ...quiet, entryPoints: [path], write: false });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};

const targets = {
  extension: (outdir) => [
    {
      ...common,
      entryPoints: ["src/extension.ts", "src/panel/webview.ts", "src/panel/panel.css"],
      entryNames: "[name]",
      outdir,
      format: "cjs",
      platform: "node",
      external: ["vscode"],
      sourcemap: "linked",
      logLevel: "info",
    },
    { ...common, ...chart(outdir), sourcemap: "linked", logLevel: "info" },
  ],
  play: (outdir) => [
    {
      ...quiet,
      entryPoints: ["src/play/play.ts", "src/play/play.css", "src/play/icon.svg"],
      entryNames: "[name]",
      outdir,
      format: "iife",
      loader: { ".svg": "copy" },
    },
    { ...quiet, ...chart(outdir) },
  ],
  widget: (outdir) => [
    { ...quiet, entryPoints: ["src/widget/widget.ts"], outdir, format: "esm", plugins: [cssAsText] },
    { ...quiet, ...chart(outdir) },
  ],
};

const outdirs = {
  extension: folder("dist"),
  play: folder("../server/speql_server/play/assets"),
  widget: folder("../notebook/speql_notebook/assets"),
};

for (const name of process.argv.slice(2)) {
  const outdir = outdirs[name];
  const built = await Promise.all(targets[name](outdir).map((options) => build(options)));
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, noticesFile), notices(packageFolders(built.map(({ metafile }) => metafile))));
}
