/** What the panel and its host (a VS Code webview, a page, a notebook widget) say to each other. */

import type { Jobs, Position, Preview, Status } from "../protocol.gen";

/** From the host to the panel. */
export type ToPanel =
  | { kind: "document"; uri: string; name: string }
  | { kind: "edited"; uri: string; version: number }
  | { kind: "closed"; uri: string }
  | { kind: "preview"; preview: Preview }
  | { kind: "jobs"; jobs: Jobs }
  | { kind: "status"; status: Status }
  | { kind: "server"; state: ServerState };

/** Whether the server answers. `restarting` ends by itself, `stopped` does not. */
export type ServerState = "running" | "restarting" | "stopped";

/** The commands that the panel's buttons run; the host knows how. */
export type PanelCommand =
  "speql.acceptRepair" | "speql.cancel" | "speql.restartServer" | "speql.selectDatabase" | "speql.showLog";

/** From the panel to the host. `focusEditor` is what Escape asks for. */
export type FromPanel =
  | { kind: "ready" }
  | { kind: "command"; command: PanelCommand }
  | { kind: "reveal"; uri: string; position: Position }
  | { kind: "focusEditor" };

/** How the panel speaks to its host. */
export type Post = (message: FromPanel) => void;
