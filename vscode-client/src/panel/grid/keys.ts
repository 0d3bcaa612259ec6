/** What keys mean in the grid. */

/** What a key asks for; `move` is for `moved` of the selection. */
export type KeyMeaning =
  | "copy"
  | "copy with names"
  | "select all"
  | "select column"
  | "select row"
  | "sort"
  | "filter"
  | "narrower"
  | "wider"
  | "statistics"
  | "open value"
  | "move";

/** The part of a key event that says which key it is. */
export type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** The meaning of a key in the header, or in the rows; null: it means nothing here. */
export function keyMeaning(event: Key, inHead: boolean): KeyMeaning | null {
  const { shiftKey, altKey } = event;
  const whole = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (whole && !altKey && key === "c") return shiftKey ? "copy with names" : "copy";
  if (whole && !altKey && key === "a") return "select all";
  if (inHead) {
    if (altKey && key === "ArrowDown") return "filter";
    if (shiftKey && key === "ArrowLeft") return "narrower";
    if (shiftKey && key === "ArrowRight") return "wider";
    if (!whole && !altKey && key === "f") return "filter";
  }
  if (altKey) return null;
  if (key === " " && whole) return inHead ? null : "select column";
  if (key === " " && shiftKey) return inHead ? null : "select row";
  if (whole) return /^(Arrow|Home|End)/.test(key) ? "move" : null;
  if (key === "s") return "statistics";
  if (key === "Enter" || key === " ") return inHead ? "sort" : "open value";
  return /^(Arrow(Up|Down|Left|Right)|PageUp|PageDown|Home|End)$/.test(key) ? "move" : null;
}
