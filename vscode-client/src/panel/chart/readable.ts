/** Colours of a theme that can be told from its ground. */

import { hcl, rgb, type RGBColor } from "d3-color";

/** WCAG 2.2, 1.4.11: graphics need this contrast to what is around them. */
const leastContrast = 3;

/** Less chroma than this (CIE LCh) is no colour. */
const grey = 8;
const leastChroma = 55;

/**
 * The colour, or the nearest of its hue that has a contrast of 3 to the ground: themes have pale ones, which are meant
 * for areas. A colour that is not understood stays as it is.
 */
export function readable(colour: string, ground: string): string {
  const behind = rgb(ground);
  const found = hcl(colour);
  if (!behind.displayable() || !Number.isFinite(found.l)) return colour;
  if (contrast(rgb(colour), behind) >= leastContrast) return colour;
  // Darker alone, a pale colour would be grey or brown.
  if (found.c > grey) found.c = Math.max(found.c, leastChroma);
  const towards = luminance(behind) > 0.18 ? -2 : 2;
  for (; found.l >= 0 && found.l <= 100; found.l += towards) {
    const next = found.rgb().clamp();
    if (contrast(next, behind) >= leastContrast) return next.formatHex();
  }
  return colour;
}

/** The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: RGBColor, other: RGBColor): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance({ r, g, b }: RGBColor): number {
  const [red, green, blue] = [r, g, b].map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
