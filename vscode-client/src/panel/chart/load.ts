/** Loading the script that draws charts. */

import type { ChartDrawing } from "./bundle";

/** Gets what draws charts, when the first one is to be drawn. */
export type LoadChart = () => Promise<ChartDrawing>;

/** Loads the script from an address, which the page's policy knows by its nonce. */
export function chartFrom(source: string, nonce: string): LoadChart {
  let loading: Promise<ChartDrawing> | undefined;
  return () => {
    loading ??= new Promise<ChartDrawing>((resolve, reject) => {
      const script = document.createElement("script");
      script.nonce = nonce;
      script.src = source;
      script.addEventListener("load", () => {
        const drawing = (globalThis as { speqlChart?: ChartDrawing }).speqlChart;
        if (drawing === undefined) reject(new Error("The script that draws charts is not what it should be."));
        else resolve(drawing);
      });
      script.addEventListener("error", () => {
        loading = undefined;
        reject(new Error("The script that draws charts could not be loaded."));
      });
      document.head.append(script);
    });
    return loading;
  };
}
