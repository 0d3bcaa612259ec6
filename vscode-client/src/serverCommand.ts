/** Which program to start as the server. Pure: what the machine has is asked through `Probes`. */

/** How to start a program. */
export interface Command {
  command: string;
  args: string[];
}

/** Why there is none to start. `quiet` where the user knows already; `page` is where what is missing can be had. */
export interface NoCommand {
  problem: string;
  quiet?: boolean;
  page?: { title: string; url: string };
}

/** The command to start, or what to tell the user, and what to do next. */
export type Choice = Command | NoCommand;

/** What is asked of the machine. */
export interface Probes {
  /** The full path of a program on PATH, or null. */
  onPath: (program: string) => string | null;
  /** The server that comes with the extension, made ready if it is not yet; null if none comes with it. */
  bundled: () => Promise<Choice | null>;
  /** The Python interpreter chosen for the workspace, or null. */
  interpreter: () => Promise<string | null>;
  /** Whether this interpreter can import SpeQL's server. */
  hasServer: (interpreter: string) => Promise<boolean>;
}

const howToInstall = "Install it with `pip install speql`, or name the program in the setting speql.server.command.";

/**
 * The command of the setting if there is one, else the server that comes with the extension. An extension that is built
 * without one looks into the chosen Python interpreter, and then for `speql` on PATH.
 */
export async function chooseCommand(setting: readonly string[] | null, probes: Probes): Promise<Choice> {
  if (setting !== null && setting.length > 0) {
    const [program = "", ...args] = setting;
    if (probes.onPath(program) !== null) return { command: program, args };
    return { problem: `The SpeQL server was not found: speql.server.command names ${program}. ${howToInstall}` };
  }
  const bundled = await probes.bundled();
  if (bundled !== null) return bundled;
  const interpreter = await probes.interpreter();
  if (interpreter !== null && (await probes.hasServer(interpreter))) {
    return { command: interpreter, args: moduleArgs };
  }
  const program = probes.onPath("speql");
  if (program !== null) return { command: program, args: ["serve"] };
  const where = interpreter === null ? "" : `, nor in the Python of this workspace (${interpreter})`;
  return { problem: `The SpeQL server was not found: there is no program speql on PATH${where}. ${howToInstall}` };
}

/** Runs the server of a Python. `-P`: a `json.py` in the workspace, which is the current folder, is not Python's. */
export const moduleArgs = ["-P", "-m", "speql_server"];

/** The full path of a program, found as a shell does it; `isProgram` asks the disk. */
export function findOnPath(
  program: string,
  env: { path: string; delimiter: string; separator: string; extensions: readonly string[] },
  isProgram: (path: string) => boolean,
): string | null {
  const named = program.includes("/") || program.includes(env.separator);
  const folders = named ? [""] : env.path.split(env.delimiter).filter((folder) => folder !== "");
  for (const folder of folders) {
    const base = folder === "" ? program : `${folder}${env.separator}${program}`;
    const found = ["", ...env.extensions].map((extension) => base + extension).find(isProgram);
    if (found !== undefined) return found;
  }
  return null;
}
