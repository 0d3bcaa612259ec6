/** Places of documents that stay where they are in the text, whatever is typed around them. Pure. */

import type { Position, Range } from "./protocol.gen";

/** An edit as VS Code tells of it: what was in this range is this text now. */
export interface Change {
  range: Range;
  text: string;
}

/** At most one place a document. */
export class Pins {
  private readonly places = new Map<string, Position>();

  /** Where the pin of a document is now; null if it has none. */
  of(uri: string): Position | null {
    return this.places.get(uri) ?? null;
  }

  /** Put a pin there; null takes it away. */
  set(uri: string, position: Position | null): void {
    if (position === null) this.places.delete(uri);
    else this.places.set(uri, position);
  }

  /** The text has changed: the pin goes with what it stands before. The ranges are those of the text before. */
  edited(uri: string, changes: readonly Change[]): void {
    const place = this.places.get(uri);
    if (place === undefined) return;
    const last = (left: Change, right: Change): number => (isBefore(left.range.start, right.range.start) ? 1 : -1);
    this.places.set(uri, [...changes].sort(last).reduce(moved, place));
  }
}

function moved(place: Position, { range, text }: Change): Position {
  if (isBefore(place, range.end)) return isBefore(range.start, place) ? range.start : place;
  const lines = text.split("\n");
  const line = place.line - range.end.line + range.start.line + lines.length - 1;
  if (place.line > range.end.line) return { line, character: place.character };
  const before = lines.length > 1 ? 0 : range.start.character;
  return { line, character: before + lines.at(-1)!.length + place.character - range.end.character };
}

function isBefore(left: Position, right: Position): boolean {
  return left.line < right.line || (left.line === right.line && left.character < right.character);
}
