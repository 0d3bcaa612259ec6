/** `speql.reinstallServer`: make the environment of the server that comes with the extension anew. */

import type { BundledServer } from "../bundledServer";
import type { Client } from "../client";

/** Remove it, with the server stopped meanwhile; the start makes it again. */
export async function reinstallServer(client: Client, bundled: BundledServer): Promise<void> {
  await client.without(() => bundled.remove());
}
