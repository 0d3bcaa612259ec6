// Made from server/speql_server/protocol.py by speql_server.wire.protocol_schema. Do not edit by hand.

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

/**
 * One edit of a repair: the typed text that it replaces, with what, and why.
 *
 * ``predicted`` says that it puts in what may come next, the rest of the word at the cursor: accepting the repair does
 * not write it, the ghost text does.
 */
export interface Edit {
  range: Range;
  oldText: string;
  newText: string;
  reason: string;
  code: string;
  predicted: boolean;
}

/**
 * A stretch of a statement as it was typed, and as it was executed; the number of the edit between them, from 0.
 *
 * Without an edit both are the same. All pieces in order are the whole statement.
 */
export interface Piece {
  typed: string;
  executed: string;
  edit: number | null;
}

/**
 * Milliseconds: from repair to superset query, in the engine, and from edit to message. Null: not known.
 *
 * ``direct`` is an estimate: what the query would take on base tables alone.
 */
export interface Timings {
  analysis: number | null;
  engine: number | null;
  total: number | null;
  direct: number | null;
}

/**
 * Why a temp table was or was not used for a SELECT of the query.
 *
 * ``passed`` are the checks that a temp table has passed before the one that ``reason`` tells of.
 */
export interface Decision {
  path: string[];
  view: string;
  used: boolean;
  reason: string;
  compensation: string;
  passed: string[];
}

/** The ends of the 95 % confidence interval of each cell of a column; null where none is sound. */
export interface Intervals {
  low: (number | null)[];
  high: (number | null)[];
}

/**
 * What an estimated result was made from: a fraction of the rows of a table, drawn at random.
 *
 * ``rows`` is about how many were drawn, null if the table's number of rows is not known. ``intervals`` has one entry
 * a column, null for a column without any.
 */
export interface Sample {
  fraction: number;
  table: string;
  intervals: (Intervals | null)[];
  rows: number | null;
}

/**
 * ``speql/preview``: what the SELECT under the cursor gives now, or why there is nothing to show.
 *
 * ``outcome`` is ``rows`` when `columns` and `rows` are a result, ``nothing`` when there is nothing to run (an empty
 * document, a statement that is not a query), and ``failed`` when running it failed: the panel then keeps its old
 * rows, marked stale. ``servedFrom`` names the temp tables that were read; it is empty where base tables alone
 * answered. ``edits`` is the repair: the difference between the typed text and the executed query, and ``pieces`` are
 * both texts side by side; ``executedSql`` is that query over temp tables. ``statement`` is
 * the range of the whole statement, ``range`` that of the SELECT under the cursor. ``places`` has for each part of
 * ``breadcrumb`` a position at which the cursor is in that SELECT, or null. ``sample`` is there if `states`
 * says ``sample``: the rows are estimates, never complete, and another message with the exact ones follows.
 * ``estimatedRows`` is the engine's estimate of the number of all rows, where that is not known but asked about.
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
  places: (Position | null)[];
  states: ("exact" | "sample" | "predicted" | "stale" | "cached")[];
  sample: Sample | null;
  columns: Column[];
  rows: Cell[][];
  complete: boolean;
  totalRows: number | null;
  estimatedRows: number | null;
  executedSql: string;
  edits: Edit[];
  pieces: Piece[];
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
 * ``table`` is the name of the temp table that it has made, empty while there is none. ``tables`` are the names of the
 * base tables that it reads. ``estimatedRows`` and ``estimatedMilliseconds`` are what is expected of it.
 * ``queries`` are the ids of the statements that were sent to the engine for it, as they are in the server's log.
 */
export interface JobNode {
  key: string;
  kind: string;
  label: string;
  state: string;
  sql: string;
  table: string;
  tables: string[];
  rows: number | null;
  bytes: number | null;
  milliseconds: number | null;
  estimatedRows: number | null;
  estimatedMilliseconds: number | null;
  reason: string;
  queries: string[];
}

/** An edge of the graph: ``input``, ``served-by`` or ``subsumes``. */
export interface JobEdge {
  source: string;
  target: string;
  kind: string;
}

/** A base table that jobs read: its full name, and its size where it is known. */
export interface BaseTable {
  name: string;
  rows: number | null;
  bytes: number | null;
}

/** ``speql/jobs``: the whole job graph of a document, each time it changes, and the base tables that it reads. */
export interface Jobs {
  uri: string;
  nodes: JobNode[];
  edges: JobEdge[];
  tables: BaseTable[];
}

/**
 * How far the names of tables and columns are known.
 *
 * ``partial``: they are being read still; ``stale``: the database has changed and they are being read again. Until
 * then completion proposes from what is there. ``loadedAt`` is when they were read, in seconds since 1970; null: not
 * yet.
 */
export interface CatalogState {
  partial: boolean;
  stale: boolean;
  loadedAt: number | null;
}

/**
 * What may be run ahead on a connection: nothing, what is free, or what its budget allows.
 *
 * ``paid``: its engine charges for statements. ``reason`` says why nothing that costs is run ahead now, if so.
 * ``hourShare`` is which part of the budget of an hour is spent, from 0 to 1, and ``hour`` that in words
 * (``$0.12 of $1.00``); null and empty where an hour has no limit.
 */
export interface ConnectionSpeculation {
  mode: "off" | "free" | "budget";
  paid: boolean;
  reason: string;
  hourShare: number | null;
  hour: string;
}

/**
 * A connection as the user may see it: never a secret. ``message`` says what failed and what was done instead.
 *
 * ``name`` is empty for the one that documents have that say nothing of one.
 */
export interface Connection {
  name: string;
  state: "opening" | "open" | "failed" | "closed";
  label: string;
  engine: string;
  version: string;
  writable: boolean;
  tables: number;
  catalog: CatalogState;
  message: string;
  speculation: ConnectionSpeculation | null;
}

/**
 * Which connection a document has: its ``name``, and ``chosenBy`` what.
 *
 * ``problem`` says why it is none: the name is that of no connection.
 */
export interface DocumentConnection {
  uri: string;
  name: string;
  chosenBy: "settings" | "comment" | "command";
  problem: string;
}

/** Whether speculation works now, and why not where it does not. */
export interface Speculation {
  state: "off" | "idle" | "running" | "paused";
  reason: string;
}

/**
 * What speculation holds, has cost and has saved in this session. Null: nobody counts it, or it costs nothing.
 *
 * ``secondsSaved`` is by how much submits were answered sooner than they are expected to run on base tables;
 * ``dollarsSaved`` what they would have cost. Wasted is what was spent ahead on what no answer was made of so far.
 */
export interface Budget {
  bytesHeld: number | null;
  bytesAllowed: number | null;
  dollarsSpent: number | null;
  dollarsSaved: number | null;
  secondsSaved: number | null;
  secondsSpent: number | null;
  secondsWasted: number | null;
  dollarsWasted: number | null;
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

/**
 * ``speql/status``: connections, speculation, budget and language model of this server.
 *
 * ``connection`` is the one of documents that say nothing of one; ``connections`` are all that are open or were to be,
 * and ``documents`` tells which of them each open document has. The budget is that of all together.
 */
export interface Status {
  connection: Connection;
  connections: Connection[];
  documents: DocumentConnection[];
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
 * A connection that a document may have; ``name`` is empty for the one without a name.
 *
 * ``unavailable`` says why this one cannot be opened, and is empty for all others.
 */
export interface KnownConnection {
  name: string;
  database: string;
  writable: boolean;
  open: boolean;
  unavailable: string;
}

/**
 * What ``speql.selectConnection`` answers: the connections that the document may have, and which it has now.
 *
 * ``reason`` says why it is not the one that was asked for.
 */
export interface SelectConnectionResult {
  name: string;
  connections: KnownConnection[];
  reason: string;
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

/** What could be drawn against what: the arguments of ``speql.chart`` for it, columns by number. */
export interface ChartChoice {
  mark: "bar" | "line" | "point" | "area";
  x: number;
  y: number | null;
  colour: number | null;
  aggregate: "none" | "sum" | "mean" | "min" | "max" | "count";
  binned: boolean;
}

/**
 * What ``speql.chart`` answers: a Vega-Lite specification with its data in it, and the choice that it is made of.
 *
 * ``unit`` is what times on the x axis were cut to (``month``), empty if they were not. ``notes`` say what is not
 * drawn. ``proposals`` are up to four charts that fit the result's columns, the best first. ``sql`` is what the engine
 * was given.
 */
export interface Chart {
  mark: "bar" | "line" | "point" | "area";
  x: number;
  y: number | null;
  colour: number | null;
  aggregate: "none" | "sum" | "mean" | "min" | "max" | "count";
  binned: boolean;
  specification: unknown;
  unit: string;
  notes: string[];
  proposals: ChartChoice[];
  sql: string;
}

/** The argument of ``speql.export``: a whole result to a file. ``path`` is absolute, or a ``file:`` URI. */
export interface ExportParams {
  uri: string;
  result: string;
  path: string;
  format: "csv" | "parquet" | "json" | "jsonl" | "xlsx";
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

/** The argument of ``speql.columns``. */
export interface ColumnsParams {
  uri: string;
}

/** What ``speql.columns`` answers: the columns of the SELECT at the cursor, none if they are not known. */
export interface Columns {
  columns: Column[];
}

/** The argument of ``speql.schema``: of a document's connection the tables in whose name, or a column's, this is. */
export interface SchemaParams {
  uri: string;
  containing?: string;
}

/** A column of a table. ``sql`` is its name as it has to be written. */
export interface SchemaColumn {
  name: string;
  type: string;
  sql: string;
  primaryKey: boolean;
}

/** A table or view. ``sql`` is its name as it has to be written; ``rows`` is null where the engine does not tell. */
export interface SchemaTable {
  name: string;
  schema: string;
  database: string;
  kind: "table" | "view";
  sql: string;
  rows: number | null;
  columns: SchemaColumn[];
}

/**
 * What ``speql.schema`` answers: tables in the order of their names, and how many more there are.
 *
 * ``partial`` says that the tables are being read still.
 */
export interface Schema {
  tables: SchemaTable[];
  more: number;
  partial: boolean;
}

/** The argument of ``speql.sample``. */
export interface SampleParams {
  uri: string;
}

/** What ``speql.sample`` answers: whether an estimate of the preview was shown, or why there is none. */
export interface Sampled {
  shown: boolean;
  reason: string;
}

/** The most that may be spent; null is no limit. */
export interface SpendingLimit {
  dollars: number | null;
  seconds: number | null;
  bytes: number | null;
}

/**
 * What ``speql.setSpeculation`` answers: what may be spent ahead of submits on a document's connection now.
 *
 * ``byCommand``: it was said by this command, and not by the settings. ``reason`` says what of it was not done.
 */
export interface SpeculationSet {
  connection: string;
  mode: "off" | "free" | "budget";
  paid: boolean;
  perStatement: SpendingLimit;
  perHour: SpendingLimit;
  perDay: SpendingLimit;
  concurrency: number | null;
  resumeWarehouse: boolean;
  byCommand: boolean;
  reason: string;
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
