/** The tabs of the panel: their buttons, and the boxes that these show. */

import { button, element, focusedNear } from "./dom";

/** A view of the preview. */
export type Tab = "rows" | "chart" | "diff" | "jobs";

/** The tabs from left to right. */
export const tabs: readonly Tab[] = ["rows", "chart", "diff", "jobs"];
const names: Readonly<Record<Tab, string>> = { rows: "Rows", chart: "Chart", diff: "Diff", jobs: "Jobs" };

/** The row of buttons, and which tab is shown. */
export class TabBar {
  readonly root = element("div", "tabs");
  readonly panels: Readonly<Record<Tab, HTMLElement>> = {
    rows: tabPanel("rows"),
    chart: tabPanel("chart"),
    diff: tabPanel("diff"),
    jobs: tabPanel("jobs"),
  };
  shown: Tab = "rows";
  private drawnAs = "";

  /** `changed` is called once another tab is shown. */
  constructor(private readonly changed: () => void) {
    this.root.setAttribute("role", "tablist");
    this.root.setAttribute("aria-label", "Views of the preview");
    this.root.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Draw the buttons with what each of them counts, and show the box of the tab alone. */
  update(badges: Readonly<Record<Tab, string | null>>): void {
    for (const tab of tabs) this.panels[tab].hidden = tab !== this.shown;
    const key = JSON.stringify([this.shown, badges]);
    if (key === this.drawnAs) return;
    this.drawnAs = key;
    const hadFocus = this.root.contains(focusedNear(this.root));
    const made = tabs.map((tab) => this.button(tab, badges[tab]));
    const late = element("div", "late");
    late.setAttribute("aria-hidden", "true");
    this.root.replaceChildren(...made, late);
    if (hadFocus) queueMicrotask(() => made[tabs.indexOf(this.shown)]!.focus());
  }

  /** Show a tab; `withFocus` gives its button the keyboard. */
  show(tab: Tab, withFocus: boolean): void {
    this.shown = tab;
    this.changed();
    if (withFocus) this.root.querySelector<HTMLElement>(`#t-${tab}`)?.focus();
  }

  private button(tab: Tab, badge: string | null): HTMLButtonElement {
    const isShown = tab === this.shown;
    const count = badge === null ? null : element("span", "count num", badge);
    const made = button("", () => this.show(tab, false), names[tab], count);
    made.id = `t-${tab}`;
    made.tabIndex = isShown ? 0 : -1;
    made.setAttribute("role", "tab");
    made.setAttribute("aria-selected", String(isShown));
    made.setAttribute("aria-controls", `p-${tab}`);
    return made;
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
    if (step === undefined || event.altKey) return;
    event.preventDefault();
    this.show(tabs[(tabs.indexOf(this.shown) + step) % tabs.length]!, true);
  }
}

function tabPanel(tab: Tab): HTMLElement {
  const made = element("section", `tab-${tab}`);
  made.id = `p-${tab}`;
  made.tabIndex = -1;
  made.setAttribute("role", "tabpanel");
  made.setAttribute("aria-labelledby", `t-${tab}`);
  return made;
}
