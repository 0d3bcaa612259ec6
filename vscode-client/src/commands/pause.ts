/** `speql.pause`: stop working ahead, or go on. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { Paused } from "../protocol.gen";

/** Pause speculation if `wanted`, go on if not; without it change what is. */
export async function pause(client: Client, wanted: unknown): Promise<void> {
  const args = typeof wanted === "boolean" ? [wanted] : [];
  const result = await client.run<Paused>("speql.pause", ...args);
  if (result === undefined) return;
  const text = result.paused ? "SpeQL: working ahead is paused; submits still run." : "SpeQL: working ahead again.";
  vscode.window.setStatusBarMessage(text, 3_000);
}
