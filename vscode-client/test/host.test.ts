// @vitest-environment jsdom
/** What the panel's host does, as far as it needs no VS Code. */

import { expect, test } from "vitest";
import { exportFilters, filtersFor, formatOf, proposedName } from "../src/host/exportFormats";
import { OpenQuestions } from "../src/host/openQuestions";
import { page } from "../src/host/page";
import type { Answer } from "../src/panel/messages";
import { Secrets } from "../src/secrets";
import { connectionNameOf, hostOf, serverEnvironment } from "../src/serverEnvironment";

function asking(): { questions: OpenQuestions<AbortSignal>; answers: Answer[] } {
  const answers: Answer[] = [];
  const stopping = () => {
    const controller = new AbortController();
    return { token: controller.signal, cancel: () => controller.abort(), dispose: () => {} };
  };
  const questions = new OpenQuestions(
    stopping,
    (answer) => answers.push(answer),
    (error) => (error as Error).message,
  );
  return { questions, answers };
}

test("each question has one answer, with its number", async () => {
  const { questions, answers } = asking();
  await Promise.all([
    questions.ask(1, async () => "one"),
    questions.ask(2, async () => Promise.reject(new Error("no such result"))),
  ]);
  expect(answers).toEqual([
    { kind: "answer", id: 1, answer: "one" },
    { kind: "refused", id: 2, reason: "no such result" },
  ]);
});

test("what is withdrawn is stopped, and not answered", async () => {
  const { questions, answers } = asking();
  let stopped = 0;
  const ask = (id: number): Promise<void> =>
    questions.ask(id, (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(++stopped))));
  const open = [ask(1), ask(2), ask(3)];
  questions.withdraw(1);
  questions.withdraw(7);
  questions.withdrawAll();
  await Promise.all(open);
  expect([stopped, answers]).toEqual([3, []]);
});

test("a page that was loaded anew may use the numbers again", async () => {
  const { questions, answers } = asking();
  let answerOld = (_: unknown): void => {};
  const old = questions.ask(1, () => new Promise((resolve) => (answerOld = resolve)));
  questions.withdrawAll();
  await questions.ask(1, async () => "new");
  answerOld("old");
  await old;
  expect(answers).toEqual([{ kind: "answer", id: 1, answer: "new" }]);
});

test("the page loads what it names, and runs nothing else", () => {
  const html = page(
    { script: "https://x/webview.js", style: "https://x/panel.css", chart: 'c"<.js' },
    "N0nce",
    "https://x",
  );
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'nonce-N0nce'");
  expect(policy).not.toMatch(/unsafe|\*|connect-src|https?:\/\/(?!x\b)/);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const scripts = [...parsed.querySelectorAll("script")].map((script) => [
    script.getAttribute("src"),
    { ...script.dataset },
  ]);
  expect(scripts).toEqual([["https://x/webview.js", { chart: 'c"<.js', nonce: "N0nce" }]]);
  expect(html).not.toMatch(/ on\w+=| style=/);
});

test.each([
  ["/a/b.csv", "csv"],
  ["/a/B.PARQUET", "parquet"],
  ["/a/b.json", "json"],
  ["/a/b.ndjson", "jsonl"],
  ["/a/b.xlsx", "xlsx"],
  ["/a/b.txt", null],
  ["/a/b", null],
])("%s is exported as %s", (path, format) => expect(formatOf(path)).toBe(format));

test("each ending that the dialog offers is one that is written", () => {
  for (const [ending] of Object.values(exportFilters)) expect(formatOf(`x.${ending}`)).toBe(ending);
});

test("a format that is asked for is the first that the dialog offers, and the ending of its name", () => {
  expect(Object.values(filtersFor("parquet"))[0]).toEqual(["parquet"]);
  expect(Object.keys(filtersFor("parquet")).sort()).toEqual(Object.keys(exportFilters).sort());
  expect(filtersFor(undefined)).toEqual(exportFilters);
  expect(proposedName("file:///w/a.sql", "xlsx")).toBe("a.xlsx");
});

test.each([
  ["file:///w/weekly%20report.sql", "weekly report.csv"],
  ["untitled:Untitled-1", "Untitled-1.csv"],
  ["file:///w/.sql", ".sql.csv"],
])("the result of %s is proposed to be %s", (uri, name) => expect(proposedName(uri)).toBe(name));

test.each([
  ["api.openai.com", "api.openai.com"],
  [" https://API.example.com:8443/v1 ", "api.example.com"],
  ["http://localhost:11434", "localhost"],
  ["", null],
  ["a b", null],
])("%j names the host %s", (text, host) => expect(hostOf(text)).toBe(host));

test.each([
  [" my-shop ", "my-shop"],
  ["", null],
  ["postgresql://ann@db/shop", null],
])("%j names the connection %s", (text, name) => expect(connectionNameOf(text)).toBe(name));

test("keys and passwords are in the secret storage and in the server's environment, each with its name", async () => {
  const kept = new Map<string, string>();
  const storage = {
    get: async (name: string) => kept.get(name),
    store: async (name: string, value: string) => void kept.set(name, value),
    delete: async (name: string) => void kept.delete(name),
    onDidChange: () => ({ dispose: () => {} }),
  };
  const editors = { PATH: "/bin", HTTPS_PROXY: "http://proxy:3128" };
  const keys = new Secrets(storage, "speql.languageModelKeys");
  const passwords = new Secrets(storage, "speql.connectionPasswords");
  const environment = async () => serverEnvironment(editors, await keys.all(), await passwords.all());
  expect(await environment()).toEqual(editors);
  await keys.put("b.com", "sk-b");
  await keys.put("a.com", "sk-a");
  await passwords.put("my-shop", " b'c ");
  expect(await keys.names()).toEqual(["a.com", "b.com"]);
  const { SPEQL_KEYS: given, ...others } = await environment();
  expect(JSON.parse(given!)).toEqual({ "a.com": "sk-a", "b.com": "sk-b" });
  expect(others).toEqual({ ...editors, SPEQL_PASSWORD_MY_SHOP: " b'c " });
  await keys.put("a.com", "");
  await keys.put("b.com", "");
  await passwords.put("my-shop", "");
  expect(kept.size).toBe(0);
});
