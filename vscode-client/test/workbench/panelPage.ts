/** The panel as its user sees it, in VS Code's frames or in a page: what is where, by roles and names. */

import type { FrameLocator, Locator, Page } from "playwright-core";

/** The tabs. */
export type Tab = "Rows" | "Chart" | "Diff" | "Jobs";

/** Where things are in the panel. The only file of the tests that knows. */
export class PanelPage {
  readonly root: Locator;

  constructor(readonly frame: FrameLocator | Page) {
    this.root = frame.getByRole("main", { name: "SpeQL preview" });
  }

  /** The panel of a workbench: VS Code puts the page of a webview into two frames. */
  static in(page: Page): PanelPage {
    return new PanelPage(page.frameLocator("iframe.webview").frameLocator("iframe#active-frame"));
  }

  // Header

  get breadcrumb(): Locator {
    return this.root.getByRole("navigation", { name: "SELECT shown" }).getByRole("listitem");
  }

  get facts(): Locator {
    return this.root.locator(".facts");
  }

  get chips(): Locator {
    return this.facts.locator(".chip");
  }

  get servedFrom(): Locator {
    return this.facts.getByRole("button", { name: /^served from/ });
  }

  headerButton(name: "Earlier preview" | "Later preview" | "Follow the cursor" | "More actions"): Locator {
    return this.root.getByRole("button", { name });
  }

  // Tabs

  tab(name: Tab): Locator {
    return this.root.getByRole("tab", { name: new RegExp(`^${name}`) });
  }

  tabPanel(name: Tab): Locator {
    return this.root.getByRole("tabpanel", { name: new RegExp(`^${name}`) });
  }

  /** The number beside a tab's name. */
  badge(name: Tab): Locator {
    return this.tab(name).locator(".count");
  }

  async show(name: Tab): Promise<void> {
    await this.tab(name).click();
    await this.tabPanel(name).waitFor();
  }

  get notice(): Locator {
    return this.root.locator(".notice");
  }

  // Rows

  get grid(): Locator {
    return this.root.getByRole("grid", { name: "Rows of the preview" });
  }

  columnHeader(name: string): Locator {
    return this.grid.getByRole("columnheader", { name: new RegExp(`(^|\\s)${name}(,|\\s|$)`) });
  }

  /** A row by its number, from 1; the header is the first row of the grid. */
  row(number: number): Locator {
    return this.grid.locator(`[aria-rowindex="${number + 1}"]`);
  }

  /** The texts of the cells of a row. */
  async cells(number: number): Promise<string[]> {
    const row = this.row(number);
    await row.first().waitFor();
    const texts = await row.getByRole("gridcell").allTextContents();
    return texts.map((text) => text.trim());
  }

  get filter(): Locator {
    return this.root.getByRole("textbox", { name: "Filter rows" });
  }

  get pager(): Locator {
    return this.root.locator(".pager");
  }

  get where(): Locator {
    return this.pager.locator(".where");
  }

  pagerButton(name: "First rows" | "Previous page" | "Next page" | "Last rows"): Locator {
    return this.pager.getByRole("button", { name });
  }

  /** The field that asks which row to go to. */
  get goToRow(): Locator {
    return this.root.getByRole("textbox", { name: /row/i }).and(this.root.locator(".pager *, [role=dialog] *"));
  }

  get selectedCell(): Locator {
    return this.root.locator(".sel");
  }

  get statisticsButton(): Locator {
    return this.root.getByRole("button", { name: "Compute statistics" });
  }

  get exportButton(): Locator {
    return this.root.getByRole("button", { name: "Export" });
  }

  /** An item of the menu that is open in the panel. */
  menuItem(name: string): Locator {
    return this.root.getByRole("menuitem", { name: new RegExp(`^${name}`) });
  }

  // Chart

  get plot(): Locator {
    return this.tabPanel("Chart").getByRole("img");
  }

  get proposals(): Locator {
    return this.root.getByRole("group", { name: "Proposed charts" }).getByRole("button");
  }

  chartButton(name: "Show as table" | "Save"): Locator {
    return this.tabPanel("Chart").getByRole("button", { name: new RegExp(`^${name}`) });
  }

  // Diff

  get changes(): Locator {
    return this.tabPanel("Diff").locator(".why li");
  }

  diffButton(name: "Accept" | "Dismiss"): Locator {
    return this.tabPanel("Diff").getByRole("button", { name: new RegExp(`^${name}`) });
  }

  // Jobs

  get nodes(): Locator {
    return this.root.getByRole("group", { name: /^Job graph/ }).getByRole("button");
  }

  get selectedJob(): Locator {
    return this.root.getByRole("complementary", { name: "Selected job" });
  }

  /** The list of jobs, where there is no graph of them yet. */
  get listedJobs(): Locator {
    return this.root.getByRole("list", { name: "Jobs" }).getByRole("listitem");
  }

  // Footer

  get footer(): Locator {
    return this.root.locator(".foot");
  }

  /** Elements that only parsed HTML or a script of somebody else could have made. */
  get foreign(): Locator {
    return this.root.locator("img, script, iframe, object, embed, style, link");
  }
}
