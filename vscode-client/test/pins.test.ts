import { expect, test } from "vitest";
import { Pins, type Change } from "../src/pins";

const uri = "file:///a.sql";
const at = (line: number, character: number) => ({ line, character });
const change = (start: [number, number], end: [number, number], text: string): Change => ({
  range: { start: at(...start), end: at(...end) },
  text,
});

test.each<[string, Change[], [number, number]]>([
  ["behind it", [change([5, 0], [5, 0], "x\n")], [3, 4]],
  ["in its line, before it", [change([3, 1], [3, 2], "abc")], [3, 6]],
  ["a line more before it", [change([0, 0], [0, 0], "-- a\n")], [4, 4]],
  ["its line broken before it", [change([3, 2], [3, 2], "\n  ")], [4, 4]],
  ["lines joined", [change([2, 5], [3, 0], "")], [2, 9]],
  ["just at it", [change([3, 4], [3, 4], "ab")], [3, 6]],
  ["the text around it taken away", [change([3, 1], [4, 0], "")], [3, 1]],
  ["two at once", [change([3, 0], [3, 0], "ab"), change([1, 0], [2, 0], "")], [2, 6]],
  ["two at once, the first one first", [change([1, 0], [2, 0], ""), change([3, 0], [3, 0], "ab")], [2, 6]],
])("an edit: %s", (_, changes, expected) => {
  const pins = new Pins();
  pins.set(uri, at(3, 4));
  pins.edited(uri, changes);
  expect(pins.of(uri)).toEqual(at(...expected));
});

test("a pin is taken away, and a document without one stays without", () => {
  const pins = new Pins();
  pins.edited(uri, [change([0, 0], [0, 0], "x")]);
  expect(pins.of(uri)).toBeNull();
  pins.set(uri, at(0, 0));
  pins.set(uri, null);
  expect(pins.of(uri)).toBeNull();
});
