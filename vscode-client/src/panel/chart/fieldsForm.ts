/** The fields of a chart in a small form: x, y with its aggregate, colour. Each change is drawn at once. */

import type { ChartChoice, Column } from "../../protocol.gen";
import { element, focusedNear } from "../dom";
import { columnsOf, withFields } from "./choosing";

const aggregates = [
  ["none", "each value"],
  ["sum", "sum"],
  ["mean", "mean"],
  ["min", "least"],
  ["max", "greatest"],
] as const;

/** The form of a choice. */
export function fieldsForm(
  choice: ChartChoice,
  columns: readonly Column[],
  choose: (choice: ChartChoice) => void,
): HTMLElement {
  let current = choice;
  const change = (fields: Partial<ChartChoice>): void => {
    current = withFields(current, fields);
    choose(current);
    fill();
  };
  const form = element("div", "fields");
  const fill = (): void => {
    const named = (at: number): [string, string] => [String(at), columns[at]!.name];
    const axes = columnsOf(
      columns,
      ...(current.binned ? (["number"] as const) : (["time", "text", "number"] as const)),
    );
    const measures = columnsOf(columns, "number");
    const x = select("x", axes.map(named), String(current.x), (value) => change({ x: Number(value) }));
    const rows: [string, string] = ["", "rows"];
    const y = select("y", [rows, ...measures.map(named)], current.y === null ? "" : String(current.y), (value) =>
      change({ y: value === "" ? null : Number(value) }),
    );
    const aggregate = select("aggregate", aggregates, current.aggregate, (value) =>
      change({ aggregate: value as ChartChoice["aggregate"] }),
    );
    const none: [string, string] = ["", "none"];
    const colours = columnsOf(columns, "text", "number", "time").filter((at) => at !== current.x);
    const colour = select(
      "colour",
      [none, ...colours.map(named)],
      current.colour === null ? "" : String(current.colour),
      (value) => change({ colour: value === "" ? null : Number(value) }),
    );
    const focused = [...form.querySelectorAll("select")].findIndex((one) => one === focusedNear(form));
    const parts = current.binned ? [x] : current.y === null ? [x, y, colour] : [x, y, aggregate, colour];
    form.replaceChildren(...parts);
    if (focused >= 0) form.querySelectorAll("select")[focused]?.focus();
  };
  fill();
  return form;
}

function select(
  label: string,
  options: readonly (readonly [value: string, name: string])[],
  value: string,
  chosen: (value: string) => void,
): HTMLElement {
  const made = element("select");
  for (const [of, name] of options) {
    const option = element("option", "", name);
    option.value = of;
    made.append(option);
  }
  made.value = value;
  made.addEventListener("change", () => chosen(made.value));
  return element("label", "", element("span", "k", label), made);
}
