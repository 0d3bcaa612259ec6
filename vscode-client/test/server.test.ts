/** The real server, spoken to as the extension does: a typed query's rows come while it is unfinished. */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
  type WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import type { Preview, Status } from "../src/protocol.gen";

const python = process.env["SPEQL_PYTHON"] ?? fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "speql-vscode-"));
const database = join(folder, "shop.duckdb");
const uri = `file://${folder}/shop.sql`;

let server: ChildProcess;
let connection: ProtocolConnection;
const previews: Preview[] = [];
let wake = (): void => {};

/** The first preview, of those that came and those to come, that holds the condition. */
async function preview(holds: (found: Preview) => boolean): Promise<Preview> {
  for (;;) {
    const found = previews.find(holds);
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

beforeAll(async () => {
  const make = `import duckdb; duckdb.connect(${JSON.stringify(database)}).sql("CREATE TABLE sales AS SELECT i AS id, i % 3 AS store, i * 1.5 AS price FROM range(9) t(i)")`;
  execFileSync(python, ["-c", make]);
  // What is submitted is kept in a history: not in that of whoever runs the tests.
  const env = { ...process.env, SPEQL_DATA_DIR: join(folder, "data") };
  server = spawn(python, ["-m", "speql_server"], { stdio: ["pipe", "pipe", "inherit"], env });
  connection = createProtocolConnection(
    new StreamMessageReader(server.stdout!),
    new StreamMessageWriter(server.stdin!),
  );
  connection.onNotification("speql/preview", (message: Preview) => {
    previews.push(message);
    wake();
  });
  const opened = new Promise<Status>((resolve) => {
    connection.onNotification("speql/status", (status: Status) => {
      if (status.connection.state !== "opening") resolve(status);
    });
  });
  connection.listen();
  await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: { general: { positionEncodings: ["utf-16"] } },
    initializationOptions: { database, workspace: folder },
  });
  await connection.sendNotification("initialized", {});
  expect((await opened).connection).toMatchObject({ state: "open", tables: 1, writable: false });
});

afterAll(async () => {
  const exited = new Promise((resolve) => server.once("exit", resolve));
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  expect(await exited).toBe(0);
  connection.dispose();
  rmSync(folder, { recursive: true });
});

test("an unfinished query is repaired and previewed, then submitted", async () => {
  const typed = "SELECT store, count(*) AS n FROM sales WHERE id IN (1, 2, 4 GROUP BY store ORDER BY store";
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { uri, languageId: "sql", version: 1, text: "SELECT store" },
  });
  await connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: typed }],
  });
  await connection.sendNotification("speql/cursor", { uri, position: { line: 0, character: typed.length } });
  const shown = await preview((found) => found.version === 2 && found.outcome === "rows");
  expect(shown).toMatchObject({ uri, purpose: "preview", breadcrumb: ["main"] });
  expect(shown.columns.map((column) => column.name)).toEqual(["store", "n"]);
  expect(shown.rows).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(shown.edits.map((edit) => edit.newText.trim())).toEqual([")"]);

  // What is not finished is not submitted: the repair is accepted first.
  const submit = { command: "speql.submit", arguments: [uri, { line: 0, character: 0 }] };
  await connection.sendRequest("workspace/executeCommand", submit);
  const refused = await preview((found) => found.purpose === "submit");
  expect(refused).toMatchObject({ outcome: "failed", version: 2 });

  connection.onRequest("workspace/applyEdit", async ({ edit }: { edit: WorkspaceEdit }) => {
    const changes = edit.documentChanges?.flatMap((change) => ("edits" in change ? change.edits : [])) ?? [];
    const contentChanges = changes.map((change) =>
      "newText" in change ? { range: change.range, text: change.newText } : change,
    );
    await connection.sendNotification("textDocument/didChange", { textDocument: { uri, version: 3 }, contentChanges });
    return { applied: true };
  });
  const accept = { command: "speql.acceptRepair", arguments: [uri, 2] };
  expect(await connection.sendRequest("workspace/executeCommand", accept)).toMatchObject({ applied: true });
  await connection.sendRequest("workspace/executeCommand", submit);
  const submitted = await preview((found) => found.purpose === "submit" && found.version === 3);
  expect(submitted).toMatchObject({ outcome: "rows", complete: true, edits: [], rows: shown.rows });
});
