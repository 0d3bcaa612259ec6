import { expect, test } from "vitest";
import { BackOff, wellAfter } from "../src/backOff";

test("five attempts, each later than the one before, then none", () => {
  const backOff = new BackOff();
  const waits = Array.from({ length: 6 }, () => backOff.stopped(0));
  expect(waits.map((wait) => wait?.seconds)).toEqual([1, 2, 4, 8, 16, undefined]);
  expect(waits[1]).toEqual({ seconds: 2, attempt: 2, attempts: 5 });
});

test.each([
  { ran: wellAfter - 1, attempt: 3 },
  { ran: wellAfter, attempt: 1 },
])("a server that ran for $ran ms makes the next attempt number $attempt", ({ ran, attempt }) => {
  const backOff = new BackOff();
  backOff.stopped(0);
  backOff.stopped(10);
  backOff.started(100);
  expect(backOff.stopped(100 + ran)?.attempt).toBe(attempt);
});

test("what the user starts begins anew", () => {
  const backOff = new BackOff();
  for (let attempt = 0; attempt < 6; attempt++) backOff.stopped(0);
  backOff.forget();
  expect(backOff.stopped(0)?.attempt).toBe(1);
});
