/** Sends files that were dropped on the page to its own server, which makes tables of them. */

import { openSocket, type Way } from "./socketTransport";

/** A file that was not taken; the message is for the user. */
export class UploadRefused extends Error {}

const chunkBytes = 2 ** 20;
/** So much may wait in the browser to be sent: a file of gigabytes is not to be in memory. */
const mostWaiting = 8 * chunkBytes;

/** Send a file; the name of its table. `progress` gets the share that was sent, from 0 to 1. */
export function upload(way: Way, file: File, progress: (share: number) => void): Promise<string> {
  const socket = openSocket(way, "/upload", { name: file.name, size: String(file.size) });
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    socket.addEventListener("open", () => {
      send(socket, file, progress).catch((error: unknown) => {
        reject(
          new UploadRefused(
            `${file.name} could not be read: ${error instanceof Error ? error.message : String(error)}`,
          ),
        );
        socket.close();
      });
    });
    socket.addEventListener("message", ({ data }) => {
      isAnswered = true;
      const answer = JSON.parse(String(data)) as { table?: string; error?: string };
      if (answer.table === undefined) reject(new UploadRefused(answer.error ?? "The file was not taken."));
      else resolve(answer.table);
    });
    socket.addEventListener("close", ({ reason }) => {
      if (!isAnswered) reject(new UploadRefused(`${file.name} was not taken: ${reason || "the connection was lost."}`));
    });
  });
}

async function send(socket: WebSocket, file: File, progress: (share: number) => void): Promise<void> {
  for (let at = 0; at < file.size && socket.readyState === WebSocket.OPEN; at += chunkBytes) {
    const chunk = await file.slice(at, at + chunkBytes).arrayBuffer();
    if (socket.readyState !== WebSocket.OPEN) return; // the server has said why
    socket.send(chunk);
    while (socket.bufferedAmount > mostWaiting && socket.readyState === WebSocket.OPEN)
      await new Promise((resolve) => setTimeout(resolve, 10)); // a socket does not tell when it has sent
    progress(Math.min(1, (at + chunkBytes) / file.size));
  }
}
