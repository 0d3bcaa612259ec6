/** `speql.selectDatabase`: choose the database of this workspace from its files. */

import * as vscode from "vscode";
import { findData, useDatabase } from "../workspaceData";

interface Item extends vscode.QuickPickItem {
  database?: string;
  browse?: "file" | "folder";
}

/** Offer the workspace's DuckDB files and the folders with data files; the choice becomes the setting `speql.database`. */
export async function selectDatabase(): Promise<void> {
  const current = vscode.workspace.getConfiguration("speql").get("database", "");
  const picker = vscode.window.createQuickPick<Item>();
  picker.title = "SpeQL: Select a Database";
  picker.placeholder = "A DuckDB file, opened read-only; or a folder, whose data files are tables";
  picker.matchOnDescription = true;
  picker.busy = true;
  picker.items = fixed(current);
  picker.show();
  const chosen = await new Promise<Item | undefined>((resolve) => {
    picker.onDidAccept(() => resolve(picker.selectedItems[0]));
    picker.onDidHide(() => resolve(undefined));
    void findData().then((sources) => {
      const found = sources.map(({ label, description, database, kind }): Item => {
        const iconPath = new vscode.ThemeIcon(kind === "database" ? "database" : "files");
        return { label, description: described(description, database === current), iconPath, database };
      });
      picker.items = [...found, ...fixed(current)];
      picker.busy = false;
    });
  });
  picker.dispose();
  const database = chosen?.browse === undefined ? chosen?.database : await browse(chosen.browse);
  if (database !== undefined) await useDatabase(database);
}

function fixed(current: string): Item[] {
  const icon = (name: string): vscode.ThemeIcon => new vscode.ThemeIcon(name);
  return [
    {
      label: "In memory",
      description: described("an empty database", current === ""),
      iconPath: icon("circuit-board"),
      database: "",
    },
    { label: "Browse for a file...", iconPath: icon("file"), browse: "file" },
    { label: "Browse for a folder...", iconPath: icon("folder-opened"), browse: "folder" },
  ];
}

function described(description: string, isCurrent: boolean): string {
  return isCurrent ? `${description} · in use` : description;
}

async function browse(kind: "file" | "folder"): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog(
    kind === "folder"
      ? { title: "Select a folder of data files", canSelectFolders: true, canSelectFiles: false }
      : {
          title: "Select a DuckDB file, or a data file",
          filters: {
            "Databases and data": ["duckdb", "ddb", "db", "parquet", "csv", "tsv", "jsonl", "ndjson"],
            "All files": ["*"],
          },
        },
  );
  return chosen?.[0]?.fsPath;
}
