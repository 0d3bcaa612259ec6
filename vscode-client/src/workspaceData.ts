/** The data files of the workspace: looked for, offered once, chosen. */

import * as vscode from "vscode";
import { databaseEndings, dataSources, offer, tableEndings, type DataSource } from "./dataFiles";

const offered = "speql.dataOffered";
const mostFiles = 500;

/** What the workspace has that can be queried. */
export async function findData(): Promise<DataSource[]> {
  const endings = [...databaseEndings, ...tableEndings].join(",");
  const skipped = "**/{node_modules,.venv,venv,.git,.vscode,.idea,dist,target,__pycache__}/**";
  const found = await vscode.workspace.findFiles(`**/*.{${endings}}`, skipped, mostFiles);
  // Relative paths of the settings start at the first folder.
  const [first] = vscode.workspace.workspaceFolders ?? [];
  const inFirst = found.filter((uri) => vscode.workspace.getWorkspaceFolder(uri)?.index === first?.index);
  return dataSources(inFirst.map((uri) => vscode.workspace.asRelativePath(uri, false)));
}

/** Make something the database of this workspace; the server hears of it and opens it. */
export async function useDatabase(database: string): Promise<void> {
  const isFolderOpen = (vscode.workspace.workspaceFolders?.length ?? 0) > 0;
  const target = isFolderOpen ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration("speql").update("database", database, target);
}

/** The same for a source that `findData` found, by its label. */
export async function useSource(label: string): Promise<void> {
  const source = (await findData()).find((found) => found.label === label);
  if (source === undefined) void vscode.window.showErrorMessage(`${label} is not in the workspace any more.`);
  else await useDatabase(source.database);
}

/** Offer the data of the workspace, once, and only where nobody has said what to use. Whether something was offered. */
export async function offerData(memory: vscode.Memento): Promise<boolean> {
  if (memory.get(offered, false) || !vscode.workspace.isTrusted || isConfigured() || (await hasProjectFile()))
    return false;
  const found = offer(await findData());
  if (found === null) return false;
  await memory.update(offered, true);
  const choose = "Choose...";
  void vscode.window.showInformationMessage(found.message, found.button, choose).then((chosen) => {
    if (chosen === found.button) return useDatabase(found.database);
    if (chosen === choose) return vscode.commands.executeCommand("speql.selectDatabase");
    return undefined;
  });
  return true;
}

function isConfigured(): boolean {
  const settings = vscode.workspace.getConfiguration("speql");
  return settings.get("database", "") !== "" || settings.get("connection", null) !== null;
}

async function hasProjectFile(): Promise<boolean> {
  return (await vscode.workspace.findFiles(".speql.toml", null, 1)).length > 0;
}
