/** The page of `speql play` as its user sees it, and what its server tells it. */

import { expect } from "vitest";
import type { BrowserContext, Locator, Page } from "playwright-core";
import type { Preview } from "../../src/protocol.gen";
import { PanelPage } from "../workbench/panelPage";

/** How long the awaited may take. */
const patience = 30_000;

/** Where things are on the page. */
export class PlayPage {
  readonly panel: PanelPage;
  /** All that has come over the page's sockets, the oldest first. */
  readonly previews: Preview[] = [];
  /** What the browser has complained of. */
  readonly complaints: string[] = [];

  private typedOnAt = -1;

  private constructor(readonly page: Page) {
    this.panel = new PanelPage(page);
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (typeof payload !== "string" || !payload.includes('"speql/preview"')) return;
        const message = JSON.parse(payload) as { method?: string; params: Preview };
        if (message.method === "speql/preview") this.previews.push(message.params);
      }),
    );
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  /** Open the page and wait until it can be typed into. */
  static async open(context: BrowserContext, address: string): Promise<PlayPage> {
    const play = new PlayPage(await context.newPage());
    await play.page.goto(address);
    await play.ready();
    return play;
  }

  /** Wait until the tables are there. */
  async ready(): Promise<void> {
    await this.tables.first().waitFor({ state: "attached", timeout: patience });
  }

  get editor(): Locator {
    return this.page.locator(".cm-content");
  }

  get ghost(): Locator {
    return this.page.locator(".cm-ghostText");
  }

  get tree(): Locator {
    return this.page.getByRole("tree");
  }

  get tables(): Locator {
    return this.page.locator(".treetable");
  }

  table(name: string): Locator {
    return this.page.getByRole("treeitem", { name: new RegExp(`^${name} ?,`) });
  }

  get examples(): Locator {
    return this.page.locator(".examples .example");
  }

  get messages(): Locator {
    return this.page.locator(".toast");
  }

  get connection(): Locator {
    return this.page.getByRole("combobox", { name: "Connection" });
  }

  /** The text in the editor. */
  text(): Promise<string> {
    return this.editor.evaluate((content) =>
      [...content.querySelectorAll(".cm-line")]
        .map((line) => {
          const copy = line.cloneNode(true) as Element;
          for (const other of copy.querySelectorAll(".cm-ghostText, .cm-placeholder")) other.remove();
          return copy.textContent;
        })
        .join("\n"),
    );
  }

  /** Type at the end of the text, letter by letter. */
  async type(text: string): Promise<void> {
    await this.editor.click();
    await this.page.keyboard.press("Control+End");
    await this.page.keyboard.type(text, { delay: 25 });
  }

  /** Empty the editor. */
  async clear(): Promise<void> {
    await this.editor.click();
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.press("Delete");
  }

  /** The newest preview that fits, when there is one. */
  async preview(what: string, fits: (preview: Preview) => boolean): Promise<Preview> {
    const told = async (): Promise<string> => {
      if (this.previews.some(fits)) return "there";
      await this.typeOnIfStopped();
      const { version, outcome, states, problems } = this.previews.at(-1) ?? {};
      return `not there; the last one is ${JSON.stringify({ version, outcome, states, problems })}`;
    };
    await expect.poll(told, { timeout: patience, message: what }).toBe("there");
    return this.previews.findLast(fits)!;
  }

  /** The exact rows of the SELECT at the cursor once they have these columns. */
  exact(columns: readonly string[]): Promise<Preview> {
    return this.preview(
      `exact rows with ${columns.join(", ")}`,
      ({ outcome, states, columns: found }) =>
        outcome === "rows" &&
        states.includes("exact") &&
        JSON.stringify(found.map(({ name }) => name)) === JSON.stringify(columns),
    );
  }

  /** On a busy machine a preview is stopped that takes several times what was expected. Who wants it types on. */
  private async typeOnIfStopped(): Promise<void> {
    const last = this.previews.at(-1);
    if (last === undefined || last.version === this.typedOnAt) return;
    if (!last.problems.some(({ code }) => code === "preview-too-slow")) return;
    this.typedOnAt = last.version;
    await this.editor.focus();
    await this.page.keyboard.type(" ");
  }

  /** Wait until the newest exact rows are these; earlier ones are of an unfinished text. `look` takes what to compare. */
  async shows(
    expected: (string | null)[][],
    look: (row: (string | null)[]) => (string | null)[] = (row) => row,
  ): Promise<void> {
    const newest = async (): Promise<(string | null)[][] | null> => {
      await this.typeOnIfStopped();
      const found = this.previews.findLast(({ outcome, states }) => outcome === "rows" && states.includes("exact"));
      return found === undefined ? null : rowsOf(found).map(look);
    };
    await expect.poll(newest, { timeout: patience }).toEqual(expected.map(look));
  }

  /** Drop files on the page, as a file manager does. */
  async drop(files: readonly { name: string; base64: string }[]): Promise<void> {
    await this.page.evaluate((given) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of given) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      const target = document.querySelector(".cm-content")!;
      for (const type of ["dragenter", "dragover", "drop"])
        target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }, files);
  }
}

/** Rows of a preview as texts, to compare with those of a direct run. */
export function rowsOf(preview: Preview): (string | null)[][] {
  return preview.rows.map((row) => row.map((cell) => (cell === null ? null : String(cell))));
}
