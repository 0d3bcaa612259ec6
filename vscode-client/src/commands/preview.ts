/** `speql.preview`: move the preview to the SELECT that a lens is above of. */

import type { Client } from "../client";
import type { PreviewView } from "../previewView";
import { isTrusted } from "./trusted";

/** Show the SELECT at a place of a document in the preview, which opens for it. */
export async function preview(client: Client, view: PreviewView, [uri, position]: unknown[]): Promise<void> {
  if (typeof uri !== "string" || !isTrusted()) return;
  view.open();
  await client.run("speql.preview", uri, position);
}
