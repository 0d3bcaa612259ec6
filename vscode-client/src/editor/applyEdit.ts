/** `workspace/applyEdit`: what the server writes into a text, as when a repair is accepted. */

import { LSPPlugin, type LSPClient } from "@codemirror/lsp-client";
import type { Range } from "../protocol.gen";

interface TextEdit {
  range: Range;
  newText: string;
}

interface WorkspaceEdit {
  changes?: Record<string, TextEdit[]>;
  documentChanges?: { textDocument: { uri: string; version: number | null }; edits: TextEdit[] }[];
}

/** Apply the edit to the one text that it is of, if that is still the text it was made for. */
export function applyEdit(client: LSPClient, params: unknown): { applied: boolean; failureReason?: string } {
  const { edit } = params as { edit: WorkspaceEdit };
  const simple = Object.entries(edit.changes ?? {}).map(([uri, edits]) => ({ uri, version: null, edits }));
  const versioned = (edit.documentChanges ?? []).map(({ textDocument, edits }) => ({ ...textDocument, edits }));
  const [wanted, ...others] = [...simple, ...versioned];
  if (wanted === undefined) return { applied: true };
  if (others.length > 0) return refused("This editor has one text, and the edit is of several.");
  client.sync();
  const file = client.workspace.getFile(wanted.uri);
  const view = file?.getView();
  const plugin = view === null || view === undefined ? null : LSPPlugin.get(view);
  if (!file || !view || !plugin) return refused(`${wanted.uri} is not open.`);
  if (wanted.version !== null && wanted.version !== file.version) return refused("The text has changed meanwhile.");
  const changes = wanted.edits.map(({ range, newText }) => ({
    from: plugin.fromPosition(range.start),
    to: plugin.fromPosition(range.end),
    insert: newText,
  }));
  view.dispatch({ changes, userEvent: "input.repair", scrollIntoView: true });
  client.sync();
  return { applied: true };
}

function refused(failureReason: string): { applied: boolean; failureReason: string } {
  return { applied: false, failureReason };
}
