/** Writes results and pictures to files that the user chooses. */

import { dirname } from "node:path";
import * as vscode from "vscode";
import type { Client } from "../client";
import { counted, size } from "../panel/format";
import type { Exported, ExportParams, Filter, Order } from "../protocol.gen";
import { exportFilters, filtersFor, formatOf, proposedName } from "./exportFormats";

/**
 * A whole result to a file: the user chooses where and as what (`format` is what the dialog proposes), sees that it goes
 * on, and may cancel it.
 */
export async function exportResult(
  client: Client,
  wanted: { uri: string; result: string; format?: string; filters: Filter[]; orders: Order[] },
): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    title: "Export the Result",
    saveLabel: "Export",
    filters: filtersFor(wanted.format),
    ...proposed(wanted.uri, proposedName(wanted.uri, wanted.format)),
  });
  if (target === undefined) return;
  const format = formatOf(target.fsPath);
  if (format === null || target.scheme !== "file") {
    const kinds = Object.values(exportFilters).flat().join(", ");
    void vscode.window.showErrorMessage(
      `The ending of the file says what is written: ${kinds}. It is on this machine.`,
    );
    return;
  }
  // The dialog has asked whether to overwrite.
  const { uri, result, filters, orders } = wanted;
  const params: ExportParams = {
    uri,
    result,
    filters,
    orders,
    path: target.fsPath,
    format: format as ExportParams["format"],
    overwrite: true,
  };
  const name = vscode.workspace.asRelativePath(target);
  const options = { location: vscode.ProgressLocation.Notification, title: `Exporting to ${name}`, cancellable: true };
  try {
    const exported = await vscode.window.withProgress(
      options,
      (_, token) => client.request("speql.export", [params], token) as Promise<Exported>,
    );
    const facts = `${counted(exported.rows, "row")}, ${size(exported.bytes)}`;
    await offerFile(vscode.Uri.file(exported.path), `Exported to ${name}: ${facts}.`);
  } catch (error) {
    if (error instanceof vscode.CancellationError) return; // the server leaves no file behind
    const why = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`The result could not be exported: ${why}`);
  }
}

/** A picture that the panel has made. */
export async function savePicture(uri: string | null, name: string, type: string, base64: string): Promise<void> {
  const [title, ending] = type === "image/png" ? ["PNG", "png"] : ["SVG", "svg"];
  const target = await vscode.window.showSaveDialog({
    title: "Save the Chart",
    filters: { [title]: [ending] },
    ...proposed(uri, name),
  });
  if (target === undefined) return;
  try {
    await vscode.workspace.fs.writeFile(target, Buffer.from(base64, "base64"));
    await offerFile(target, `Saved ${vscode.workspace.asRelativePath(target)}.`);
  } catch (error) {
    void vscode.window.showErrorMessage(`The chart could not be saved: ${String(error)}`);
  }
}

function proposed(uri: string | null, name: string): { defaultUri?: vscode.Uri } {
  const document = uri === null ? undefined : vscode.Uri.parse(uri);
  const beside = document?.scheme === "file" ? vscode.Uri.file(dirname(document.fsPath)) : undefined;
  const folder = beside ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) };
}

/** Say that a file is there, and show it where the user asks for that. */
async function offerFile(file: vscode.Uri, message: string): Promise<void> {
  const reveal = "Reveal";
  if ((await vscode.window.showInformationMessage(message, reveal)) !== reveal) return;
  const isInside = vscode.workspace.getWorkspaceFolder(file) !== undefined;
  await vscode.commands.executeCommand(isInside ? "revealInExplorer" : "revealFileInOS", file);
}
