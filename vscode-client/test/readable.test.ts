import { hcl, rgb } from "d3-color";
import { describe, expect, test } from "vitest";
import { contrast, readable } from "../src/panel/chart/readable";

describe("colours on a ground", () => {
  test.each([
    ["a pale one on white is darker", "#f8c9ab", "#ffffff"],
    ["white on white", "#ffffff", "#ffffff"],
    ["a dark one on a dark ground is lighter", "#1b1f3a", "#1f1f1f"],
    ["black on black", "#000000", "#000000"],
    ["yellow on a light grey", "rgb(255, 230, 0)", "#f3f3f3"],
    ["on a ground in the middle", "#808080", "#7f7f7f"],
  ])("%s", (_what, colour, ground) => {
    const found = readable(colour, ground);
    expect(found).not.toBe(colour);
    expect(contrast(rgb(found), rgb(ground))).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ["what can be told stays", "#005fb8", "#ffffff"],
    ["what is not understood stays", "color-mix(in srgb, red, blue)", "#ffffff"],
    ["so does any colour on such a ground", "#f8c9ab", "var(--nothing)"],
  ])("%s", (_what, colour, ground) => expect(readable(colour, ground)).toBe(colour));

  test.each(["#f8c9ab", "#bfe3ff", "#ffe9a8"])("the hue of %s stays", (colour) => {
    const turned = Math.abs(hcl(readable(colour, "#ffffff")).h - hcl(colour).h);
    expect(Math.min(turned, 360 - turned)).toBeLessThan(15);
  });

  test("contrasts are those of the standard", () => {
    expect(contrast(rgb("#000"), rgb("#fff"))).toBeCloseTo(21);
    expect(contrast(rgb("#777"), rgb("#fff"))).toBeCloseTo(4.48, 2);
  });
});
