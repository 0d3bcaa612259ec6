/** Which cells are selected, and where the keyboard goes from there. Values only. */

/** A cell; row -1 is the header. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** The row of the column headers. */
export const headRow = -1;

/** Cells from corner to corner, both included. */
export interface Block {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The cell that has the keyboard, and the one that a range was begun at. */
export interface Selection {
  readonly at: Place;
  readonly anchor: Place;
}

/** What the keyboard can move in: rows, columns that are shown, and the rows of a page of the view. */
export interface Limits {
  readonly rows: number;
  readonly columns: readonly number[];
  readonly page: number;
}

/** One cell. */
export function selectionOf(at: Place): Selection {
  return { at, anchor: at };
}

/** The cells of a selection; none in the header. */
export function blockOf({ at, anchor }: Selection): Block | null {
  if (at.row === headRow) return null;
  return {
    top: Math.max(0, Math.min(at.row, anchor.row)),
    bottom: Math.max(at.row, anchor.row),
    left: Math.min(at.column, anchor.column),
    right: Math.max(at.column, anchor.column),
  };
}

/** Whether a cell is one of them. */
export function isIn(block: Block | null, row: number, column: number): boolean {
  return block !== null && row >= block.top && row <= block.bottom && column >= block.left && column <= block.right;
}

/** Whether it is more than one cell. */
export function isRange(block: Block | null): block is Block {
  return block !== null && (block.top !== block.bottom || block.left !== block.right);
}

/** What a key makes of a selection: the cell moves, or the range grows with Shift. Null: the key means nothing here. */
export function moved(
  { at, anchor }: Selection,
  key: { key: string; shiftKey: boolean; whole: boolean },
  limits: Limits,
): Selection | null {
  const { rows, columns, page } = limits;
  if (columns.length === 0) return null;
  const lastRow = rows - 1;
  const place = Math.max(0, nearest(columns, at.column));
  const inHead = at.row === headRow;
  const body = (row: number): number => Math.max(0, Math.min(row, lastRow));
  const across = (to: number): number => columns[Math.max(0, Math.min(to, columns.length - 1))]!;
  const to = (row: number, column: number): Place => ({ row: lastRow < 0 ? headRow : row, column });
  const targets: Record<string, () => Place> = {
    ArrowUp: () => to(key.whole ? 0 : at.row <= 0 && !key.shiftKey ? headRow : body(at.row - 1), at.column),
    ArrowDown: () => to(key.whole ? lastRow : inHead ? 0 : body(at.row + 1), at.column),
    ArrowLeft: () => to(at.row, across(key.whole ? 0 : place - 1)),
    ArrowRight: () => to(at.row, across(key.whole ? columns.length - 1 : place + 1)),
    PageUp: () => to(inHead ? headRow : body(at.row - page), at.column),
    PageDown: () => to(body(at.row + page), at.column),
    Home: () => to(key.whole ? 0 : at.row, across(0)),
    End: () => to(key.whole ? lastRow : at.row, across(columns.length - 1)),
  };
  const target = targets[key.key]?.();
  if (target === undefined) return null;
  return key.shiftKey && target.row !== headRow && anchor.row !== headRow
    ? { at: target, anchor }
    : selectionOf(target);
}

/** The same place where there are fewer rows or other columns. */
export function within(selection: Selection, limits: Limits): Selection {
  const held = ({ row, column }: Place): Place => ({
    row: Math.min(row, limits.rows - 1),
    column: limits.columns[Math.max(0, nearest(limits.columns, column))] ?? 0,
  });
  return { at: held(selection.at), anchor: held(selection.anchor) };
}

function nearest(columns: readonly number[], column: number): number {
  const found = columns.findIndex((one) => one >= column);
  return found < 0 ? columns.length - 1 : found;
}
