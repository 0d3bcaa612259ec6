/** `speql.selectDatabase`: choose the database of this workspace from its files. */

import * as vscode from "vscode";

interface Item extends vscode.QuickPickItem {
  database?: string;
  browse?: true;
}

/** Offer the workspace's DuckDB files; the choice becomes the setting `speql.database`, and the server starts again with it. */
export async function selectDatabase(): Promise<void> {
  const files = await vscode.workspace.findFiles("**/*.{duckdb,ddb}", "**/{node_modules,.venv,.git}/**", 200);
  const found = files.map((uri): Item => {
    const path = vscode.workspace.asRelativePath(uri, false);
    return { label: path, iconPath: new vscode.ThemeIcon("database"), database: path };
  });
  found.sort((left, right) => left.label.localeCompare(right.label));
  const items: Item[] = [
    ...found,
    {
      label: "In memory",
      description: "an empty database",
      iconPath: new vscode.ThemeIcon("circuit-board"),
      database: "",
    },
    { label: "Browse...", iconPath: new vscode.ThemeIcon("folder-opened"), browse: true },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: "SpeQL: Select a Database",
    placeHolder: "A DuckDB file, opened read-only",
  });
  const database = chosen?.browse ? await browse() : chosen?.database;
  if (database === undefined) return;
  const isFolderOpen = (vscode.workspace.workspaceFolders?.length ?? 0) > 0;
  const target = isFolderOpen ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration("speql").update("database", database, target);
}

async function browse(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: "Select a DuckDB file",
    filters: { DuckDB: ["duckdb", "ddb", "db"], "All files": ["*"] },
  });
  return chosen?.[0]?.fsPath;
}
