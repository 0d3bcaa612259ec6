/** `speql.cancel`: stop what runs, on the engine too. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { CancelResult } from "../protocol.gen";

/** Cancel the work of every document, and say so briefly. */
export async function cancel(client: Client): Promise<void> {
  const result = await client.run<CancelResult>("speql.cancel");
  if (result === undefined) return;
  const text = result.documents === 0 ? "SpeQL: nothing was running." : "SpeQL: cancelled.";
  vscode.window.setStatusBarMessage(text, 3_000);
}
