/** The line above the table: filters as text, columns, statistics, export. */

import type { Column, ExportParams, Filter } from "../../protocol.gen";
import { button, element, icon, spoken, type Child } from "../dom";
import { counted } from "../format";
import { menuButton } from "../menu";
import { dialogButton } from "../popup";
import { filterText, parseFilters } from "./filterText";

/** A kind of file. */
export type ExportFormat = ExportParams["format"];

/** What the line does. */
export interface ToolbarActions {
  filter(filters: Filter[]): void;
  hide(columns: ReadonlySet<number>): void;
  statistics(): void;
  export(format: ExportFormat): void;
  /** Back to the table. */
  leave(): void;
}

const formats: readonly (readonly [ExportFormat, string, string])[] = [
  ["csv", "CSV", "text, for every program"],
  ["parquet", "Parquet", "typed and small"],
  ["json", "JSON", "one array"],
  ["xlsx", "Excel", "up to 1,048,575 rows"],
];

const toolClasses = "btn quiet tool";

/** The line itself. */
export class Toolbar {
  readonly root = element("div", "tools");
  private readonly input = element("input");
  private readonly field: HTMLLabelElement;
  private readonly problem = element("p", "problem field-problem");
  private readonly columnsButton: HTMLButtonElement;
  private readonly columnsWord = element("span", "w-wide");
  private readonly statisticsButton: HTMLButtonElement;
  private readonly exportButton: HTMLButtonElement;
  private columns: readonly Column[] = [];
  private filters: readonly Filter[] = [];
  private hidden: ReadonlySet<number> = new Set();

  constructor(private readonly actions: ToolbarActions) {
    this.input.spellcheck = false;
    this.input.autocomplete = "off";
    this.problem.setAttribute("role", "alert");
    this.problem.id = "sq-filter-problem";
    this.input.setAttribute("aria-describedby", this.problem.id);
    this.field = element("label", "field grow", icon("filter"), spoken("Filter rows"), this.input);
    const choose = (): Child[] => this.columnChoices();
    this.columnsButton = dialogButton(toolClasses, "Columns", choose, icon("columns"), this.columnsWord);
    const statistics = element("span", "w-wide", "Statistics");
    this.statisticsButton = button(toolClasses, () => actions.statistics(), icon("statistics"), statistics);
    this.statisticsButton.setAttribute("aria-label", "Compute statistics");
    this.statisticsButton.title = "Compute statistics of the columns (S). This runs the whole query once more.";
    const choices = formats.map(([format, label, note]) => ({ label, note, run: () => actions.export(format) }));
    const word = element("span", "w-wide", "Export");
    this.exportButton = menuButton(toolClasses, "Export to", () => choices, icon("download"), word);
    this.exportButton.setAttribute("aria-label", "Export");
    this.root.append(this.field, this.columnsButton, this.statisticsButton, this.exportButton, this.problem);
    this.input.addEventListener("change", () => this.read());
    this.input.addEventListener("input", () => this.complain(""));
    this.input.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Other columns, filters or hidden columns. What is being written into the filter is left alone. */
  update(columns: readonly Column[], filters: readonly Filter[], hidden: ReadonlySet<number>): void {
    const isWritten = this.input.value !== filterText(this.filters, this.columns);
    const isSame = JSON.stringify([columns, filters]) === JSON.stringify([this.columns, this.filters]);
    this.columns = columns;
    this.filters = filters;
    this.hidden = hidden;
    if (!isSame || !isWritten) {
      this.input.value = filterText(filters, columns);
      this.complain("");
    }
    const example = columns.find((column) => /INT|DECIMAL|DOUBLE|FLOAT/.test(column.type)) ?? columns[0];
    const isNumber = example !== undefined && /INT|DECIMAL|DOUBLE|FLOAT/.test(example.type);
    const condition =
      example === undefined ? "" : `, for example ${example.name} ${isNumber ? "> 100" : "is not null"}`;
    this.input.placeholder = `Filter rows${condition}`;
    const shown = columns.length - hidden.size;
    const word = hidden.size === 0 ? counted(shown, "column") : `${shown} of ${counted(columns.length, "column")}`;
    this.columnsWord.textContent = word;
    this.columnsButton.setAttribute("aria-label", `Columns: ${word}`);
  }

  /** Whether rows can be asked for in another way, and why not; whether statistics wait for a word of the user. */
  allow(refusal: string | null, offersStatistics: boolean): void {
    this.input.disabled = refusal !== null;
    this.field.title = refusal ?? "";
    this.exportButton.disabled = refusal !== null;
    this.exportButton.title = refusal ?? "Export all rows to a file";
    this.statisticsButton.hidden = !offersStatistics;
  }

  private read(): void {
    const parsed = parseFilters(this.input.value, this.columns);
    if ("problem" in parsed) this.complain(parsed.problem);
    else if (JSON.stringify(parsed.filters) !== JSON.stringify(this.filters)) this.actions.filter(parsed.filters);
  }

  private complain(problem: string): void {
    this.problem.textContent = problem;
    this.field.classList.toggle("wrong", problem !== "");
    this.input.setAttribute("aria-invalid", String(problem !== ""));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      this.read();
      if (this.problem.textContent === "") this.actions.leave();
    } else if (event.key === "Escape" && this.input.value !== filterText(this.filters, this.columns)) {
      event.stopPropagation();
      this.input.value = filterText(this.filters, this.columns);
      this.complain("");
    }
  }

  /** Open the menu of formats. */
  chooseFormat(): void {
    this.exportButton.click();
  }

  private columnChoices(): Child[] {
    const hidden = new Set(this.hidden);
    const boxes = this.columns.map((column, at) => {
      const box = element("input");
      box.type = "checkbox";
      box.checked = !hidden.has(at);
      box.addEventListener("change", () => {
        if (box.checked) hidden.delete(at);
        else hidden.add(at);
        this.actions.hide(new Set(hidden));
      });
      const name = element("span", "nm", column.name);
      return element("label", "column-choice", box, name, element("span", "muted", column.type));
    });
    const search = element("input", "field-control");
    search.placeholder = "Find a column";
    search.setAttribute("aria-label", "Find a column");
    search.addEventListener("input", () => {
      const sought = search.value.toLowerCase();
      boxes.forEach((box, at) => (box.hidden = !this.columns[at]!.name.toLowerCase().includes(sought)));
    });
    const all = button(
      "btn quiet",
      () => {
        hidden.clear();
        for (const box of boxes) box.querySelector("input")!.checked = true;
        this.actions.hide(new Set());
      },
      "Show all",
    );
    const list = element("div", "column-choices", ...boxes);
    return [boxes.length > 8 ? search : null, list, element("div", "acts", all)];
  }
}
