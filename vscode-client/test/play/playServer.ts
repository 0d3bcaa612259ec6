/** A real `speql play` on a small database, and what is left of it. */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const client = join(import.meta.dirname, "../..");
/** The interpreter that has SpeQL and DuckDB. */
export const python = process.env["SPEQL_PYTHON"] ?? join(client, "../.venv/bin/python");

const tables = `
CREATE TABLE airlines (carrier VARCHAR PRIMARY KEY, name VARCHAR);
INSERT INTO airlines VALUES ('AA', 'American'), ('UA', 'United'), ('B6', 'JetBlue'), ('ZZ', NULL);
CREATE TABLE flights (id INTEGER PRIMARY KEY, carrier VARCHAR NOT NULL, origin VARCHAR, dep_delay INTEGER, day DATE);
INSERT INTO flights SELECT i, ['AA', 'UA', 'B6'][1 + i % 3], ['JFK', 'LGA', 'EWR', NULL][1 + i % 4],
    CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 37) % 200 - 20 END, DATE '2013-01-01' + (i % 365)::INTEGER
FROM range(20000) t(i);
`;

/** A server with files of its own, which are gone when it has ended. */
export class PlayServer {
  private constructor(
    readonly process: ChildProcess,
    /** The address that it printed, with its token. */
    readonly address: string,
    readonly folder: string,
    /** What it has said. */
    readonly said: readonly string[],
  ) {}

  /**
   * Start one on the database and with more arguments; `demo` serves the demo's data instead. `browser` is a program
   * that is the user's browser.
   */
  static async start(
    more: readonly string[] = [],
    { demo = false, browser }: { demo?: boolean; browser?: string } = {},
  ): Promise<PlayServer> {
    const folder = mkdtempSync(join(tmpdir(), "speql-play-"));
    const database = join(folder, "flights.duckdb");
    run(`import duckdb; duckdb.connect(${JSON.stringify(database)}).execute(${JSON.stringify(tables)})`);
    const other = join(folder, "other.csv");
    writeFileSync(other, "city,inhabitants\nBonn,335000\nKyoto,1460000\n");
    const data = demo ? ["--demo"] : [database, other];
    const args = ["-m", "speql_server.cli.entry", "play", ...data, ...more];
    // The demo's data is in the cache directory, which is only another one where it is not needed.
    const cache = demo ? {} : { SPEQL_CACHE_DIR: join(folder, "cache") };
    const env: NodeJS.ProcessEnv = { ...process.env, SPEQL_DATA_DIR: join(folder, "data"), ...cache };
    if (browser === undefined) args.push("--no-browser");
    else env["BROWSER"] = `${browser} %s`;
    const child = spawn(python, args, { stdio: ["ignore", "ignore", "pipe"], env, cwd: folder });
    const said: string[] = [];
    const address = await new Promise<string>((resolve, reject) => {
      // Read to its end: a pipe that nobody reads would stop the server.
      createInterface(child.stderr).on("line", (line) => {
        said.push(line);
        const found = /http:\/\/127\.0\.0\.1:\S+/.exec(line)?.[0];
        if (found !== undefined) resolve(found);
      });
      child.once("exit", () => reject(new Error(`speql play did not say its address: ${said.join("\n")}`)));
    });
    return new PlayServer(child, address, folder, said);
  }

  /** The database that it serves. */
  get database(): string {
    return join(this.folder, "flights.duckdb");
  }

  /** Where it is, without its token. */
  get origin(): string {
    return new URL(this.address).origin;
  }

  /** The files that pages have brought, or had written. */
  pageFiles(): string[] {
    const pages = join(this.folder, "cache/play");
    if (!existsSync(pages)) return [];
    return readdirSync(pages, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }

  /** The folders of pages that are open. */
  pageFolders(): string[] {
    const pages = join(this.folder, "cache/play");
    return readdirSync(pages).flatMap((process) => readdirSync(join(pages, process)));
  }

  /** The rows of a query, run without SpeQL. */
  direct(sql: string): (string | null)[][] {
    return directRows(sql, this.database);
  }

  /** Stop it as Ctrl+C does; its exit status. */
  async end(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGINT");
    const status = this.process.exitCode ?? (await ended);
    const left = existsSync(join(this.folder, "cache/play")) ? readdirSync(join(this.folder, "cache/play")) : [];
    rmSync(this.folder, { recursive: true });
    if (left.length > 0) throw new Error(`speql play has left ${left.join(", ")}`);
    return status;
  }
}

/** The rows of a query as texts, run by DuckDB alone. */
export function directRows(sql: string, database = ":memory:"): (string | null)[][] {
  const readOnly = database === ":memory:" ? "False" : "True";
  const printed = run(
    `import duckdb, json
rows = duckdb.connect(${JSON.stringify(database)}, read_only=${readOnly}).execute(${JSON.stringify(sql)}).fetchall()
print(json.dumps([[None if cell is None else str(cell) for cell in row] for row in rows]))`,
  );
  return JSON.parse(printed) as (string | null)[][];
}

/** Run a few lines of Python; what it prints. */
export function run(code: string): string {
  return execFileSync(python, ["-c", code], { encoding: "utf8" });
}
