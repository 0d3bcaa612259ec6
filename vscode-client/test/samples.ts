/** Messages as the server sends them, for the tests and the gallery. */

import type { Cell, JobNode, Jobs, Position, Preview, Range, Status } from "../src/protocol.gen";

export const uri = "file:///workspace/weekly_report.sql";

const at = (line: number, character: number): Position => ({ line, character });
const range = (line: number, from: number, to: number): Range => ({ start: at(line, from), end: at(line, to) });

/** A preview with the given fields; the others say "nothing". */
export function preview(fields: Partial<Preview> = {}): Preview {
  return {
    uri,
    version: 1,
    purpose: "preview",
    outcome: "nothing",
    statement: null,
    range: null,
    breadcrumb: [],
    states: [],
    sample: null,
    columns: [],
    rows: [],
    complete: false,
    totalRows: null,
    executedSql: "",
    edits: [],
    servedFrom: [],
    tempOnly: false,
    decisions: [],
    timings: { analysis: null, engine: null, total: null },
    problems: [],
    result: "",
    ...fields,
  };
}

/** A result with these columns and rows. */
export function rowsOf(
  columns: [name: string, type: string][],
  rows: Cell[][],
  fields: Partial<Preview> = {},
): Preview {
  return preview({
    outcome: "rows",
    states: ["exact"],
    breadcrumb: ["main"],
    columns: columns.map(([name, type]) => ({ name, type })),
    rows,
    complete: true,
    timings: { analysis: 3.2, engine: 1.8, total: 4.1 },
    ...fields,
  });
}

const stores = ["ought", "able", "ese", "anti", "cally", "ation", "eing", "bar"];
const categories = ["Books", "Music", "Home"];

function sale(row: number): Cell[] {
  const spread = (row * 7919) % 1000;
  return [
    `2002-11-${String(28 - Math.floor(row / 5)).padStart(2, "0")}`,
    row === 4 ? "" : stores[row % stores.length]!,
    categories[spread % 3]!,
    1_000 + spread * 189,
    1 + (spread % 99),
    (spread * 0.77 + 1).toFixed(2),
    spread % 5 < 2 ? null : (spread / 4).toFixed(2),
    spread % 2 === 0,
    spread / 8,
  ];
}

/** A page of sales as the preview of a subquery, served from two temp tables. */
export const sales = rowsOf(
  [
    ["sold_on", "DATE"],
    ["store", "VARCHAR"],
    ["category", "VARCHAR"],
    ["item", "INTEGER"],
    ["quantity", "INTEGER"],
    ["net_paid", "DECIMAL(7,2)"],
    ["coupon", "DECIMAL(7,2)"],
    ["in_profit", "BOOLEAN"],
    ["margin", "DOUBLE"],
  ],
  Array.from({ length: 100 }, (_, row) => sale(row)),
  {
    breadcrumb: ["main", "CTE sales", "subquery"],
    statement: range(7, 0, 10),
    range: range(9, 2, 10),
    complete: false,
    totalRows: 10_412_806,
    servedFrom: ["sales", "items"],
    tempOnly: true,
    executedSql:
      "SELECT d_date AS sold_on, s_store_name AS store, i_category AS category\nFROM store_sales\n  JOIN item ON ss_item_sk = i_item_sk\n  JOIN date_dim ON ss_sold_date_sk = d_date_sk\nWHERE d_year = 2002\n  AND i_category IN ('Books', 'Music', 'Home')",
    decisions: [
      {
        path: ["main", "CTE sales"],
        view: "sales",
        used: true,
        reason: "Every row and column is there.",
        compensation: "",
      },
      {
        path: ["main", "CTE sales"],
        view: "sales 2001",
        used: false,
        reason: "It holds d_year = 2001; the SELECT asks for 2002.",
        compensation: "",
      },
    ],
  },
);

const edits: Preview["edits"] = [
  {
    range: range(15, 37, 37),
    oldText: "",
    newText: "\n  JOIN date_dim ON ss_sold_date_sk = d_date_sk",
    reason: "d_date and d_year are columns of date_dim, which was not joined. Joined on its foreign key.",
    code: "missing-join",
  },
  {
    range: range(17, 6, 15),
    oldText: "i_catgory",
    newText: "i_category",
    reason: "i_catgory does not exist. The one close name is i_category.",
    code: "unknown-column",
  },
  { range: range(17, 44, 44), oldText: "", newText: ")", reason: "IN ( was not closed.", code: "unclosed" },
];

/** The same rows of a repaired statement. */
export const repaired = { ...sales, edits };

/** A preview that failed, after the sales. */
export const failed = preview({
  version: 2,
  outcome: "failed",
  edits,
  problems: [
    {
      code: "unknown-column",
      message: "i_catgory does not exist in item.",
      severity: "error",
      hint: "Use i_category.",
      range: range(16, 6, 15),
    },
  ],
});

function job(fields: Partial<JobNode> & { key: string; label: string }): JobNode {
  return {
    kind: "create",
    state: "done",
    sql: "",
    rows: null,
    bytes: null,
    milliseconds: null,
    reason: "",
    queries: [],
    ...fields,
  };
}

/** A job graph with one job of each state. */
export const jobs: Jobs = {
  uri,
  nodes: [
    job({
      key: "items",
      label: "items",
      rows: 61_200,
      bytes: 1_100_000,
      milliseconds: 38,
      sql: "SELECT i_item_sk, i_category\nFROM item",
    }),
    job({
      key: "sales",
      label: "sales",
      rows: 10_412_806,
      bytes: 412_000_000,
      milliseconds: 1_900,
      sql: "SELECT d_date, s_store_name,\n       i_category\nFROM store_sales\n  JOIN item, date_dim, store\nWHERE d_year = 2002",
      reason: "Holds every row that the SELECT under the cursor reads.",
    }),
    job({
      key: "old",
      label: "sales 2001",
      state: "greyed",
      rows: 9_800_000,
      bytes: 24_000_000,
      milliseconds: 1_800,
      reason: "The text no longer asks for it.",
    }),
    job({ key: "returns", label: "returns", state: "running" }),
    job({ key: "stores", label: "stores", state: "evicted", rows: 402, bytes: 60_000, milliseconds: 3 }),
    job({ key: "web", label: "web", state: "failed", milliseconds: 12, reason: "Out of memory." }),
    job({ key: "next", label: "main", state: "queued" }),
    job({ key: "preview", label: "preview", kind: "preview", rows: 100, milliseconds: 4 }),
  ],
  edges: [
    { source: "preview", target: "sales", kind: "served-by" },
    { source: "preview", target: "items", kind: "served-by" },
    { source: "items", target: "sales", kind: "input" },
  ],
};

/** A status with an open DuckDB file. */
export const status: Status = {
  connection: {
    state: "open",
    label: "sales.duckdb",
    engine: "DuckDB",
    version: "2.0.0",
    writable: false,
    tables: 24,
    message: "",
  },
  speculation: { state: "running", reason: "" },
  budget: {
    bytesHeld: 498_000_000,
    bytesAllowed: 2_000_000_000,
    dollarsSpent: null,
    dollarsSaved: null,
    secondsSaved: 2_460,
  },
  languageModel: {
    state: "off",
    reason: "",
    profile: "",
    host: "",
    smallModel: "",
    largeModel: "",
    tokensHour: 0,
    tokensDay: 0,
    tokensPerHour: 0,
    dollarsHour: 0,
    dollarsDay: 0,
    dollarsPerHour: 0,
    dollarsPerDay: 0,
    exact: true,
  },
};
