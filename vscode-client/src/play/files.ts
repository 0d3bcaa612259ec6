/** Texts and results to and from the user's disk, as a browser lets a page: by its dialogs. */

import type { ExportParams, Exported } from "../protocol.gen";
import { openSocket, type Way } from "./socketTransport";

/** Have the browser save something under this name. */
export function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Later: the browser may not have begun yet.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Ask the user for files. */
export function choose(accept: string, several: boolean): Promise<File[]> {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  input.multiple = several;
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve([...(input.files ?? [])]), { once: true });
    input.addEventListener("cancel", () => resolve([]), { once: true });
    input.click();
  });
}

/** The picture of a chart, as the panel made it. */
export function pictureOf(type: string, base64: string): Blob {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type });
}

/** Write a whole result to a file of the server's, get it from there, and have the browser save it. */
export async function saveResult(
  way: Way,
  exports: string,
  name: string,
  wanted: Omit<ExportParams, "path" | "overwrite">,
  run: (params: ExportParams) => Promise<Exported | undefined>,
): Promise<Exported | undefined> {
  const exported = await run({ ...wanted, path: `${exports}/${name}`, overwrite: true });
  if (exported !== undefined) save(name, await download(way, name));
  return exported;
}

function download(way: Way, name: string): Promise<Blob> {
  const socket = openSocket(way, "/download", { name });
  socket.binaryType = "blob";
  const parts: Blob[] = [];
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => parts.push(data as Blob));
    socket.addEventListener("close", ({ code, reason }) => {
      if (code === 1000) resolve(new Blob(parts));
      else reject(new Error(`The result could not be saved: ${reason || "the connection was lost."}`));
    });
  });
}
