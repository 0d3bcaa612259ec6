/** Which Python the server's environment is made from. Pure: programs are run through `probe`. */

import type { Command, NoCommand } from "../serverCommand";

/** A Python that is new enough. */
export interface Python {
  executable: string;
  version: string;
}

/** The oldest that runs the server. */
export const oldest = [3, 11] as const;

/** Prints what is to be known of a Python, as JSON: version, path, whether it can make environments. Runs on any 3.x. */
export const probeScript =
  "import json,sys,importlib.util as u;" +
  "print(json.dumps([list(sys.version_info[:3]),sys.executable,bool(u.find_spec('venv') and u.find_spec('ensurepip'))]))";

/** Where a Python may be: the one of the workspace first, as the user has chosen it. */
export function candidates(interpreter: string | null, isWindows: boolean): Command[] {
  const chosen = interpreter === null ? [] : [{ command: interpreter, args: [] }];
  const names = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.14"];
  const launcher = isWindows ? [{ command: "py", args: ["-3"] }] : [];
  return [...chosen, ...launcher, ...names.map((command) => ({ command, args: [] }))];
}

/**
 * The first Python that is new enough; else what was tried, and what to do. `probe` gives what `probeScript` prints, or
 * null if the program is not there or does not run. `needsVenv` where the environment is made by Python itself.
 */
export async function findPython(
  tried: readonly Command[],
  probe: (candidate: Command) => Promise<string | null>,
  needsVenv: boolean,
): Promise<Python | NoCommand> {
  const seen: string[] = [];
  let withoutVenv: Python | null = null;
  for (const candidate of tried) {
    const name = [candidate.command, ...candidate.args].join(" ");
    const known = read(await probe(candidate));
    if (known === null) {
      seen.push(`${name} (not there)`);
    } else if (!isNewEnough(known.numbers)) {
      seen.push(`${name} (${known.python.version})`);
    } else if (needsVenv && !known.hasVenv) {
      withoutVenv ??= known.python;
    } else {
      return known.python;
    }
  }
  if (withoutVenv !== null) {
    const { executable, version } = withoutVenv;
    return {
      problem: `Python ${version} at ${executable} cannot make environments: its module venv or ensurepip is missing. On Debian and Ubuntu: apt-get install python3-venv. Or install uv.`,
    };
  }
  return {
    problem: `SpeQL needs Python ${oldest.join(".")} or newer. Tried: ${seen.join(", ")}. Install Python, then try again; or name a server in the setting speql.server.command.`,
    page: { title: "Get Python", url: "https://www.python.org/downloads/" },
  };
}

function read(printed: string | null): { numbers: number[]; python: Python; hasVenv: boolean } | null {
  if (printed === null) return null;
  try {
    const [numbers, executable, hasVenv] = JSON.parse(printed) as [number[], string, boolean];
    return { numbers, python: { executable, version: numbers.join(".") }, hasVenv };
  } catch {
    return null; // something else is called python here
  }
}

function isNewEnough([major = 0, minor = 0]: number[]): boolean {
  return major === oldest[0] && minor >= oldest[1];
}
