/** What `serverCommand` asks of the machine. */

import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, sep } from "node:path";
import * as vscode from "vscode";
import { findOnPath, type Probes } from "./serverCommand";

/** The answers of this machine, for the workspace that is open. */
export const machine: Probes = { onPath, interpreter: chosenInterpreter, hasServer };

function onPath(program: string): string | null {
  const extensions = process.platform === "win32" ? (process.env["PATHEXT"] ?? ".EXE;.CMD").split(";") : [];
  return findOnPath(program, { path: process.env["PATH"] ?? "", delimiter, separator: sep, extensions }, isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The part of the Python extension's API that is used here. */
interface PythonExtension {
  environments: { getActiveEnvironmentPath(resource?: vscode.Uri): { path: string } };
}

async function chosenInterpreter(): Promise<string | null> {
  const python = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (python === undefined) return null;
  const { environments } = await python.activate();
  return environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri).path;
}

function hasServer(interpreter: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(interpreter, ["-c", "import speql_server"], { timeout: 10_000 }, (error) => resolve(error === null));
  });
}
