/** The typed and the executed text of a statement as lines side by side. Pure. */

import type { Edit, Piece } from "../protocol.gen";

/** A stretch of a line. `edit` is the number of the edit that it belongs to, null for what both sides have. */
export interface Segment {
  text: string;
  edit: number | null;
}

/** A line of each side; null where only the other side has text. `number` is the typed line's, counted from 1. */
export interface DiffLine {
  number: number | null;
  typed: Segment[] | null;
  executed: Segment[] | null;
}

/** The lines of a statement that begins on line `first`, counted from 1; without blank lines at its end. */
export function diffLines(pieces: readonly Piece[], first: number): DiffLine[] {
  const typed = new Side();
  const executed = new Side();
  for (const piece of pieces) {
    if (piece.edit === null) addKept(typed, executed, piece.typed);
    else if (piece.typed !== "" && piece.executed.startsWith(piece.typed)) {
      // Of a word that is completed the beginning is the user's.
      addKept(typed, executed, piece.typed);
      typed.add("", piece.edit);
      executed.add(piece.executed.slice(piece.typed.length), piece.edit);
    } else {
      typed.add(piece.typed, piece.edit);
      executed.add(piece.executed, piece.edit);
    }
  }
  let count = Math.max(typed.lines.length, executed.lines.length);
  const isBlank = (line: Segment[] | null | undefined): boolean =>
    line == null || line.every(({ text, edit }) => edit === null && text.trim() === "");
  while (count > 1 && isBlank(typed.lines[count - 1]) && isBlank(executed.lines[count - 1])) count -= 1;
  let number = first - 1;
  return Array.from({ length: count }, (_, at) => {
    const left = typed.lines[at] ?? null;
    if (left !== null) number += 1;
    return { number: left === null ? null : number, typed: left, executed: executed.lines[at] ?? null };
  });
}

/** How many edits mend what was typed, and how many put in what may come next. */
export function countedEdits(edits: readonly Edit[]): { repairs: number; predictions: number } {
  const predictions = edits.filter((edit) => edit.predicted).length;
  return { repairs: edits.length - predictions, predictions };
}

/** The lines of one side so far. A null is a line that only the other side has. */
class Side {
  readonly lines: (Segment[] | null)[] = [[]];

  get at(): number {
    return this.lines.length - 1;
  }

  /** Whether there are no words on the last line yet. */
  get isFresh(): boolean {
    return this.lines.at(-1)!.every((segment) => segment.text.trim() === "");
  }

  add(text: string, edit: number | null): void {
    text.split("\n").forEach((part, at) => {
      if (at > 0) this.lines.push([]);
      // An edit without any text on this side is kept: its number stands there.
      if (part !== "" || text === "") this.lines.at(-1)!.push({ text: part, edit });
    });
  }

  /** Go on at a line of the other side; what is left out has text on that side only. */
  skipTo(line: number): void {
    const moved = this.lines.pop()!;
    while (this.lines.length < line) this.lines.push(null);
    this.lines.push(moved);
  }

  /** Begin a new line, level with that of the other side. */
  breakTo(line: number): void {
    while (this.lines.length < line) this.lines.push(null);
    this.lines.push([]);
  }
}

/** What both sides have keeps them level: each line of it begins on the same line on both sides. */
function addKept(typed: Side, executed: Side, text: string): void {
  text.split("\n").forEach((part, at) => {
    if (at > 0) {
      const next = Math.max(typed.at, executed.at) + 1;
      typed.breakTo(next);
      executed.breakTo(next);
    }
    if (part === "") return;
    if (typed.at < executed.at && typed.isFresh) typed.skipTo(executed.at);
    if (executed.at < typed.at && executed.isFresh) executed.skipTo(typed.at);
    typed.add(part, null);
    executed.add(part, null);
  });
}
