import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { playing } from "../playing";

const play = playing();
let evil: Server;
let address: string;

beforeAll(async () => {
  evil = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Evil</title><body>");
  });
  await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
});

afterAll(() => {
  evil.close();
});

test("a page on another port of this machine gets nothing, even with the token", async () => {
  const { server } = play();
  const context = await play().context();
  const page = await context.newPage();
  await page.goto(address);
  const token = new URL(server.address).searchParams.get("token")!;
  const tried = await page.evaluate(
    async ({ origin, token }) => {
      const host = new URL(origin).host;
      const socket = (path: string, protocols: string[]): Promise<string> =>
        new Promise((resolve) => {
          const made = new WebSocket(`ws://${host}${path}`, protocols);
          made.addEventListener("open", () => resolve("open"));
          made.addEventListener("error", () => resolve("refused"));
        });
      const fetched = (path: string, init?: RequestInit): Promise<string> =>
        fetch(origin + path, init).then(
          (answer) => `${answer.type} ${answer.status}`,
          () => "refused",
        );
      const loaded = (tag: "script" | "img" | "iframe", path: string): Promise<string> =>
        new Promise((resolve) => {
          const made = document.createElement(tag);
          made.addEventListener("load", () => {
            if (!(made instanceof HTMLIFrameElement)) return resolve("loaded");
            // What is refused shows the browser's own page, which is of no origin that we may look at.
            let inside: string;
            try {
              inside = made.contentDocument?.body.textContent ?? "another origin";
            } catch {
              inside = "another origin";
            }
            resolve(inside);
          });
          made.addEventListener("error", () => resolve("refused"));
          made.src = origin + path;
          document.body.append(made);
        });
      const key = "0123456789abcdef";
      return {
        guessing: await socket(`/lsp?page=${key}`, ["speql"]),
        withToken: await socket(`/lsp?page=${key}`, ["speql", `speql.token.${token}`]),
        inQuery: await socket(`/lsp?page=${key}&token=${token}`, []),
        upload: await socket(`/upload?page=${key}&name=a.csv&size=1`, ["speql", `speql.token.${token}`]),
        start: await fetched(`/start?page=${key}`, { headers: { authorization: `Bearer ${token}` } }),
        page: await fetched(`/?token=${token}`),
        blind: await fetched(`/start?page=${key}&token=${token}`, { mode: "no-cors" }),
        script: await loaded("script", "/assets/play.js"),
        image: await loaded("img", "/assets/icon.svg"),
        frame: await loaded("iframe", `/?token=${token}`),
      };
    },
    { origin: server.origin, token },
  );
  expect(tried).toEqual({
    guessing: "refused",
    withToken: "refused",
    inQuery: "refused",
    upload: "refused",
    start: "refused",
    page: "refused",
    blind: "refused", // its answer says that only its own pages may have it
    script: "refused",
    image: "refused",
    frame: "another origin",
  });
  expect(page.frames()[1]?.url() ?? "").not.toContain(server.origin);
  expect(server.pageFolders()).toEqual([]);
});

test("a name that resolves to this machine is not this machine's", async () => {
  const { server } = play();
  const { port } = new URL(server.address);
  const { chromium } = await import("playwright-core");
  const { browserPath } = await import("../../page/serve");
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--host-resolver-rules=MAP rebound.example 127.0.0.1"],
  });
  try {
    const page = await browser.newPage();
    const answer = await page.goto(`http://rebound.example:${port}/${new URL(server.address).search}`);
    expect(answer?.status()).toBe(403);
  } finally {
    await browser.close();
  }
});

test("without the token there is no page, and the words say what to do", async () => {
  const page = await (await play().context()).newPage();
  const answer = await page.goto(play().server.origin);
  expect(answer?.status()).toBe(401);
  expect(await page.textContent("body")).toContain("Open the address that speql play has printed");
});

test("what comes from data is never markup", async () => {
  const page = await play().open();
  const markup = "<img src=x onerror=\"document.title='owned'\">";
  await page.drop([
    { name: "markup.csv", base64: Buffer.from(`"${markup.replaceAll('"', '""')}"\n1\n`).toString("base64") },
  ]);
  await page.table("markup").waitFor();
  await page.table("markup").locator(".twist").first().click();
  await page.exact([markup]);
  expect(await page.page.locator("img").count()).toBe(0);
  expect(await page.page.title()).not.toContain("owned");
});
