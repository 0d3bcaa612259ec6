/** The server that comes with the extension, in a Python environment of its own that is made on first use. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { readBundle, type Bundle } from "./install/bundle";
import { makeEnvironment, readyPython, removeOthers, type Makers } from "./install/environment";
import { explain } from "./install/explain";
import { candidates, findPython } from "./install/python";
import { ProgramFailed } from "./install/runProgram";
import { chosenInterpreter, onPath, probePython } from "./machine";
import type { Choice, NoCommand } from "./serverCommand";

/** Makes the environment where it is missing, with progress that can be cancelled. */
export class BundledServer {
  private readonly root: string;
  private readonly bundled: string;

  constructor(
    context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    /** Told what is being done while it is installed, and null at the end. */
    private readonly installing: (step: string | null) => void,
  ) {
    this.root = vscode.Uri.joinPath(context.globalStorageUri, "servers").fsPath;
    this.bundled = vscode.Uri.joinPath(context.extensionUri, "dist", "server").fsPath;
  }

  /** How to start it; null if this build of the extension has none. */
  async command(): Promise<Choice | null> {
    const bundle = await readBundle(this.bundled);
    if (bundle === null) return null;
    const ready = await readyPython(this.root, bundle);
    if (ready !== null) return started(ready);
    const makers = await this.makers();
    if ("problem" in makers) return makers;
    return this.make(bundle, makers);
  }

  /** Remove the environment, so that the next start makes it again. */
  async remove(): Promise<void> {
    const bundle = await readBundle(this.bundled);
    if (bundle === null) return;
    await rm(join(this.root, bundle.key), { recursive: true, force: true });
  }

  private async makers(): Promise<Makers | NoCommand> {
    const uv = onPath("uv");
    const tried = candidates(await chosenInterpreter(), process.platform === "win32");
    const python = await findPython(tried, probePython, uv === null);
    if (!("problem" in python)) return { python, uv };
    // uv finds Pythons in more places, and downloads one if there is none.
    return uv === null ? python : { python: null, uv };
  }

  private async make(bundle: Bundle, makers: Makers): Promise<Choice> {
    const python = makers.python === null ? "a Python of uv's" : `Python ${makers.python.version}`;
    this.log.info(`Installing SpeQL's server ${bundle.key} into ${this.root} with ${python}`);
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: "Installing SpeQL's server, once",
      cancellable: true,
    };
    try {
      const path = await vscode.window.withProgress(options, (progress, token) => {
        const stopping = new AbortController();
        token.onCancellationRequested(() => stopping.abort(new Cancelled()));
        const message = (text: string): void => {
          progress.report({ message: text });
          this.installing(text);
        };
        const telling = { message, log: (line: string): void => this.log.debug(line) };
        return makeEnvironment(this.root, bundle, makers, telling, stopping.signal);
      });
      this.log.info(`The server is installed: ${path}`);
      void this.removeOthers(bundle);
      return started(path);
    } catch (error) {
      if (error instanceof Cancelled) {
        return { problem: "SpeQL's server is not installed: the installation was cancelled.", quiet: true };
      }
      const output = error instanceof ProgramFailed ? error.output : String(error);
      this.log.error(`The server could not be installed. ${String(error)}`);
      this.log.error(output);
      const why = explain(output);
      return { problem: `SpeQL's server could not be installed. ${why === "" ? "The log says why." : why}` };
    } finally {
      this.installing(null);
    }
  }

  private async removeOthers(bundle: Bundle): Promise<void> {
    try {
      for (const name of await removeOthers(this.root, bundle.key, Date.now())) this.log.info(`Removed server ${name}`);
    } catch (error) {
      this.log.warn(`Old servers could not be removed: ${String(error)}`);
    }
  }
}

class Cancelled extends Error {}

/** `-I`: nothing of the workspace, of the user's Python settings or packages comes into the server's. */
function started(python: string): Choice {
  return { command: python, args: ["-I", "-m", "speql_server"] };
}
