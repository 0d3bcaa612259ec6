/** The menu of everything that the panel can do, for those who do not know the keys. */

import type { Preview } from "../protocol.gen";
import type { MenuItem } from "./menu";
import type { PanelCommand, Post } from "./messages";

/** What the menu depends on, and what its entries do beside commands. */
export interface ActionFacts {
  shown: Preview | null;
  isPaused: boolean;
  isMac: boolean;
  exportResult: () => void;
}

/** The entries of the menu. */
export function actionItems({ shown, isPaused, isMac, exportResult }: ActionFacts, post: Post): MenuItem[] {
  const command = (label: string, id: PanelCommand, more: Partial<MenuItem> = {}): MenuItem => ({
    label,
    run: () => post({ kind: "command", command: id }),
    ...more,
  });
  const sql = shown?.executedSql ?? "";
  return [
    command("Submit the query", "speql.submit", { glyph: "submit", keys: isMac ? "Cmd+Enter" : "Ctrl+Enter" }),
    command("Cancel what runs", "speql.cancel", { glyph: "cancelled" }),
    command(isPaused ? "Resume speculation" : "Pause speculation", "speql.pause", {
      glyph: isPaused ? "resume" : "pause",
    }),
    {
      label: "Export the result...",
      glyph: "save",
      disabled: shown === null || shown.result === "",
      run: exportResult,
    },
    {
      label: "Copy the executed SQL",
      glyph: "copy",
      disabled: sql === "",
      run: () => post({ kind: "copy", text: sql }),
    },
    command("Choose a connection", "speql.selectConnection", { glyph: "database" }),
    command("Show the log", "speql.showLog", { glyph: "diff" }),
    command("Restart the server", "speql.restartServer", { glyph: "restart" }),
  ];
}
