/** The conditions on one column, as a small form. */

import type { Column, ColumnProfile, Filter } from "../../protocol.gen";
import { button, element } from "../dom";
import type { ColumnLook } from "../format";
import { showPopup } from "../popup";

type Operator = Filter["operator"];

const operators: readonly (readonly [Operator, string])[] = [
  ["=", "is equal to"],
  ["<>", "is not equal to"],
  ["<", "is less than"],
  ["<=", "is at most"],
  [">", "is greater than"],
  [">=", "is at least"],
  ["contains", "contains"],
  ["in", "is one of"],
  ["is null", "is NULL"],
  ["is not null", "is not NULL"],
];

/** What the form is made of. */
export interface FilterFormOptions {
  column: Column;
  look: ColumnLook;
  /** The conditions that hold now: the form changes the first, and keeps the others. */
  filters: readonly Filter[];
  number: number;
  profile: ColumnProfile | null;
  anchor: HTMLElement;
  apply: (filters: Filter[]) => void;
  /** Where the keyboard goes once it is closed. */
  leave: () => void;
}

/** Show the form. */
export function showFilterForm(options: FilterFormOptions): void {
  const { column, look, filters, profile } = options;
  const [first, ...others] = filters;
  const select = element("select", "field-control");
  select.setAttribute("aria-label", "How it is compared");
  const isText = look.sign === "Aa" || look.sign === "?" || look.sign === "[]" || look.sign === "{}";
  const start: Operator = first?.operator ?? (isText ? "contains" : look.sign === "boolean" ? "=" : ">=");
  for (const [operator, words] of operators) {
    const option = element("option", "", words);
    option.value = operator;
    option.selected = operator === start;
    select.append(option);
  }
  const input = element("input", "field-control");
  input.setAttribute("aria-label", "Value");
  input.spellcheck = false;
  input.autocomplete = "off";
  input.value = (first?.values ?? []).join(", ");
  const known = (profile?.frequent ?? []).filter(({ value }) => value !== null && value !== "");
  const values = element("datalist");
  if (known.length > 0 || look.sign === "boolean") {
    values.id = "sq-filter-values";
    const proposed = known.length > 0 ? known.map(({ value }) => String(value)) : ["true", "false"];
    for (const value of proposed) values.append(Object.assign(element("option"), { value }));
    input.setAttribute("list", values.id);
  }
  const problem = element("p", "problem");
  problem.setAttribute("role", "alert");
  const takesValue = (): boolean => !select.value.startsWith("is ");
  const drawn = (): void => {
    input.hidden = !takesValue();
    input.placeholder = select.value === "in" ? "Values with commas between them" : "Value";
    problem.textContent = "";
  };
  drawn();
  const form = element("form", "filter-form");
  const submit = button("btn primary", () => {}, "Filter");
  submit.type = "submit";
  const clear = button(
    "btn quiet",
    () => {
      close();
      options.apply([]);
    },
    "Clear",
  );
  clear.hidden = filters.length === 0;
  const title = element("p", "popup-title", "Filter ", element("b", "", column.name), " ");
  title.append(element("span", "muted", column.type));
  form.append(title, select, input, values, problem, element("div", "acts", submit, clear));
  form.noValidate = true;
  select.addEventListener("change", drawn);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const operator = select.value as Operator;
    const said = valuesOf(operator, input.value);
    if (said === null || (said.includes("") && !isText)) {
      problem.textContent = "Say a value.";
      input.focus();
      return;
    }
    close();
    options.apply([{ column: options.number, operator, values: said }, ...others]);
  });
  const close = showPopup(() => [form], {
    anchor: options.anchor,
    label: `Filter ${column.name}`,
    role: "dialog",
    leave: options.leave,
  });
  if (takesValue()) input.select();
}

/** The values that were written; null if there are none where there have to be. */
function valuesOf(operator: Operator, text: string): string[] | null {
  if (operator === "is null" || operator === "is not null") return [];
  if (operator !== "in") return operator === "contains" && text === "" ? null : [text];
  const values = text.split(",").map((value) => value.trim());
  return values.every((value) => value === "") ? null : values.filter((value) => value !== "");
}
