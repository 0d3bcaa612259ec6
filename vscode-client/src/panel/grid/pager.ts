/** The line below the table: where in the rows the view is, ways to other places, and what is selected. */

import { button, element, icon, type Child } from "../dom";
import { shortCount } from "../amounts";
import { count } from "../format";
import { showPopup } from "../popup";
import { pageRows } from "./pages";

/** What the line says. */
export interface PagerFacts {
  /** The first row in view and the last one, from 0. */
  first: number;
  last: number;
  /** How many rows there are; null where that is not known yet. */
  total: number | null;
  /** About how many there are, where that is not known; null if there is no estimate. */
  about: number | null;
  /** How many there are without the filters; null where none hold. */
  withoutFilters: number | null;
  /** Why there are no other rows than those that came with the preview; null if there may be. */
  alone: { word: string; reason: string } | null;
  hasColumns: boolean;
}

/** Where to: a row that is to be the first in view, or the last of all. */
export type GoTo = (row: number | "last") => void;

/** The line itself. */
export class Pager {
  readonly root = element("div", "pager num");
  private readonly where: HTMLButtonElement;
  private readonly back: HTMLButtonElement[];
  private readonly on: HTMLButtonElement[];
  private readonly track = element("span", "track");
  private readonly dot = element("i");
  private readonly selected = element("span", "muted sel");
  private facts: PagerFacts | null = null;
  private drawnAs = "";

  constructor(
    private readonly goTo: GoTo,
    /** Go to a row and select it. */
    private readonly select: (row: number) => void,
  ) {
    this.where = button("where", () => this.ask());
    this.where.title = "Go to row (Ctrl+G)";
    this.where.setAttribute("aria-haspopup", "dialog");
    this.where.setAttribute("aria-expanded", "false");
    const step = (label: string, glyph: "firstPage" | "previousPage" | "nextPage" | "lastPage", go: () => void) => {
      const made = button("icon", go, icon(glyph));
      made.setAttribute("aria-label", label);
      made.title = label;
      return made;
    };
    const page = (): number => Math.floor((this.facts?.first ?? 0) / pageRows) * pageRows;
    this.back = [
      step("First rows", "firstPage", () => this.goTo(0)),
      step("Previous page", "previousPage", () => this.goTo(Math.max(0, page() - pageRows))),
    ];
    this.on = [
      step("Next page", "nextPage", () => this.goTo(page() + pageRows)),
      step("Last rows", "lastPage", () => this.goTo("last")),
    ];
    this.track.setAttribute("aria-hidden", "true");
    this.track.append(this.dot);
    const grow = element("span", "grow");
    this.root.append(...this.back, this.where, ...this.on, this.track, grow, this.selected);
  }

  /** Say other facts. */
  update(facts: PagerFacts): void {
    this.facts = facts;
    const key = JSON.stringify(facts);
    if (key === this.drawnAs) return;
    this.drawnAs = key;
    const { first, last, total, alone } = facts;
    const all = total ?? Infinity;
    this.where.replaceChildren(...whereText(facts));
    this.where.title = alone?.reason ?? `Go to row (Ctrl+G)${filterNote(facts)}`;
    for (const one of this.back) one.disabled = first <= 0;
    for (const one of this.on) one.disabled = last >= all - 1;
    this.where.disabled = total === 0;
    const isShort = total !== null && last - first + 1 >= total;
    for (const one of [...this.back, ...this.on]) one.hidden = isShort;
    this.track.hidden = isShort || total === null;
    const room = Math.max(1, all - (last - first + 1));
    this.dot.style.left = total === null ? "0" : `${(Math.min(1, first / room) * 100).toFixed(2)}%`;
  }

  /** What is said of the selection, at the right; in a narrow panel it is the tooltip of the selected cell instead. */
  say(...selected: Child[]): void {
    this.selected.replaceChildren(...selected.filter((child) => child !== null));
    this.selected.title = this.selected.textContent ?? "";
  }

  /** Ask for the number of a row. */
  ask(): void {
    const total = this.facts?.total ?? null;
    const input = element("input", "field-control num");
    input.inputMode = "numeric";
    input.setAttribute("aria-label", total === null ? "Row" : `Row, 1 to ${count(total)}`);
    input.placeholder = total === null ? "Row" : `1 to ${count(total)}`;
    const problem = element("p", "problem");
    problem.setAttribute("role", "alert");
    const go = button("btn primary", () => {}, "Go");
    go.type = "submit";
    const form = element("form", "go-form", element("div", "line", input, go), problem);
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const row = Number(input.value.replaceAll(/[,\s]/g, ""));
      if (!Number.isInteger(row) || row < 1 || (total !== null && row > total)) {
        problem.textContent = total === null ? "Say a number from 1 on." : `Say a number from 1 to ${count(total)}.`;
        return;
      }
      close();
      this.select(row - 1);
    });
    const close = showPopup(() => [form], { anchor: this.where, label: "Go to row", role: "dialog" });
  }
}

function whereText({ first, last, total, about, withoutFilters, alone, hasColumns }: PagerFacts): (Node | string)[] {
  if (!hasColumns) return ["No columns"];
  if (total === 0) return [withoutFilters === null ? "No rows" : "No rows for these filters"];
  const isShort = total !== null && last - first + 1 >= total;
  // At the end it is the last page, though the view begins in the one before.
  const within = total !== null && last >= total - 1 ? last : first;
  const from = isShort ? 0 : Math.floor(within / pageRows) * pageRows;
  const to = Math.min(from + pageRows, total ?? Infinity);
  const of =
    alone !== null
      ? alone.word
      : total !== null
        ? `of ${count(total)}`
        : about === null
          ? "and more"
          : `of ≈ ${shortCount(about)}`;
  return [`${count(from + 1)} to ${count(to)} `, element("span", "muted", of)];
}

function filterNote({ total, withoutFilters }: PagerFacts): string {
  return withoutFilters === null || total === null ? "" : `. ${count(withoutFilters)} rows without the filters`;
}
