import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playing } from "../playing";
import { PlayPage, rowsOf } from "../playPage";
import { PlayServer, run } from "../playServer";

const play = playing();

test("the text is there when the page is loaded again, and dropped tables too", async () => {
  const page = await play().open();
  await page.drop([{ name: "kept.csv", base64: Buffer.from("a,b\n1,2\n").toString("base64") }]);
  await page.table("kept").waitFor();
  await page.clear();
  await page.type("SELECT a + b AS c FROM kept");
  await page.exact(["c"]);
  page.previews.length = 0;
  await page.page.reload();
  await page.ready();
  expect(await page.text()).toBe("SELECT a + b AS c FROM kept");
  expect(rowsOf(await page.exact(["c"]))).toEqual([["3"]]);
});

test("two pages at once have texts, previews and files of their own", async () => {
  const context = await play().context();
  const one = await PlayPage.open(context, play().server.address);
  const other = await PlayPage.open(context, play().server.address);
  await one.drop([{ name: "mine.csv", base64: Buffer.from("a,b\n1,2\n").toString("base64") }]);
  await one.table("mine").waitFor();
  await one.clear();
  await one.type("SELECT count(*) AS flights FROM flights");
  await other.type("SELECT count(*) AS airlines FROM airlines");
  expect(rowsOf(await one.exact(["flights"]))).toEqual([["20000"]]);
  expect(rowsOf(await other.exact(["airlines"]))).toEqual([["4"]]);
  expect(await other.table("mine").count()).toBe(0);
  expect([one, other].flatMap(({ previews }) => previews.map(({ uri }) => uri))).not.toHaveLength(0);
  expect(one.previews.some(({ columns }) => columns.some(({ name }) => name === "airlines"))).toBe(false);
});

test("closing a page leaves nothing: no files, no memories, no lock, no process", async () => {
  const { server } = play();
  const context = await play().context();
  await expect.poll(() => server.pageFolders(), { timeout: 20_000 }).toEqual([]);
  const page = await PlayPage.open(context, server.address);
  await page.drop([{ name: "gone.csv", base64: Buffer.from("a,b\n1,2\n").toString("base64") }]);
  await page.table("gone").waitFor();
  expect(server.pageFiles().some((path) => path.endsWith("gone.csv"))).toBe(true);
  await page.clear();
  await page.type("SELECT count(*) FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7");
  await page.page.close();
  await expect.poll(() => server.pageFolders(), { timeout: 20_000 }).toEqual([]);
  // Nothing of the query runs on, and no process was left: the server has no children and is idle.
  expect(childrenOf(server.process.pid!)).toBe("");
  // The file can be opened for writing: it is held by nobody.
  await expect
    .poll(
      () => {
        try {
          run(`import duckdb; duckdb.connect(${JSON.stringify(server.database)}).execute("SELECT 1")`);
          return "free";
        } catch (error) {
          return String(error);
        }
      },
      { timeout: 30_000, interval: 500 },
    )
    .toBe("free");
  const again = await PlayPage.open(context, server.address);
  expect(await again.text()).toBe("");
  expect(await again.table("gone").count()).toBe(0);
});

test("a server that is started again knows the text, and its tables", async () => {
  const page = await play().open();
  await page.drop([{ name: "still.csv", base64: Buffer.from("a,b\n1,2\n").toString("base64") }]);
  await page.table("still").waitFor();
  await page.clear();
  await page.type("SELECT a AS one FROM still");
  await page.exact(["one"]);
  page.previews.length = 0;
  await page.panel.headerButton("More actions").click();
  await page.panel.menuItem("Restart the server").click();
  expect(rowsOf(await page.exact(["one"]))).toEqual([["1"]]);
  await page.type(" WHERE a > 1");
  const none = await page.preview("no rows", ({ rows, outcome }) => outcome === "rows" && rows.length === 0);
  expect(none.totalRows ?? 0).toBe(0);
});

test("a server that is gone is told of, and the text stays", async () => {
  const server = await PlayServer.start();
  const page = await PlayPage.open(await play().context(), server.address);
  await page.type("SELECT 1 AS one");
  await page.exact(["one"]);
  await server.end();
  await page.panel.notice.filter({ hasText: "Starting again" }).waitFor();
  expect(await page.text()).toBe("SELECT 1 AS one");
});

function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}

test("the page is opened in the user's browser", async () => {
  const folder = mkdtempSync(join(tmpdir(), "speql-browser-"));
  const [browser, opened] = [join(folder, "browser"), join(folder, "opened")];
  writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`);
  chmodSync(browser, 0o755);
  const server = await PlayServer.start([], { browser });
  try {
    await expect.poll(() => existsSync(opened), { timeout: 20_000 }).toBe(true);
    expect(readFileSync(opened, "utf8")).toBe(server.address);
    expect((await fetch(server.address)).status).toBe(200);
  } finally {
    expect(await server.end()).toBe(0);
    rmSync(folder, { recursive: true });
  }
});
