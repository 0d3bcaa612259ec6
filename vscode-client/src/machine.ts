/** What is asked of the machine: programs on PATH, and the interpreter of the Python extension. */

import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, sep } from "node:path";
import * as vscode from "vscode";
import { probeScript } from "./install/python";
import { findOnPath, type Command } from "./serverCommand";

/** The full path of a program, or null. */
export function onPath(program: string): string | null {
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

/**
 * The interpreter that the Python extension has chosen for the workspace; null if there is none. In a workspace that is
 * not trusted nobody asks: the interpreter may be a program of the workspace's own.
 */
export async function chosenInterpreter(): Promise<string | null> {
  const python = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (python === undefined || !vscode.workspace.isTrusted) return null;
  try {
    const { environments } = await python.activate();
    return environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri).path;
  } catch {
    return null; // another extension's trouble, which it has told
  }
}

/** Whether this interpreter can import SpeQL's server. */
export async function hasServer(interpreter: string): Promise<boolean> {
  return (await printed({ command: interpreter, args: [] }, ["-P", "-c", "import speql_server"])) !== null;
}

/** What a Python says of itself, or null if it is none. */
export function probePython({ command, args }: Command): Promise<string | null> {
  const program = onPath(command);
  return program === null ? Promise.resolve(null) : printed({ command: program, args }, ["-I", "-c", probeScript]);
}

function printed({ command, args }: Command, more: string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, [...args, ...more], { timeout: 10_000, windowsHide: true }, (error, output) =>
      resolve(error === null ? output : null),
    );
  });
}
