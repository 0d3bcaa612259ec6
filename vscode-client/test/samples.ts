/** Messages as the server sends them, for the tests and the gallery. */

import type { Cell, Chart, JobNode, Jobs, Piece, Position, Preview, Range, Status } from "../src/protocol.gen";

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
    places: [],
    states: [],
    sample: null,
    columns: [],
    rows: [],
    complete: false,
    totalRows: null,
    estimatedRows: null,
    executedSql: "",
    edits: [],
    pieces: [],
    servedFrom: [],
    tempOnly: false,
    decisions: [],
    timings: { analysis: null, engine: null, total: null, direct: null },
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
    timings: { analysis: 3.2, engine: 1.8, total: 4.1, direct: 812 },
    ...fields,
  });
}

const stores = ["ought", "able", "ese", "anti", "cally", "ation", "eing", "bar"];
const categories = ["Books", "Music", "Home"];

function sale(row: number): Cell[] {
  const spread = (row * 7919) % 1000;
  return [
    new Date(Date.UTC(2002, 10, 28) - (Math.floor(row / 5) % 330) * 86_400_000).toISOString().slice(0, 10),
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
    places: [at(20, 0), at(7, 15), at(9, 2)],
    pieces: [
      {
        typed:
          "SELECT d_date AS sold_on, s_store_name AS store\nFROM store_sales -- every sale\n" +
          "  JOIN date_dim ON ss_sold_date_sk = d_date_sk\nWHERE d_year = 2002",
        executed:
          "SELECT d_date AS sold_on, s_store_name AS store\nFROM store_sales -- every sale\n" +
          "  JOIN date_dim ON ss_sold_date_sk = d_date_sk\nWHERE d_year = 2002",
        edit: null,
      },
    ],
    result: "r1",
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
        reason: "every row it needs is there",
        compensation: "",
        passed: [],
      },
      {
        path: ["main", "CTE sales"],
        view: "sales 2001",
        used: false,
        reason: "the view keeps only `d_year = 2001`, the query needs `d_year = 2002`",
        compensation: "",
        passed: ["the query reads its tables", "they are joined as in the query"],
      },
    ],
  },
);

/** The same preview with a name for its whole result. */
export const paged: Preview = { ...sales, result: "r7-cafe" };

/** That result, for a host that makes up its answers. */
export const pagedResult = { columns: paged.columns, total: 10_412_806, row: sale };
const kept = (text: string): Piece => ({ typed: text, executed: text, edit: null });

/** The statement of the sales as it was typed and as it was executed. */
const pieces: Piece[] = [
  kept(
    "SELECT d_date AS sold_on, s_store_name AS store,\n       i_category AS category, i_item_sk AS item,\n" +
      "       ss_quantity AS quantity,\n       ss_net_paid AS net_paid\nFROM store_sales\n" +
      "  JOIN item ON ss_item_sk = i_item_sk",
  ),
  { typed: "", executed: "\n  JOIN date_dim ON ss_sold_date_sk = d_date_sk", edit: 0 },
  { typed: "", executed: "\n  JOIN store ON ss_store_sk = s_store_sk", edit: 1 },
  kept("\nWHERE d_year = 2002\n  AND "),
  { typed: "i_catgory", executed: "i_category", edit: 2 },
  kept(" IN ('Books', 'Music', 'Home'"),
  { typed: "", executed: ")", edit: 3 },
  kept("\n  AND "),
  { typed: "ss_qu", executed: "ss_quantity > 0", edit: 4 },
];

const edits: Preview["edits"] = [
  {
    range: range(12, 37, 37),
    oldText: "",
    newText: "\n  JOIN date_dim ON ss_sold_date_sk = d_date_sk",
    reason: "`d_date` and `d_year` are columns of `date_dim`, which was not joined. Joined on its foreign key.",
    code: "join-condition",
    predicted: false,
  },
  {
    range: range(12, 37, 37),
    oldText: "",
    newText: "\n  JOIN store ON ss_store_sk = s_store_sk",
    reason: "`s_store_name` is a column of `store`, which was not joined. Joined on its foreign key.",
    code: "join-condition",
    predicted: false,
  },
  {
    range: range(14, 6, 15),
    oldText: "i_catgory",
    newText: "i_category",
    reason: "`i_catgory` does not exist. The one close name is `i_category`.",
    code: "name-corrected",
    predicted: false,
  },
  {
    range: range(14, 44, 44),
    oldText: "",
    newText: ")",
    reason: "`IN (` was not closed.",
    code: "closed",
    predicted: false,
  },
  {
    range: range(15, 6, 11),
    oldText: "ss_qu",
    newText: "ss_quantity > 0",
    reason: "`ss_qu` completed as in 14 of your earlier queries.",
    code: "word-completed",
    predicted: true,
  },
];

/** The same rows of a repaired statement. */
export const repaired: Preview = { ...sales, edits, pieces };

/** A preview that failed, after the sales. */
export const failed = preview({
  version: 2,
  outcome: "failed",
  statement: range(7, 0, 10),
  edits: [edits[2]!],
  pieces: [kept("SELECT * FROM item\nWHERE "), pieces[4]!].map((piece, at) =>
    at === 1 ? { ...piece, edit: 0 } : piece,
  ),
  problems: [
    {
      code: "unknown-column",
      message: "`i_catgory` does not exist in `item`.",
      severity: "error",
      hint: "",
      range: range(16, 6, 15),
    },
  ],
});

function job(fields: Partial<JobNode> & { key: string; label: string }): JobNode {
  return {
    kind: "create",
    state: "done",
    sql: "",
    table: "",
    tables: [],
    rows: null,
    bytes: null,
    milliseconds: null,
    estimatedRows: null,
    estimatedMilliseconds: null,
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
      label: "main › CTE items",
      table: "items",
      tables: ["tpcds.main.item"],
      rows: 61_200,
      bytes: 1_100_000,
      milliseconds: 38,
      sql: "SELECT i_item_sk, i_category\nFROM item",
    }),
    job({
      key: "sales",
      label: "main › CTE sales",
      table: "sales",
      tables: ["tpcds.main.store_sales", "tpcds.main.date_dim"],
      rows: 10_412_806,
      bytes: 412_000_000,
      milliseconds: 1_900,
      sql: "SELECT d_date, s_store_name,\n       i_category\nFROM store_sales\n  JOIN item, date_dim, store\nWHERE d_year = 2002",
      reason: "about 10.4 million rows instead of 288 million rows of work",
    }),
    job({
      key: "old",
      label: "main › CTE sales 2001",
      table: "sales 2001",
      tables: ["tpcds.main.store_sales", "tpcds.main.date_dim"],
      state: "greyed",
      rows: 9_800_000,
      bytes: 24_000_000,
      milliseconds: 1_800,
      sql: "SELECT d_date, s_store_name,\n       i_category, ...\nFROM store_sales\n  JOIN item, date_dim, store\nWHERE d_year = 2001",
      reason: "no longer wanted",
    }),
    job({
      key: "returns",
      label: "main › CTE returns",
      tables: ["tpcds.main.store_returns", "tpcds.main.date_dim"],
      state: "running",
      estimatedRows: 1_400_000,
      estimatedMilliseconds: 8_000,
    }),
    job({
      key: "stores",
      label: "main › CTE stores",
      tables: ["tpcds.main.store"],
      state: "evicted",
      rows: 402,
      bytes: 60_000,
      milliseconds: 3,
    }),
    job({
      key: "web",
      label: "main › CTE web",
      tables: ["tpcds.main.item"],
      state: "failed",
      milliseconds: 12,
      reason: "Out of memory.",
    }),
    job({
      key: "next",
      label: "main",
      state: "queued",
      estimatedRows: 36,
      estimatedMilliseconds: 90,
      reason: "about 36 rows instead of 12 million rows of work",
    }),
    job({
      key: "preview:1",
      label: "preview",
      kind: "preview",
      rows: 100,
      milliseconds: 4,
      sql: 'SELECT * FROM "sales" JOIN "items" USING (i_item_sk)',
    }),
  ],
  edges: [
    { source: "preview:1", target: "sales", kind: "served-by" },
    { source: "preview:1", target: "items", kind: "served-by" },
    { source: "sales", target: "next", kind: "input" },
    { source: "returns", target: "next", kind: "input" },
  ],
  tables: [
    { name: "tpcds.main.item", rows: 204_000, bytes: 18_000_000 },
    { name: "tpcds.main.store_sales", rows: 288_000_000, bytes: 12_400_000_000 },
    { name: "tpcds.main.date_dim", rows: 73_049, bytes: 2_000_000 },
    { name: "tpcds.main.store_returns", rows: 28_800_000, bytes: 1_100_000_000 },
    { name: "tpcds.main.store", rows: 402, bytes: 60_000 },
  ],
};

const months = Array.from({ length: 12 }, (_, at) => `2002-${String(at + 1).padStart(2, "0")}-01`);
const monthly: Record<string, number[]> = {
  Books: [21, 19, 20, 20, 21, 20, 22, 34, 36, 38, 49, 46],
  Home: [17, 16, 16.5, 16, 17, 16, 18, 27, 29, 30, 38, 36],
  Music: [11, 10, 10.5, 10, 11, 10.6, 12, 18, 19, 20, 26, 24],
};

/** What the server answers when it is asked for a chart of the sales. */
export const salesChart: Chart = {
  mark: "line",
  x: 0,
  y: 5,
  colour: 2,
  aggregate: "sum",
  binned: false,
  unit: "month",
  specification: {
    data: {
      values: months.flatMap((month, at) =>
        Object.entries(monthly).map(([colour, values]) => ({ x: month, y: values[at]! * 1e6, colour })),
      ),
    },
    mark: { type: "line" },
    encoding: {
      x: { field: "x", type: "temporal", title: "sold_on (month)" },
      y: { field: "y", type: "quantitative", title: "sum of net_paid" },
      color: { field: "colour", type: "nominal", title: "category", scale: { domain: ["Books", "Home", "Music"] } },
    },
  },
  notes: [],
  proposals: [
    { mark: "line", x: 0, y: 5, colour: 2, aggregate: "sum", binned: false },
    { mark: "bar", x: 2, y: 5, colour: null, aggregate: "sum", binned: false },
    { mark: "bar", x: 5, y: null, colour: null, aggregate: "count", binned: true },
    { mark: "bar", x: 1, y: 5, colour: null, aggregate: "sum", binned: false },
  ],
  sql: "",
};

/** What the server answers to another choice of the sales' chart. */
export function chartOf(choice: Partial<Chart>): Chart {
  const values: { x: Cell; x2?: Cell; y: Cell }[] =
    choice.binned === true
      ? Array.from({ length: 30 }, (_, at) => ({
          x: at * 30,
          x2: (at + 1) * 30,
          y: Math.round(90_000 * at * 2 ** -(at / 3)),
        }))
      : choice.x === 2
        ? [
            { x: "Books", y: 346e6 },
            { x: "Home", y: 276.5e6 },
            { x: "Music", y: 182.1e6 },
          ]
        : stores
            .concat(["ought and able", "barbar", "callyought"])
            .map((store, at) => ({ x: store, y: (40 - at * 3) * 1e6 }));
  const type = choice.binned === true ? "quantitative" : "nominal";
  return {
    ...salesChart,
    colour: null,
    unit: "",
    ...choice,
    specification: {
      data: { values },
      mark: { type: "bar" },
      encoding: { x: { field: "x", type }, y: { field: "y", type: "quantitative" } },
    },
  };
}

/** The sales by month and category, estimated from a sample. */
export const estimatedSales: Preview = rowsOf(
  [
    ["month", "DATE"],
    ["category", "VARCHAR"],
    ["net_paid", "DECIMAL(38,2)"],
  ],
  months.flatMap((month, at) =>
    Object.entries(monthly).map(([name, values]): Cell[] => [month, name, values[at]! * 1e6]),
  ),
  {
    breadcrumb: ["main", "CTE sales", "subquery"],
    states: ["sample"],
    complete: false,
    result: "r2",
    sample: {
      fraction: 0.05,
      table: "store_sales",
      rows: 520_640,
      intervals: [
        null,
        null,
        {
          low: months.flatMap((_, at) => Object.values(monthly).map((values) => values[at]! * 0.955e6)),
          high: months.flatMap((_, at) => Object.values(monthly).map((values) => values[at]! * 1.045e6)),
        },
      ],
    },
    timings: { analysis: 3, engine: 30, total: 38, direct: 2_000 },
  },
);

/** A status with an open DuckDB file. */
export const status: Status = {
  connection: {
    name: "",
    state: "open",
    label: "sales.duckdb",
    engine: "DuckDB",
    version: "2.0.0",
    writable: false,
    tables: 24,
    catalog: { partial: false, stale: false, loadedAt: 1_700_000_000 },
    message: "",
    speculation: { mode: "budget", paid: false, reason: "", hourShare: null, hour: "" },
  },
  connections: [],
  documents: [],
  speculation: { state: "running", reason: "" },
  budget: {
    bytesHeld: 498_000_000,
    bytesAllowed: 2_000_000_000,
    dollarsSpent: null,
    dollarsSaved: null,
    secondsSaved: 2_460,
    secondsSpent: null,
    secondsWasted: null,
    dollarsWasted: null,
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
