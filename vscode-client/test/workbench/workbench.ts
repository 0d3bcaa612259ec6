/** VS Code's workbench in a browser with the extension installed, and a user's hands on it. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type ConsoleMessage, type ElementHandle, type Page } from "playwright-core";
import { CodeServer } from "./codeServer";
import { Folders, type FoldersOptions } from "./folders";
import { HeardMessages } from "./heard";
import { evidence, installed, machine } from "./machine";
import { PanelPage } from "./panelPage";

/** What a workbench is started with. */
export interface WorkbenchOptions extends FoldersOptions {
  size?: { width: number; height: number };
  /** Whether it asks if the folder is to be trusted. */
  asksForTrust?: boolean;
  /** More of the address, behind the folder. */
  payload?: readonly (readonly [name: string, value: (address: string) => string])[];
  /** Functions that the page can call. */
  functions?: Readonly<Record<string, (...args: unknown[]) => void>>;
  /** The folder of installed extensions. */
  extensions?: string;
}

/** Where setup.ts installs the extension. */
export const extensionsFolder = join(installed, "extensions");

/** One window. `stop` ends all that was started and removes its folders. */
export class Workbench {
  readonly panel: PanelPage;
  /** Errors of the panel's scripts and refusals of its content security policy. */
  readonly troubles: string[] = [];

  private constructor(
    readonly page: Page,
    readonly heard: HeardMessages,
    readonly folders: Folders,
    private readonly browser: Browser,
    private readonly server: CodeServer,
  ) {
    this.panel = PanelPage.in(page);
    page.on("console", (message) => this.listen(message));
    page.on("pageerror", (error) => {
      if (isOurs(error.stack ?? "")) this.troubles.push(error.stack ?? error.message);
    });
  }

  /** Resolves when the folder's files are listed. */
  static async start(options: WorkbenchOptions): Promise<Workbench> {
    const folders = new Folders(options);
    const server = await CodeServer.start({
      userData: folders.userData,
      extensions: options.extensions ?? extensionsFolder,
      environment: folders.environment,
      asksForTrust: options.asksForTrust ?? false,
    });
    const browser = await chromium.launch({ executablePath: machine().chromium, args: ["--no-sandbox"] });
    const context = await browser.newContext({ viewport: options.size ?? { width: 1_600, height: 900 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.address });
    const heard = await HeardMessages.in(context);
    const page = await context.newPage();
    for (const [name, run] of Object.entries(options.functions ?? {})) await page.exposeFunction(name, run);
    const workbench = new Workbench(page, heard, folders, browser, server);
    const query = new URLSearchParams({ folder: folders.workspace });
    const payload = (options.payload ?? []).map(([name, value]) => [name, value(server.address)]);
    if (payload.length > 0) query.set("payload", JSON.stringify(payload));
    try {
      await page.goto(`${server.address}/?${query}`);
      await page.locator(".monaco-workbench").waitFor();
      if (payload.length === 0) await workbench.file(Object.keys(options.files ?? {})[0] ?? "").waitFor();
    } catch (error) {
      await workbench.keepEvidence("start");
      await workbench.stop();
      throw error;
    }
    return workbench;
  }

  /** Open a file of the folder in the editor, which then has the keyboard. */
  async openFile(name: string): Promise<void> {
    await this.file(name).dblclick();
    await this.editor(name).waitFor();
    await this.focusEditor(name);
  }

  /** Open a notebook of the folder. */
  async openNotebook(name: string): Promise<void> {
    await this.file(name).dblclick();
    await this.page.locator(".notebookOverlay .cell-list-container").first().waitFor();
  }

  /** Open the preview beside the editor, and wait until it shows the file that is open there. */
  async showPanel(): Promise<void> {
    // The palette lists the commands that are there when it opens: those of an extension come a moment after the window.
    await this.statusBarItem.waitFor();
    await this.run("SpeQL: Show the Preview");
    await this.panel.root.waitFor();
    await this.heard.until("The document of the panel", ({ all }) =>
      all.find(({ message }) => message.kind === "document"),
    );
  }

  /** The text area of a file. */
  editor(name: string) {
    return this.page.locator(`.monaco-editor[data-uri$="/${name}"]`);
  }

  /** The keyboard is in the editor of a file; the cursor stays. */
  async focusEditor(name: string): Promise<void> {
    const focused = this.editor(name).and(this.page.locator(".focused"));
    if ((await focused.count()) > 0) return;
    await this.page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
    await focused.waitFor();
  }

  /** The document's address as the panel knows it. */
  uri(name: string): string {
    return `file://${join(this.folders.workspace, name)}`;
  }

  /**
   * Type into the editor, one key after the other, and wait until the panel has heard of the last one. The answer is the
   * version of the document then.
   */
  async type(name: string, text: string, keysPerSecond = 60): Promise<number> {
    const version = this.heard.version(this.uri(name)) + [...text].length;
    await this.page.keyboard.type(text, { delay: 1_000 / keysPerSecond });
    return this.editedTo(name, version);
  }

  /** Press a key that edits, so many times; the answer is the document's version then. */
  async pressEditing(name: string, key: string, times: number): Promise<number> {
    const version = this.heard.version(this.uri(name)) + times;
    for (let count = 0; count < times; count += 1) await this.page.keyboard.press(key);
    return this.editedTo(name, version);
  }

  /** Resolves when the panel knows this version of a document, or a newer one, with the newest. */
  editedTo(name: string, version: number): Promise<number> {
    const uri = this.uri(name);
    return this.heard.until(`Version ${version} of ${name}`, (heard) => {
      const newest = heard.version(uri);
      return newest >= version ? newest : undefined;
    });
  }

  /** Put the cursor behind the first place of a text that stands in a file. */
  async placeCursorBehind(name: string, typed: string, text: string): Promise<void> {
    const end = typed.indexOf(text) + text.length;
    if (end < text.length) throw new Error(`${text} does not stand in ${name}`);
    const lines = typed.slice(0, end).split("\n");
    await this.placeCursor(name, lines.length, lines.at(-1)!.length + 1);
  }

  /** Put the cursor at a line and a column, both from 1. */
  async placeCursor(name: string, line: number, column: number): Promise<void> {
    await this.focusEditor(name);
    await this.page.keyboard.press("Control+G");
    const input = this.page.locator(".quick-input-widget input");
    await input.fill(`:${line}:${column}`);
    await input.press("Enter");
    await this.page.getByRole("button", { name: `Ln ${line}, Col ${column}` }).waitFor();
  }

  /** Run a command of the palette by its title. */
  async run(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").fill(`>${title}`);
    await this.choose(title);
  }

  /** Choose an item of the list that is open above the editor. */
  async choose(label: string | RegExp): Promise<void> {
    await this.items(label).first().click();
  }

  /** The items of the list that is open above the editor. */
  items(label: string | RegExp) {
    return this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: label });
  }

  /** Give the path that VS Code asks for to open or save a file. */
  async answerPath(path: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    // It opens empty, and proposes a file in steps: what is written before that is written over.
    const proposed = (found: Element): boolean => /\.\w+$/.test((found as HTMLInputElement).value);
    await this.page.waitForFunction(proposed, (await input.elementHandle()) as ElementHandle<Element>);
    while ((await input.inputValue()) !== path) await input.fill(path);
    await input.press("Enter");
  }

  /** Change the colour theme; `kind` is the class that the workbench has then. */
  async theme(name: string, kind: "vs" | "vs-dark" | "hc-black" | "hc-light"): Promise<void> {
    await this.run("Preferences: Color Theme");
    await this.page.locator(".quick-input-widget input").fill(name);
    await this.choose(name);
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
  }

  /** Save a file; the answer is its text on the disk, which is that of the editor. */
  async saved(name: string): Promise<string> {
    await this.focusEditor(name);
    await this.page.keyboard.press("Control+S");
    await this.page.locator(".tab.dirty", { hasText: name }).waitFor({ state: "detached" });
    return this.folders.read(name);
  }

  /** The item of the status bar. */
  get statusBarItem() {
    return this.page.locator('.statusbar-item[id*="speql"]').first();
  }

  /** What the workbench has told in its corner, once its list is open. */
  get notifications() {
    return this.page.locator(".notifications-center .notification-list-item");
  }

  /** End the server of the window at once, as a crash does. The answer is its id. */
  crashServer(): number {
    const id = this.folders.serverIds.at(-1);
    if (id === undefined) throw new Error("The extension has not started a server.");
    process.kill(id, "SIGKILL");
    return id;
  }

  /** Keep a picture and what the panel has heard, for who reads why a test failed. */
  async keepEvidence(name: string): Promise<void> {
    mkdirSync(evidence, { recursive: true });
    const path = join(evidence, name.replace(/[^\w.-]+/g, "-").slice(0, 100));
    await this.page.screenshot({ path: `${path}.png` }).catch(() => undefined);
    writeFileSync(`${path}.json`, JSON.stringify({ troubles: this.troubles, heard: this.heard.all }, null, 1));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    this.folders.remove();
  }

  private file(name: string) {
    return this.page.getByRole("treeitem", { name: new RegExp(`^${name}`) });
  }

  private listen(message: ConsoleMessage): void {
    const isRefusal = message.text().includes("Content Security Policy") && message.text().includes("'none'");
    if (message.type() === "error" && (isOurs(message.location().url) || isRefusal)) this.troubles.push(message.text());
  }
}

/** Whether a place in a script, or an address, is the panel's. */
function isOurs(place: string): boolean {
  return /\/dist\/(webview|chart|panel)\b/.test(place);
}
