/** The panel's glyphs on a 16 by 16 grid: stroked shapes, filled where a shape says so. */

type Shape = readonly ["path" | "circle" | "rect" | "ellipse", Readonly<Record<string, string>>];

const path = (d: string, more: Record<string, string> = {}): Shape => ["path", { d, ...more }];
const ring = (more: Record<string, string> = {}): Shape => ["circle", { cx: "8", cy: "8", r: "6", ...more }];
const dot = (cx: string, r: string): Shape => ["circle", { cx, cy: "8", r, fill: "currentColor", stroke: "none" }];
const filled = { fill: "currentColor", stroke: "none" };

/** The shapes of each glyph. */
export const glyphs = {
  exact: [ring(), path("M5.3 8.2l1.9 1.9 3.6-4")],
  sample: [ring(), path("M8 2a6 6 0 010 12z", filled)],
  predicted: [ring({ "stroke-dasharray": "2.4 2.3" }), dot("8", "1.6")],
  stale: [ring(), path("M8 4.8V8l2.2 1.6")],
  cached: [path("M8 2.5l5.8 2.8L8 8.1 2.2 5.3zM2.2 8L8 10.8 13.8 8M2.2 10.7L8 13.5l5.8-2.8")],
  failed: [ring(), path("M8 4.8v4M8 11.1v.1")],
  running: [ring({ "stroke-opacity": ".35" }), path("M8 2a6 6 0 11-5.2 9", { "stroke-width": "2" })],
  queued: [ring(), path("M5.4 8h.01M8 8h.01M10.6 8h.01", { "stroke-width": "2" })],
  greyed: [ring({ "stroke-dasharray": "2 2.2" }), path("M5.5 8h5")],
  cancelled: [ring(), path("M5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2")],
  evicted: [path("M8 3l4.5 5.5h-9zM3.5 12h9")],
  preview: [path("M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8z"), dot("8", "1.8")],
  submit: [path("M5 3.2v9.6L12.6 8z")],
  table: [
    ["rect", { x: "2.5", y: "3", width: "11", height: "10", rx: "1.5" }],
    path("M2.5 6.5h11M2.5 9.8h11M6.5 6.5V13"),
  ],
  database: [
    ["ellipse", { cx: "8", cy: "4", rx: "5", ry: "2" }],
    path("M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"),
  ],
  date: [["rect", { x: "2.5", y: "3.5", width: "11", height: "10", rx: "1.5" }], path("M2.5 6.8h11M5.5 2v3M10.5 2v3")],
  boolean: [["rect", { x: "1.5", y: "4.5", width: "13", height: "7", rx: "3.5" }], dot("11", "1.6")],
  used: [path("M3 8.5l3.2 3.2L13 4.8")],
  unused: [path("M4 4l8 8M12 4l-8 8")],
  open: [path("M6 3.5L10.5 8 6 12.5")],
} as const satisfies Record<string, readonly Shape[]>;

/** The name of a glyph. */
export type Glyph = keyof typeof glyphs;
