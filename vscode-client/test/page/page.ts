/**
 * The panel in a plain page, on a real server behind a WebSocket: `#ws=ws://127.0.0.1:PORT/?token=...&sql=...`.
 *
 * Only what the panel needs of a host and the server of a client, for measures and tests of layout in a browser.
 */

import type { Answer, FromPanel } from "../../src/panel/messages";
import { Panel } from "../../src/panel/panel";
import type { Jobs, Preview, Status } from "../../src/protocol.gen";

interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

const options = new URLSearchParams(location.hash.slice(1));
const uri = "file:///measured.sql";
document.documentElement.dataset["theme"] = options.get("theme") ?? "dark";

const socket = new WebSocket(options.get("ws")!);
const open = new Map<number, (message: Message) => void>();
let last = 0;
let version = 1;
let end = 0;
const send = (message: Message): void => socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
const request = (method: string, params: unknown, id = ++last): Promise<unknown> =>
  new Promise((resolve, reject) => {
    open.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error.message))));
    send({ id, method, params });
  });

const panel: Panel = new Panel(document.body, (message) => void post(message));
Object.assign(globalThis, { posted: [] as FromPanel[] });

async function post(message: FromPanel): Promise<void> {
  (globalThis as unknown as { posted: FromPanel[] }).posted?.push(message);
  if (message.kind === "withdraw") send({ method: "$/cancelRequest", params: { id: message.id + 1_000_000 } });
  if (message.kind !== "ask") return;
  const { id, method, params } = message;
  const isCommand = method.startsWith("speql.");
  const asked = isCommand
    ? request("workspace/executeCommand", { command: method, arguments: [params] }, id + 1_000_000)
    : request(method, params, id + 1_000_000);
  const answer = await asked.then(
    (found): Answer => ({ kind: "answer", id, answer: found }),
    (error: Error): Answer => ({ kind: "refused", id, reason: error.message }),
  );
  panel.receive(answer);
}

socket.addEventListener("message", ({ data }) => {
  const message = JSON.parse(String(data)) as Message;
  if (message.method === undefined) open.get(Number(message.id))?.(message);
  else if (message.id !== undefined) send({ id: message.id, result: null });
  else if (message.method === "speql/preview") shown(message.params as Preview);
  else if (message.method === "speql/jobs") panel.receive({ kind: "jobs", jobs: message.params as Jobs });
  else if (message.method === "speql/status") panel.receive({ kind: "status", status: message.params as Status });
});

socket.addEventListener("open", () => void start());

function shown(preview: Preview): void {
  panel.receive({ kind: "preview", preview });
  // On a busy machine a preview is stopped that takes several times what was expected. Who wants it types on.
  if (preview.outcome !== "rows" && preview.version === version && version < 5) setTimeout(type, 500);
}

async function start(): Promise<void> {
  const capabilities = { general: { positionEncodings: ["utf-16"] } };
  await request("initialize", { processId: null, rootUri: null, capabilities });
  send({ method: "initialized", params: {} });
  const text = options.get("sql")!;
  panel.receive({ kind: "document", uri, name: "measured.sql" });
  send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "sql", version: 1, text } } });
  end = text.length;
  type();
}

/** Type a blank at the end: a preview follows. */
function type(): void {
  version += 1;
  const at = { line: 0, character: end };
  const contentChanges = [{ range: { start: at, end: at }, text: " " }];
  end += 1;
  send({ method: "textDocument/didChange", params: { textDocument: { uri, version }, contentChanges } });
  panel.receive({ kind: "edited", uri, version });
}
