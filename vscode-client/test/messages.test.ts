// @vitest-environment jsdom
/** Questions at the edge of the page. */

import { expect, test } from "vitest";
import { Messages } from "../src/play/messages";

const answers = ["Up to $5.00 a day", "Nothing"];

test.each([
  ["Nothing", "Nothing"],
  ["Close the question", null],
])("a question is answered by %s, and goes", async (pressed, answer) => {
  const messages = new Messages();
  const answered = messages.ask("<b>May it?</b>", answers);
  const buttons = [...messages.root.querySelectorAll("button")];
  expect(buttons.map((one) => one.getAttribute("aria-label") ?? one.textContent)).toEqual([
    ...answers,
    "Close the question",
  ]);
  expect(messages.root.textContent).toContain("<b>May it?</b>");
  buttons.find((one) => [one.textContent, one.getAttribute("aria-label")].includes(pressed))!.click();
  expect(await answered).toBe(answer);
  expect(messages.root.childElementCount).toBe(0);
});
