/** A real server, a page with the panel on it, and a browser that shows it. */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";

// Scripts of the package run in its folder; this file itself may be in a bundle somewhere else.
const inPackage = (path: string): string => join(process.cwd(), path);
const python = process.env["SPEQL_PYTHON"] ?? inPackage("../.venv/bin/python");

/** The browser that the tests use; without it there are no tests of layout. */
export const browserPath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const hasBrowser = existsSync(browserPath);

/** Where the pages are, and what ends all of it. */
export interface Served {
  page(sql: string, size?: { width: number; height: number }, theme?: string): Promise<Page>;
  end(): Promise<void>;
}

/** Serve the panel on a database that this SQL makes. The page's policy is as strict as that of the webview. */
export async function serve(tables: string): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "speql-page-"));
  const database = join(folder, "measured.duckdb");
  execFileSync(python, [
    "-c",
    `import duckdb; duckdb.connect(${JSON.stringify(database)}).execute(${JSON.stringify(tables)})`,
  ]);
  const [server, address] = await startServer(database, folder);
  const made = await build({
    entryPoints: [inPackage("test/page/page.ts"), inPackage("src/panel/panel.css")],
    bundle: true,
    write: false,
    outdir: "out",
    entryNames: "[name]",
  });
  const files = new Map(made.outputFiles.map((file) => [file.path.slice(file.path.lastIndexOf("/")), file.text]));
  const policy = `default-src 'none'; style-src 'self'; script-src 'nonce-n0'; connect-src ${address.split("/?")[0]}`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>SpeQL</title>
<link rel="stylesheet" href="panel.css"></head><body><script nonce="n0" src="page.js"></script></body></html>`;
  const web: Server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    const type = request.url?.endsWith(".css")
      ? "text/css"
      : request.url?.endsWith(".js")
        ? "text/javascript"
        : "text/html";
    response.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(file ?? html);
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const browser: Browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  const root = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  return {
    async page(sql, viewport = { width: 900, height: 700 }, theme = "dark") {
      const page = await browser.newPage({ viewport });
      await page.goto(`${root}#${new URLSearchParams({ ws: address, sql, theme })}`);
      return page;
    },
    async end() {
      await browser.close();
      web.close();
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** The server, and the address with its token that it says. */
async function startServer(database: string, folder: string): Promise<[ChildProcess, string]> {
  const token = randomBytes(16).toString("hex");
  const env = { ...process.env, SPEQL_DATA_DIR: join(folder, "data"), SPEQL_TOKEN: token };
  const options = ["--ws", "127.0.0.1:0", "--database", database];
  const server = spawn(python, ["-m", "speql_server", ...options], { stdio: ["ignore", "ignore", "pipe"], env });
  for await (const line of createInterface(server.stderr)) {
    const address = /ws:\/\/\S+/.exec(line)?.[0];
    if (address !== undefined) return [server, `${address}/?token=${token}`];
  }
  throw new Error("The server did not say its address.");
}
