/** What may be spent ahead of submits, in words and as choices. Pure. */

import type { SpeculationSet, SpendingLimit } from "./protocol.gen";

/** What the server takes as settings of speculation. */
interface SpeculationSettings {
  mode: "off" | "free" | "budget";
  perStatement?: Partial<SpendingLimit>;
  perHour?: Partial<SpendingLimit>;
  perDay?: Partial<SpendingLimit>;
}

/** A choice; settings of null are those of the settings. `asksDollars`: how much a day is asked first. */
export interface Choice {
  label: string;
  description: string;
  settings: SpeculationSettings | null;
  asksDollars?: boolean;
}

/** What the user may choose, where this holds now. */
export function choices({ paid, byCommand }: SpeculationSet): Choice[] {
  const budget = paid
    ? "at most $0.10 a statement, $1 an hour and $5 a day"
    : "what the settings limit; without limits all that is worth it";
  const found: (Choice | false)[] = [
    { label: "$(circle-slash) Off", description: "nothing is run ahead", settings: { mode: "off" } },
    { label: "$(eye) Free", description: "only what costs nothing", settings: { mode: "free" } },
    { label: "$(dashboard) Budget", description: budget, settings: { mode: "budget" } },
    paid && {
      label: "$(edit) A budget of my own...",
      description: "so many dollars a day",
      settings: null,
      asksDollars: true,
    },
    byCommand && { label: "$(gear) As the settings say", description: "forget what was chosen here", settings: null },
  ];
  return found.filter((one) => one !== false);
}

/** What holds, in a line. */
export function saysHolds({ mode, perStatement, perHour, perDay }: SpeculationSet): string {
  if (mode === "off") return "nothing is run ahead";
  if (mode === "free") return "only what costs nothing is run ahead";
  const limits: [SpendingLimit, string][] = [
    [perStatement, "a statement"],
    [perHour, "an hour"],
    [perDay, "a day"],
  ];
  const said = limits.map(([limit, of]) => [amounts(limit), of]).filter(([amount]) => amount !== "");
  if (said.length === 0) return "working ahead without limits";
  return `working ahead for at most ${said.map((parts) => parts.join(" ")).join(", ")}`;
}

/** The dollars that somebody has typed; null if that is no amount. */
export function dollarsOf(text: string): number | null {
  const plain = text.trim().replace(/^\$/, "");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}

function amounts({ dollars, seconds, bytes }: SpendingLimit): string {
  return [
    dollars === null ? "" : `$${dollars.toFixed(2)}`,
    seconds === null ? "" : `${seconds} s`,
    bytes === null ? "" : `${bytes.toLocaleString("en")} bytes`,
  ]
    .filter((part) => part !== "")
    .join(" and ");
}
