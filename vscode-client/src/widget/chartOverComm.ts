/** The script that draws charts, asked of the kernel when the first chart is to be drawn: few widgets show one. */

import type { ChartDrawing } from "../panel/chart/bundle";
import type { LoadChart } from "../panel/chart/load";

/** Loads the script from a text that is asked for once, and again if that fails. */
export function chartOverComm(ask: () => Promise<string>): LoadChart {
  let loading: Promise<ChartDrawing> | undefined;
  return () => {
    loading ??= load(ask).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

async function load(ask: () => Promise<string>): Promise<ChartDrawing> {
  const page = globalThis as { speqlChart?: ChartDrawing };
  if (page.speqlChart !== undefined) return page.speqlChart;
  const address = URL.createObjectURL(new Blob([await ask()], { type: "text/javascript" }));
  try {
    await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
  if (page.speqlChart === undefined) throw new Error("The script that draws charts is not what it should be.");
  return page.speqlChart;
}
