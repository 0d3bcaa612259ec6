/** A real JupyterLab, and what a user does in it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { makeShop, notebook, notebookPath } from "./data";
import { Served } from "./served";

/** Start it, on a folder with `shop.duckdb`, which its `.sql` files are about. */
export function startLab(): Promise<Served> {
  const flags = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0"];
  const open = ["--IdentityProvider.token=", "--ServerApp.password=", "--expose-app-in-browser"];
  const quiet = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"];
  return Served.start(
    "jupyterlab",
    (port, folder) => [...flags, ...open, ...quiet, `--port=${port}`, `--ServerApp.root_dir=${folder}`],
    (folder) => {
      makeShop(folder);
      writeFileSync(join(folder, ".speql.toml"), 'database = "shop.duckdb"\n');
    },
  );
}

/** Pages share a workspace: after a reload notebooks of other pages are there, too, behind this one. */
const shown = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook";

/** What of JupyterLab's own is asked. */
interface Opened {
  sessionContext: { ready: Promise<void>; session: { kernel: { info: Promise<unknown> } } };
}

/** A text file that is open in a page. */
export class LabFile {
  private constructor(
    readonly page: Page,
    readonly code: Locator,
  ) {}

  /** Make an empty file and open it. */
  static async open(served: Served, page: Page, name: string): Promise<LabFile> {
    writeFileSync(join(served.folder, name), "");
    await page.goto(`${served.address}/lab/tree/${name}?reset`);
    const code = page.locator(".jp-FileEditor .cm-content");
    await code.waitFor();
    return new LabFile(page, code);
  }

  /** Replace the text, letter by letter. */
  async retype(text: string): Promise<void> {
    await this.code.click();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text, { delay: 30 });
  }

  /** What is proposed at the cursor, with the text: one that is alone is written at once. */
  async complete(): Promise<string> {
    await this.code.click();
    await this.page.keyboard.press("Control+End");
    await run(this.page, "completer:invoke-file");
    await this.page.waitForTimeout(500);
    const offered = await this.page.locator(".jp-Completer-item").allTextContents();
    return [...offered, await this.code.textContent()].join(" ");
  }

  /** What is said of a word under the mouse while Control is held. */
  async hover(word: string): Promise<string> {
    await this.page.mouse.move(0, 0);
    await this.code.getByText(word).first().hover();
    await this.page.keyboard.down("Control");
    const said = this.page.locator(".lsp-hover, .lsp-tooltip").first();
    const text = await said.textContent({ timeout: 1_000 }).catch(() => "");
    await this.page.keyboard.up("Control");
    return text ?? "";
  }
}

/** A notebook that is open in a page. */
export class LabNotebook {
  private constructor(
    readonly page: Page,
    readonly path: string,
  ) {}

  /** Write a notebook with these cells and open it. */
  static async open(served: Served, page: Page, name: string, cells: readonly string[]): Promise<LabNotebook> {
    const path = notebookPath(served.folder, name);
    writeFileSync(path, notebook(cells));
    await page.goto(`${served.address}/lab/tree/${name}.ipynb?reset`);
    const opened = new LabNotebook(page, path);
    await opened.ready();
    return opened;
  }

  /** Resolves when the kernel waits for something to do. */
  async ready(): Promise<void> {
    await this.page.locator(`${shown} .jp-Cell`).first().waitFor();
    await this.page.evaluate(async () => {
      const { shell } = (window as unknown as { jupyterapp: { shell: { currentWidget: Opened } } }).jupyterapp;
      await shell.currentWidget.sessionContext.ready;
      await shell.currentWidget.sessionContext.session.kernel.info;
    });
    await this.kernelIs("idle");
  }

  /** Run a command of JupyterLab. */
  async command(id: string, args: object = {}): Promise<void> {
    await run(this.page, id, args);
  }

  /** A cell, by its number from 0. */
  cell(at: number): Locator {
    return this.page.locator(`${shown} .jp-Cell`).nth(at);
  }

  /** What a cell has shown. */
  output(at: number): Locator {
    return this.cell(at).locator(".jp-OutputArea-output").first();
  }

  /** Replace the text of a cell, letter by letter. */
  async retype(at: number, text: string): Promise<void> {
    await this.edit(at);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text, { delay: 30 });
  }

  /** Put the cursor at the end of a cell. */
  async edit(at: number): Promise<void> {
    await this.cell(at).locator(".jp-InputArea-editor .cm-content").click();
    await this.page.keyboard.press("Control+End");
  }

  /** Run a cell, and wait until it has ended. */
  async run(at: number): Promise<void> {
    await this.edit(at);
    await this.page.keyboard.press("Control+Enter");
    await expect
      .poll(() => this.cell(at).locator(".jp-InputPrompt").first().textContent(), { timeout: 60_000 })
      .toMatch(/\[\d+\]/);
    await this.kernelIs("idle");
  }

  /** Start the kernel again. */
  async restart(): Promise<void> {
    const restarted = this.command("notebook:restart-kernel");
    await this.page.locator(".jp-Dialog .jp-mod-accept").click();
    await restarted;
    await this.kernelIs("idle");
  }

  private async kernelIs(status: string): Promise<void> {
    const panel = ".jp-NotebookPanel:not(.lm-mod-hidden)";
    await this.page.locator(`${panel} .jp-Notebook-ExecutionIndicator[data-status=${status}]`).first().waitFor();
  }
}

async function run(page: Page, id: string, args: object = {}): Promise<void> {
  await page.evaluate(
    ([name, given]) =>
      (
        window as unknown as { jupyterapp: { commands: { execute(id: string, args: object): Promise<unknown> } } }
      ).jupyterapp.commands
        .execute(name as string, given as object)
        .then(() => undefined),
    [id, args] as const,
  );
}
