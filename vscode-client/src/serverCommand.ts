/** Which program to start as the server. Pure: what the machine has is asked through `Probes`. */

/** How to start a program. */
export interface Command {
  command: string;
  args: string[];
}

/** What is asked of the machine. */
export interface Probes {
  /** The full path of a program on PATH, or null. */
  onPath: (program: string) => string | null;
  /** The Python interpreter chosen for the workspace, or null. */
  interpreter: () => Promise<string | null>;
  /** Whether this interpreter can import SpeQL's server. */
  hasServer: (interpreter: string) => Promise<boolean>;
}

/** The command to start, or what to tell the user, and what to do next. */
export type Choice = Command | { problem: string };

const howToInstall = "Install it with `pip install speql`, or name the program in the setting speql.server.command.";

/** The command of the setting if there is one, else the chosen Python interpreter, else `speql serve`. */
export async function chooseCommand(setting: readonly string[] | null, probes: Probes): Promise<Choice> {
  if (setting !== null && setting.length > 0) {
    const [program = "", ...args] = setting;
    if (probes.onPath(program) !== null) return { command: program, args };
    return { problem: `The SpeQL server was not found: speql.server.command names ${program}. ${howToInstall}` };
  }
  // The interpreter comes first: it is the environment that the user chose for this workspace.
  const interpreter = await probes.interpreter();
  if (interpreter !== null && (await probes.hasServer(interpreter))) {
    return { command: interpreter, args: ["-m", "speql_server"] };
  }
  const program = probes.onPath("speql");
  if (program !== null) return { command: program, args: ["serve"] };
  const where = interpreter === null ? "" : `, nor in the Python of this workspace (${interpreter})`;
  return { problem: `The SpeQL server was not found: there is no program speql on PATH${where}. ${howToInstall}` };
}

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
