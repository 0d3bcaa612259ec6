/** Bundles the notebook widget into one ES module, with its style sheet as text in it, and the chart's script beside. */

import { build } from "esbuild";

const outdir = new URL("../../notebook/speql_notebook/assets/", import.meta.url).pathname;
const common = { bundle: true, target: "es2022", minify: true, legalComments: "none", logLevel: "warning" };

/** A style sheet with all that it imports, as a text. */
const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await build({ ...common, entryPoints: [path], write: false });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};

await build({
  ...common,
  entryPoints: ["src/widget/widget.ts"],
  outfile: `${outdir}widget.js`,
  format: "esm",
  plugins: [cssAsText],
});
await build({ ...common, entryPoints: ["src/panel/chart/bundle.ts"], outfile: `${outdir}chart.js`, format: "iife" });
