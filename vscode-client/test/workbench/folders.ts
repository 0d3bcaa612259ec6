/** The folders of one workbench: what the user opens, the user's own data, and how the server is started. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { here, python } from "./machine";

/** What is in them. */
export interface FoldersOptions {
  /** Files of the folder that is opened, with their text. */
  files?: Readonly<Record<string, string>>;
  /** Files of that folder that are elsewhere: data. */
  links?: Readonly<Record<string, string>>;
  /** Settings of that folder. */
  settings?: Readonly<Record<string, unknown>>;
  /** The user's settings, beside those that keep the workbench still. */
  userSettings?: Readonly<Record<string, unknown>>;
  /**
   * `bundled`: the extension has to find or install its server, as on a user's machine. `charging`: the project's, on an
   * engine that charges for what runs on it.
   */
  server?: "project" | "bundled" | "charging";
}

/** Nothing of the workbench itself opens, asks, completes or loads while a test types: what is typed is what stands there. */
const stillWorkbench = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "files.autoSave": "off",
  "editor.wordBasedSuggestions": "off",
  "editor.minimap.enabled": false,
  "editor.autoIndent": "none",
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "editor.acceptSuggestionOnEnter": "off",
  "editor.acceptSuggestionOnCommitCharacter": false,
};

/** Folders in the system's temporary folder. `remove` takes them away. */
export class Folders {
  private readonly root = mkdtempSync(join(tmpdir(), "speql-workbench-"));
  readonly workspace = join(this.root, "work");
  readonly userData = join(this.root, "user");
  private readonly serverLog = join(this.root, "servers");

  constructor(options: FoldersOptions) {
    mkdirSync(this.workspace);
    for (const [name, text] of Object.entries(options.files ?? {})) this.write(join(this.workspace, name), text);
    for (const [name, target] of Object.entries(options.links ?? {})) symlinkSync(target, join(this.workspace, name));
    if (options.settings !== undefined) this.writeJson(join(this.workspace, ".vscode/settings.json"), options.settings);
    this.writeJson(join(this.userData, "User/settings.json"), { ...stillWorkbench, ...options.userSettings });
    // A command of the machine is no setting of the user, who may have several machines.
    const machine =
      options.server === "bundled"
        ? {}
        : { "speql.server.command": [this.serverScript(options.server === "charging")] };
    this.writeJson(join(this.userData, "Machine/settings.json"), machine);
    this.write(join(this.userData, "config.yaml"), "cert: false\n");
  }

  /** The environment of what runs in them: what SpeQL keeps of this user is here, too. */
  get environment(): Record<string, string> {
    return {
      SPEQL_DATA_DIR: join(this.root, "data"),
      SPEQL_CONFIG_DIR: join(this.root, "config"),
      XDG_DATA_HOME: join(this.root, "share"),
    };
  }

  /** The ids of the servers that the extension has started, in order; the last one is the one that runs. */
  get serverIds(): number[] {
    if (!existsSync(this.serverLog)) return [];
    return readFileSync(this.serverLog, "utf8").trim().split("\n").map(Number);
  }

  /** A file of the workspace, as it is on the disk. */
  read(name: string): string {
    return readFileSync(join(this.workspace, name), "utf8");
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  /** A program that notes its id and becomes the server of this project. */
  private serverScript(charges: boolean): string {
    const script = join(this.root, "server.sh");
    const server = charges ? `'${join(here, "chargingServer.py")}'` : "-m speql_server";
    this.write(script, `#!/bin/sh\necho $$ >> '${this.serverLog}'\nexec '${python}' ${server} "$@"\n`);
    chmodSync(script, 0o755);
    return script;
  }

  private writeJson(path: string, value: object): void {
    this.write(path, JSON.stringify(value, null, 2));
  }

  private write(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
