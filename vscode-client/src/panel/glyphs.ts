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
  pause: [path("M5.5 3.5v9M10.5 3.5v9")],
  resume: [path("M5 3.2v9.6L12.6 8z")],
  earlier: [path("M9.5 3.5L5 8l4.5 4.5")],
  later: [path("M6.5 3.5L11 8l-4.5 4.5")],
  follow: [path("M8 2.5v11M6 2.5h4M6 13.5h4M2.5 6v4M13.5 6v4")],
  more: [path("M3.5 8h.01M8 8h.01M12.5 8h.01", { "stroke-width": "2.2" })],
  down: [path("M4.5 6.3L8 9.8l3.5-3.5")],
  save: [path("M8 2.5v7.2M5 7l3 3 3-3M2.8 11v1.5a1 1 0 001 1h8.4a1 1 0 001-1V11")],
  copy: [
    ["rect", { x: "5.5", y: "5.5", width: "8", height: "8", rx: "1.5" }],
    path("M10.5 3.5v-.4a.6.6 0 00-.6-.6H3.1a.6.6 0 00-.6.6v6.8a.6.6 0 00.6.6h.4"),
  ],
  diff: [path("M3 4h10M3 8h7M3 12h10")],
  restart: [path("M12.8 6A5.2 5.2 0 103 9.6M12.8 2.8V6H9.6")],
  line: [path("M2 12l4-5 3 2.5L14 4")],
  bar: [path("M3.5 13V8M8 13V3.5M12.5 13V6", { "stroke-width": "2" })],
  area: [path("M2 12.5l4-5.5 3 2.5 5-5.5v8.5z")],
  point: [dot("4", "1.4"), path("M8 5.2h.01M11.6 9.4h.01M7 11h.01M12 4h.01", { "stroke-width": "2.8" })],
  histogram: [path("M2.5 13v-3M5.2 13V6M8 13V3.5M10.8 13V7.5M13.5 13v-2", { "stroke-width": "1.8" })],
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
  folder: [path("M2 12.5v-9h4l1.5 2H14v7z")],
  open: [path("M6 3.5L10.5 8 6 12.5")],
  firstPage: [path("M11.5 3.5L7 8l4.5 4.5M4.5 3.5v9")],
  previousPage: [path("M9.5 3.5L5 8l4.5 4.5")],
  nextPage: [path("M6.5 3.5L11 8l-4.5 4.5")],
  lastPage: [path("M4.5 3.5L9 8l-4.5 4.5M11.5 3.5v9")],
  filter: [path("M2.5 4h11M4.5 8h7M6.5 12h3")],
  columns: [["rect", { x: "2.5", y: "3", width: "11", height: "10", rx: "1.5" }], path("M6.2 3v10M9.8 3v10")],
  statistics: [path("M3 13V9.5M6.3 13V3M9.7 13V6M13 13v-2.5", { "stroke-width": "2" })],
  download: [path("M8 2.5v7.2M5 7l3 3 3-3M2.8 11v1.5a1 1 0 001 1h8.4a1 1 0 001-1V11")],
  descending: [path("M8 3v10M4.2 9.5L8 13.2l3.8-3.7")],
  ascending: [path("M8 13V3M4.2 6.5L8 2.8l3.8 3.7")],
} as const satisfies Record<string, readonly Shape[]>;

/** The name of a glyph. */
export type Glyph = keyof typeof glyphs;
