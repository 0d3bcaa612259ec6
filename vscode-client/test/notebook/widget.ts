/** `speql.Editor()` on a page, wherever it is. */

import type { Locator } from "playwright-core";

/** The widget below an element. Its shadow tree is looked through by itself. */
export class Widget {
  readonly root: Locator;

  constructor(around: Locator) {
    this.root = around.locator(".speql-editor").first();
  }

  /** Where the text is typed. */
  get code(): Locator {
    return this.root.locator(".cm-content");
  }

  /** The chips that say what is known of the rows. */
  get chips(): Locator {
    return this.root.locator(".chip");
  }

  /** A tab of the panel. */
  tab(name: string): Locator {
    return this.root.getByRole("tab", { name });
  }

  /** The names of the columns that the panel shows. */
  async columns(): Promise<string[]> {
    const heads = await this.root.locator(".slick-header-column .nm").allTextContents();
    return heads.map((name) => name.trim());
  }

  /** The texts of the cells that the panel shows, row by row. */
  async rows(): Promise<string[][]> {
    const rows = await this.root.locator(".slick-row").all();
    return Promise.all(rows.map(async (row) => (await row.locator(".slick-cell").allTextContents()).slice(1)));
  }

  /** Type at the end of the text, as a user does. */
  async type(text: string): Promise<void> {
    await this.code.click();
    await this.root.page().keyboard.press("Control+End");
    await this.root.page().keyboard.type(text, { delay: 25 });
  }
}
