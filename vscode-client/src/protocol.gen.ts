// Made from server/speql_server/protocol.py by speql_server.protocol_schema. Do not edit by hand.

export type Cell = null | boolean | number | string;

/** A place in a document: line, and character in units of the negotiated encoding, both from 0. */
export interface Position {
  line: number;
  character: number;
}

/** A half-open stretch of a document. */
export interface Range {
  start: Position;
  end: Position;
}

/** A column of a result, with the engine's own spelling of its type. */
export interface Column {
  name: string;
  type: string;
}

/** What is wrong, where, and what to do next. The range is null where the problem has no place. */
export interface Problem {
  code: string;
  message: string;
  severity: "error" | "warning" | "information";
  hint: string;
  range: Range | null;
}

/** One edit of a repair: the typed text that it replaces, with what, and why. */
export interface Edit {
  range: Range;
  oldText: string;
  newText: string;
  reason: string;
  code: string;
}

/** Milliseconds: from repair to superset query, in the engine, and from edit to message. Null: not known. */
export interface Timings {
  analysis: number | null;
  engine: number | null;
  total: number | null;
}

/** Why a temp table was or was not used for a SELECT of the query. */
export interface Decision {
  path: string[];
  view: string;
  used: boolean;
  reason: string;
  compensation: string;
}

/** The ends of the 95 % confidence interval of each cell of a column; null where none is sound. */
export interface Intervals {
  low: (number | null)[];
  high: (number | null)[];
}

/**
 * What an estimated result was made from: a fraction of the rows of a table, drawn at random.
 *
 * ``intervals`` has one entry a column, null for a column without any.
 */
export interface Sample {
  fraction: number;
  table: string;
  intervals: (Intervals | null)[];
}

/**
 * ``speql/preview``: what the SELECT under the cursor gives now, or why there is nothing to show.
 *
 * ``outcome`` is ``rows`` when `columns` and `rows` are a result, ``nothing`` when there is nothing to run (an empty
 * document, a statement that is not a query), and ``failed`` when running it failed: the panel then keeps its old
 * rows, marked stale. ``servedFrom`` names the temp tables that were read; it is empty where base tables alone
 * answered. ``edits`` is the repair: the difference between the typed text and the executed query. ``statement`` is
 * the range of the whole statement, ``range`` that of the SELECT under the cursor. ``sample`` is there if `states`
 * says ``sample``: the rows are estimates, never complete, and another message with the exact ones follows.
 * ``result`` names the result for ``speql/rows`` and the commands that look at it as a whole; it is empty where there
 * is no more to ask for than these rows.
 */
export interface Preview {
  uri: string;
  version: number;
  purpose: "preview" | "submit";
  outcome: "rows" | "nothing" | "failed";
  statement: Range | null;
  range: Range | null;
  breadcrumb: string[];
  states: ("exact" | "sample" | "predicted" | "stale" | "cached")[];
  sample: Sample | null;
  columns: Column[];
  rows: Cell[][];
  complete: boolean;
  totalRows: number | null;
  executedSql: string;
  edits: Edit[];
  servedFrom: string[];
  tempOnly: boolean;
  decisions: Decision[];
  timings: Timings;
  problems: Problem[];
  result: string;
}

/**
 * A job of the graph. ``milliseconds`` is the time that it took, or null while that is not known.
 *
 * ``queries`` are the ids of the statements that were sent to the engine for it, as they are in the server's log.
 */
export interface JobNode {
  key: string;
  kind: string;
  label: string;
  state: string;
  sql: string;
  rows: number | null;
  bytes: number | null;
  milliseconds: number | null;
  reason: string;
  queries: string[];
}

/** An edge of the graph: ``input``, ``served-by`` or ``subsumes``. */
export interface JobEdge {
  source: string;
  target: string;
  kind: string;
}

/** ``speql/jobs``: the whole job graph of a document, each time it changes. */
export interface Jobs {
  uri: string;
  nodes: JobNode[];
  edges: JobEdge[];
}

/** The connection as the user may see it: never a secret. ``message`` says what failed and what was done instead. */
export interface Connection {
  state: "opening" | "open" | "failed" | "closed";
  label: string;
  engine: string;
  version: string;
  writable: boolean;
  tables: number;
  message: string;
}

/** Whether speculation works now, and why not where it does not. */
export interface Speculation {
  state: "off" | "idle" | "running" | "paused";
  reason: string;
}

/** What speculation holds and has cost. Null: this engine does not tell, or costs nothing. */
export interface Budget {
  bytesHeld: number | null;
  bytesAllowed: number | null;
  dollarsSpent: number | null;
  dollarsSaved: number | null;
  secondsSaved: number | null;
}

/**
 * The language model: whether it is asked, where it is, and what it has cost in the last hour and day.
 *
 * ``tokensPerHour``, ``dollarsPerHour`` and ``dollarsPerDay`` are the budgets. ``exact`` is false where tokens were
 * estimated, or the price of the model is not known and was taken to be high.
 */
export interface LanguageModel {
  state: "off" | "idle" | "asking" | "paused";
  reason: string;
  profile: string;
  host: string;
  smallModel: string;
  largeModel: string;
  tokensHour: number;
  tokensDay: number;
  tokensPerHour: number;
  dollarsHour: number;
  dollarsDay: number;
  dollarsPerHour: number;
  dollarsPerDay: number;
  exact: boolean;
}

/** ``speql/status``: connection, speculation, budget and language model of this server. */
export interface Status {
  connection: Connection;
  speculation: Speculation;
  budget: Budget;
  languageModel: LanguageModel;
}

/** ``speql/cursor``, from the client: where the cursor is. Without it the end of the last edit is the cursor. */
export interface CursorMoved {
  uri: string;
  position: Position;
}

/** What ``speql.acceptRepair`` answers; ``reason`` says why nothing was applied. */
export interface AcceptRepairResult {
  applied: boolean;
  reason: string;
}

/** What ``speql.preview`` answers; ``reason`` says why the preview stays where it was. */
export interface PreviewResult {
  moved: boolean;
  reason: string;
}

/** What a code lens carries until it is resolved: which part of which version of a document it is of. */
export interface LensData {
  uri: string;
  version: number;
  offset: number;
  kind: "statement" | "cte" | "select";
}

/** What ``speql.cancel`` answers: how many documents had their work stopped. */
export interface CancelResult {
  documents: number;
}

/**
 * A condition on a column of a result, by its number from 0.
 *
 * ``in`` takes any number of values, ``is null`` and ``is not null`` none, the others one. Values are compared as the
 * column's type; ``contains`` compares text, whatever the case.
 */
export interface Filter {
  column: number;
  operator: "=" | "<>" | "<" | "<=" | ">" | ">=" | "contains" | "in" | "is null" | "is not null";
  values?: (boolean | number | string)[];
}

/** Rows by a column of a result, by its number from 0; NULLs come last. */
export interface Order {
  column: number;
  descending?: boolean;
}

/**
 * ``speql/rows``, from the client: rows of the result that a preview named, for which all filters hold, in order.
 *
 * ``format`` ``arrow`` asks for an Arrow IPC stream in base64 instead of cells.
 */
export interface RowsParams {
  uri: string;
  result: string;
  offset?: number;
  count?: number;
  filters?: Filter[];
  orders?: Order[];
  format?: "json" | "arrow";
}

/**
 * The answer to ``speql/rows``. All pages of a result are of one moment, that of the first one that was asked for.
 *
 * ``totalRows`` are the rows for which the filters hold, ``allRows`` those of the whole result.
 */
export interface Rows {
  columns: Column[];
  offset: number;
  rows: Cell[][];
  arrow: string;
  totalRows: number;
  allRows: number;
}

/** The argument of ``speql.profile``: which columns of a result, all if none are given, over which rows. */
export interface ProfileParams {
  uri: string;
  result: string;
  columns?: number[];
  filters?: Filter[];
}

/** How many rows are in each of the bins of equal width from ``low`` to ``high``; infinite values are in none. */
export interface Histogram {
  low: Cell;
  high: Cell;
  counts: number[];
}

/** A value, and how many rows have it. */
export interface Frequent {
  value: Cell;
  count: number;
}

/**
 * Statistics of a column. Of types without a useful order ``low`` and ``high`` are null, as is ``mean`` of what is
 * no number. A column has a histogram or frequent values, or neither; ``others`` rows have values that are not listed.
 */
export interface ColumnProfile {
  column: number;
  name: string;
  type: string;
  rows: number;
  nulls: number;
  distinct: number;
  low: Cell;
  high: Cell;
  mean: number | null;
  histogram: Histogram | null;
  frequent: Frequent[];
  others: number;
}

/** What ``speql.profile`` answers. */
export interface Profile {
  columns: ColumnProfile[];
}

/** The argument of ``speql.chart``. Without ``x`` the chart that fits the columns is chosen; columns by number. */
export interface ChartParams {
  uri: string;
  result: string;
  mark?: "bar" | "line" | "point" | "area";
  x?: number | null;
  y?: number | null;
  colour?: number | null;
  aggregate?: "none" | "sum" | "mean" | "min" | "max" | "count";
  binned?: boolean;
  filters?: Filter[];
}

/**
 * What ``speql.chart`` answers: a Vega-Lite specification with its data in it, and the choice that it is made of.
 *
 * ``notes`` say what is not drawn. ``sql`` is what the engine was given.
 */
export interface Chart {
  mark: "bar" | "line" | "point" | "area";
  x: number;
  y: number | null;
  colour: number | null;
  aggregate: "none" | "sum" | "mean" | "min" | "max" | "count";
  binned: boolean;
  specification: unknown;
  notes: string[];
  sql: string;
}

/** The argument of ``speql.export``: a whole result to a file. ``path`` is absolute, or a ``file:`` URI. */
export interface ExportParams {
  uri: string;
  result: string;
  path: string;
  format: "csv" | "parquet" | "json" | "jsonl";
  overwrite?: boolean;
  filters?: Filter[];
  orders?: Order[];
}

/** What ``speql.export`` answers. */
export interface Exported {
  path: string;
  rows: number;
  bytes: number;
}

/** A SELECT of the superset query: whether it becomes a temp table, and why. */
export interface ExplainedUnit {
  path: string[];
  tempTable: string;
  create: boolean;
  reason: string;
  estimatedRows: number | null;
  sql: string;
}

/**
 * What ``speql.explain`` answers of the statement at a place: what would be computed, and what it is served from.
 *
 * ``servedFrom`` are the temp tables that are there now or would be made; ``tempOnly`` that no base table is read.
 */
export interface Explained {
  repaired: string;
  edits: string[];
  units: ExplainedUnit[];
  sql: string;
  servedFrom: string[];
  tempOnly: boolean;
  decisions: Decision[];
  problems: Problem[];
}

/** What ``speql.pause`` answers: whether speculation is paused now. */
export interface Paused {
  paused: boolean;
}

/** The custom notifications and what they carry. */
export interface Messages {
  "speql/preview": Preview;
  "speql/jobs": Jobs;
  "speql/status": Status;
  "speql/cursor": CursorMoved;
}
