"""The wire types of SpeQL's own messages and commands, declared here and nowhere else.

Names are camelCase on the wire. `typescript.py` turns these declarations into the types of the VS Code client.
Values inside the server are frozen dataclasses of the rooms below; `to_lsp.py` makes these out of them.
"""

from typing import Any, Literal

import msgspec

PREVIEW = "speql/preview"
JOBS = "speql/jobs"
STATUS = "speql/status"
CURSOR = "speql/cursor"
ROWS = "speql/rows"

Cell = None | bool | int | float | str
"""A value of a result. NULL is null; integers beyond 2^53, NaN, infinities and other types are text as in DuckDB."""

Severity = Literal["error", "warning", "information"]
ResultState = Literal["exact", "sample", "predicted", "stale", "cached"]


class Wire(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The base of every wire type. Each repeats ``frozen`` and ``kw_only``, which type checkers do not inherit."""


class Request(Wire, frozen=True, kw_only=True):
    """The base of what a client sends: what has a default may be left out."""


class Position(Wire, frozen=True, kw_only=True):
    """A place in a document: line, and character in units of the negotiated encoding, both from 0."""

    line: int
    character: int


class Range(Wire, frozen=True, kw_only=True):
    """A half-open stretch of a document."""

    start: Position
    end: Position


class Column(Wire, frozen=True, kw_only=True):
    """A column of a result, with the engine's own spelling of its type."""

    name: str
    type: str


class Problem(Wire, frozen=True, kw_only=True):
    """What is wrong, where, and what to do next. The range is null where the problem has no place."""

    code: str
    message: str
    severity: Severity = "error"
    hint: str = ""
    range: Range | None = None


class Edit(Wire, frozen=True, kw_only=True):
    """One edit of a repair: the typed text that it replaces, with what, and why.

    ``predicted`` says that it puts in what may come next, the rest of the word at the cursor: accepting the repair does
    not write it, the ghost text does.
    """

    range: Range
    old_text: str
    new_text: str
    reason: str
    code: str
    predicted: bool = False


class Piece(Wire, frozen=True, kw_only=True):
    """A stretch of a statement as it was typed, and as it was executed; the number of the edit between them, from 0.

    Without an edit both are the same. All pieces in order are the whole statement.
    """

    typed: str
    executed: str
    edit: int | None = None


class Timings(Wire, frozen=True, kw_only=True):
    """Milliseconds: from repair to superset query, in the engine, and from edit to message. Null: not known.

    ``direct`` is an estimate: what the query would take on base tables alone.
    """

    analysis: float | None = None
    engine: float | None = None
    total: float | None = None
    direct: float | None = None


class Decision(Wire, frozen=True, kw_only=True):
    """Why a temp table was or was not used for a SELECT of the query.

    ``passed`` are the checks that a temp table has passed before the one that ``reason`` tells of.
    """

    path: list[str]
    view: str
    used: bool
    reason: str
    compensation: str = ""
    passed: list[str] = []


class Intervals(Wire, frozen=True, kw_only=True):
    """The ends of the 95 % confidence interval of each cell of a column; null where none is sound."""

    low: list[float | None]
    high: list[float | None]


class Sample(Wire, frozen=True, kw_only=True):
    """What an estimated result was made from: a fraction of the rows of a table, drawn at random.

    ``rows`` is about how many were drawn, null if the table's number of rows is not known. ``intervals`` has one entry
    a column, null for a column without any.
    """

    fraction: float
    table: str
    intervals: list[Intervals | None]
    rows: int | None = None


class Preview(Wire, frozen=True, kw_only=True):
    """``speql/preview``: what the SELECT under the cursor gives now, or why there is nothing to show.

    ``outcome`` is ``rows`` when `columns` and `rows` are a result, ``nothing`` when there is nothing to run (an empty
    document, a statement that is not a query), and ``failed`` when running it failed: the panel then keeps its old
    rows, marked stale. ``servedFrom`` names the temp tables that were read; it is empty where base tables alone
    answered. ``edits`` is the repair: the difference between the typed text and the executed query, and ``pieces`` are
    both texts side by side; ``executedSql`` is that query over temp tables. ``statement`` is
    the range of the whole statement, ``range`` that of the SELECT under the cursor. ``places`` has for each part of
    ``breadcrumb`` a position at which the cursor is in that SELECT, or null. ``sample`` is there if `states`
    says ``sample``: the rows are estimates, never complete, and another message with the exact ones follows.
    ``estimatedRows`` is the engine's estimate of the number of all rows, where that is not known but asked about.
    ``result`` names the result for ``speql/rows`` and the commands that look at it as a whole; it is empty where there
    is no more to ask for than these rows.
    """

    uri: str
    version: int
    purpose: Literal["preview", "submit"]
    outcome: Literal["rows", "nothing", "failed"]
    statement: Range | None = None
    range: Range | None = None
    breadcrumb: list[str] = []
    places: list[Position | None] = []
    states: list[ResultState] = []
    sample: Sample | None = None
    columns: list[Column] = []
    rows: list[list[Cell]] = []
    complete: bool = False
    total_rows: int | None = None
    estimated_rows: int | None = None
    executed_sql: str = ""
    edits: list[Edit] = []
    pieces: list[Piece] = []
    served_from: list[str] = []
    temp_only: bool = False
    decisions: list[Decision] = []
    timings: Timings = Timings()
    problems: list[Problem] = []
    result: str = ""


class JobNode(Wire, frozen=True, kw_only=True):
    """A job of the graph. ``milliseconds`` is the time that it took, or null while that is not known.

    ``table`` is the name of the temp table that it has made, empty while there is none. ``tables`` are the names of the
    base tables that it reads. ``estimatedRows`` and ``estimatedMilliseconds`` are what is expected of it.
    ``queries`` are the ids of the statements that were sent to the engine for it, as they are in the server's log.
    """

    key: str
    kind: str
    label: str
    state: str
    sql: str = ""
    table: str = ""
    tables: list[str] = []
    rows: int | None = None
    bytes: int | None = None
    milliseconds: float | None = None
    estimated_rows: int | None = None
    estimated_milliseconds: float | None = None
    reason: str = ""
    queries: list[str] = []


class JobEdge(Wire, frozen=True, kw_only=True):
    """An edge of the graph: ``input``, ``served-by`` or ``subsumes``."""

    source: str
    target: str
    kind: str


class BaseTable(Wire, frozen=True, kw_only=True):
    """A base table that jobs read: its full name, and its size where it is known."""

    name: str
    rows: int | None = None
    bytes: int | None = None


class Jobs(Wire, frozen=True, kw_only=True):
    """``speql/jobs``: the whole job graph of a document, each time it changes, and the base tables that it reads."""

    uri: str
    nodes: list[JobNode] = []
    edges: list[JobEdge] = []
    tables: list[BaseTable] = []


class CatalogState(Wire, frozen=True, kw_only=True):
    """How far the names of tables and columns are known.

    ``partial``: they are being read still; ``stale``: the database has changed and they are being read again. Until
    then completion proposes from what is there. ``loadedAt`` is when they were read, in seconds since 1970; null: not
    yet.
    """

    partial: bool = False
    stale: bool = False
    loaded_at: float | None = None


class ConnectionSpeculation(Wire, frozen=True, kw_only=True):
    """What may be run ahead on a connection: nothing, what is free, or what its budget allows.

    ``paid``: its engine charges for statements. ``reason`` says why nothing that costs is run ahead now, if so.
    ``hourShare`` is which part of the budget of an hour is spent, from 0 to 1, and ``hour`` that in words
    (``$0.12 of $1.00``); null and empty where an hour has no limit.
    """

    mode: Literal["off", "free", "budget"]
    paid: bool = False
    reason: str = ""
    hour_share: float | None = None
    hour: str = ""


class Connection(Wire, frozen=True, kw_only=True):
    """A connection as the user may see it: never a secret. ``message`` says what failed and what was done instead.

    ``name`` is empty for the one that documents have that say nothing of one.
    """

    name: str = ""
    state: Literal["opening", "open", "failed", "closed"]
    label: str = ""
    engine: str = ""
    version: str = ""
    writable: bool = False
    tables: int = 0
    catalog: CatalogState = CatalogState()
    message: str = ""
    speculation: ConnectionSpeculation | None = None


class DocumentConnection(Wire, frozen=True, kw_only=True):
    """Which connection a document has: its ``name``, and ``chosenBy`` what.

    ``problem`` says why it is none: the name is that of no connection.
    """

    uri: str
    name: str = ""
    chosen_by: Literal["settings", "comment", "command"] = "settings"
    problem: str = ""


class Speculation(Wire, frozen=True, kw_only=True):
    """Whether speculation works now, and why not where it does not."""

    state: Literal["off", "idle", "running", "paused"]
    reason: str = ""


class Budget(Wire, frozen=True, kw_only=True):
    """What speculation holds, has cost and has saved in this session. Null: nobody counts it, or it costs nothing.

    ``secondsSaved`` is by how much submits were answered sooner than they are expected to run on base tables;
    ``dollarsSaved`` what they would have cost. Wasted is what was spent ahead on what no answer was made of so far.
    """

    bytes_held: int | None = None
    bytes_allowed: int | None = None
    dollars_spent: float | None = None
    dollars_saved: float | None = None
    seconds_saved: float | None = None
    seconds_spent: float | None = None
    seconds_wasted: float | None = None
    dollars_wasted: float | None = None


class LanguageModel(Wire, frozen=True, kw_only=True):
    """The language model: whether it is asked, where it is, and what it has cost in the last hour and day.

    ``tokensPerHour``, ``dollarsPerHour`` and ``dollarsPerDay`` are the budgets. ``exact`` is false where tokens were
    estimated, or the price of the model is not known and was taken to be high.
    """

    state: Literal["off", "idle", "asking", "paused"]
    reason: str = ""
    profile: str = ""
    host: str = ""
    small_model: str = ""
    large_model: str = ""
    tokens_hour: int = 0
    tokens_day: int = 0
    tokens_per_hour: int = 0
    dollars_hour: float = 0.0
    dollars_day: float = 0.0
    dollars_per_hour: float = 0.0
    dollars_per_day: float = 0.0
    exact: bool = True


class Status(Wire, frozen=True, kw_only=True):
    """``speql/status``: connections, speculation, budget and language model of this server.

    ``connection`` is the one of documents that say nothing of one; ``connections`` are all that are open or were to be,
    and ``documents`` tells which of them each open document has. The budget is that of all together.
    """

    connection: Connection
    connections: list[Connection] = []
    documents: list[DocumentConnection] = []
    speculation: Speculation
    budget: Budget = Budget()
    language_model: LanguageModel = LanguageModel(state="off")


class CursorMoved(Request, frozen=True, kw_only=True):
    """``speql/cursor``, from the client: where the cursor is. Without it the end of the last edit is the cursor."""

    uri: str
    position: Position


class AcceptRepairResult(Wire, frozen=True, kw_only=True):
    """What ``speql.acceptRepair`` answers; ``reason`` says why nothing was applied."""

    applied: bool
    reason: str = ""


class PreviewResult(Wire, frozen=True, kw_only=True):
    """What ``speql.preview`` answers; ``reason`` says why the preview stays where it was."""

    moved: bool
    reason: str = ""


class LensData(Wire, frozen=True, kw_only=True):
    """What a code lens carries until it is resolved: which part of which version of a document it is of."""

    uri: str
    version: int
    offset: int
    kind: Literal["statement", "cte", "select"]


class CancelResult(Wire, frozen=True, kw_only=True):
    """What ``speql.cancel`` answers: how many documents had their work stopped."""

    documents: int


class KnownConnection(Wire, frozen=True, kw_only=True):
    """A connection that a document may have; ``name`` is empty for the one without a name.

    ``unavailable`` says why this one cannot be opened, and is empty for all others.
    """

    name: str
    database: str = ""
    writable: bool = False
    open: bool = False
    unavailable: str = ""


class SelectConnectionResult(Wire, frozen=True, kw_only=True):
    """What ``speql.selectConnection`` answers: the connections that the document may have, and which it has now.

    ``reason`` says why it is not the one that was asked for.
    """

    name: str
    connections: list[KnownConnection]
    reason: str = ""


class Filter(Request, frozen=True, kw_only=True):
    """A condition on a column of a result, by its number from 0.

    ``in`` takes any number of values, ``is null`` and ``is not null`` none, the others one. Values are compared as the
    column's type; ``contains`` compares text, whatever the case.
    """

    column: int
    operator: Literal["=", "<>", "<", "<=", ">", ">=", "contains", "in", "is null", "is not null"]
    values: list[bool | int | float | str] = []


class Order(Request, frozen=True, kw_only=True):
    """Rows by a column of a result, by its number from 0; NULLs come last."""

    column: int
    descending: bool = False


class RowsParams(Request, frozen=True, kw_only=True):
    """``speql/rows``, from the client: rows of the result that a preview named, for which all filters hold, in order.

    ``format`` ``arrow`` asks for an Arrow IPC stream in base64 instead of cells.
    """

    uri: str
    result: str
    offset: int = 0
    count: int = 100
    filters: list[Filter] = []
    orders: list[Order] = []
    format: Literal["json", "arrow"] = "json"


class Rows(Wire, frozen=True, kw_only=True):
    """The answer to ``speql/rows``. All pages of a result are of one moment, that of the first one that was asked for.

    ``totalRows`` are the rows for which the filters hold, ``allRows`` those of the whole result.
    """

    columns: list[Column]
    offset: int
    rows: list[list[Cell]] = []
    arrow: str = ""
    total_rows: int = 0
    all_rows: int = 0


class ProfileParams(Request, frozen=True, kw_only=True):
    """The argument of ``speql.profile``: which columns of a result, all if none are given, over which rows."""

    uri: str
    result: str
    columns: list[int] = []
    filters: list[Filter] = []


class Histogram(Wire, frozen=True, kw_only=True):
    """How many rows are in each of the bins of equal width from ``low`` to ``high``; infinite values are in none."""

    low: Cell
    high: Cell
    counts: list[int]


class Frequent(Wire, frozen=True, kw_only=True):
    """A value, and how many rows have it."""

    value: Cell
    count: int


class ColumnProfile(Wire, frozen=True, kw_only=True):
    """Statistics of a column. Of types without a useful order ``low`` and ``high`` are null, as is ``mean`` of what is
    no number. A column has a histogram or frequent values, or neither; ``others`` rows have values that are not listed.
    """

    column: int
    name: str
    type: str
    rows: int
    nulls: int
    distinct: int
    low: Cell = None
    high: Cell = None
    mean: float | None = None
    histogram: Histogram | None = None
    frequent: list[Frequent] = []
    others: int = 0


class Profile(Wire, frozen=True, kw_only=True):
    """What ``speql.profile`` answers."""

    columns: list[ColumnProfile]


class ChartParams(Request, frozen=True, kw_only=True):
    """The argument of ``speql.chart``. Without ``x`` the chart that fits the columns is chosen; columns by number."""

    uri: str
    result: str
    mark: Literal["bar", "line", "point", "area"] = "bar"
    x: int | None = None
    y: int | None = None
    colour: int | None = None
    aggregate: Literal["none", "sum", "mean", "min", "max", "count"] = "none"
    binned: bool = False
    filters: list[Filter] = []


class ChartChoice(Wire, frozen=True, kw_only=True):
    """What could be drawn against what: the arguments of ``speql.chart`` for it, columns by number."""

    mark: Literal["bar", "line", "point", "area"]
    x: int
    y: int | None = None
    colour: int | None = None
    aggregate: Literal["none", "sum", "mean", "min", "max", "count"] = "none"
    binned: bool = False


class Chart(Wire, frozen=True, kw_only=True):
    """What ``speql.chart`` answers: a Vega-Lite specification with its data in it, and the choice that it is made of.

    ``unit`` is what times on the x axis were cut to (``month``), empty if they were not. ``notes`` say what is not
    drawn. ``proposals`` are up to four charts that fit the result's columns, the best first. ``sql`` is what the engine
    was given.
    """

    mark: Literal["bar", "line", "point", "area"]
    x: int
    y: int | None = None
    colour: int | None = None
    aggregate: Literal["none", "sum", "mean", "min", "max", "count"] = "none"
    binned: bool = False
    specification: Any = None
    unit: str = ""
    notes: list[str] = []
    proposals: list[ChartChoice] = []
    sql: str = ""


class ExportParams(Request, frozen=True, kw_only=True):
    """The argument of ``speql.export``: a whole result to a file. ``path`` is absolute, or a ``file:`` URI."""

    uri: str
    result: str
    path: str
    format: Literal["csv", "parquet", "json", "jsonl", "xlsx"]
    overwrite: bool = False
    filters: list[Filter] = []
    orders: list[Order] = []


class Exported(Wire, frozen=True, kw_only=True):
    """What ``speql.export`` answers."""

    path: str
    rows: int
    bytes: int


class ExplainedUnit(Wire, frozen=True, kw_only=True):
    """A SELECT of the superset query: whether it becomes a temp table, and why."""

    path: list[str]
    temp_table: str
    create: bool
    reason: str
    estimated_rows: int | None
    sql: str


class Explained(Wire, frozen=True, kw_only=True):
    """What ``speql.explain`` answers of the statement at a place: what would be computed, and what it is served from.

    ``servedFrom`` are the temp tables that are there now or would be made; ``tempOnly`` that no base table is read.
    """

    repaired: str
    edits: list[str] = []
    units: list[ExplainedUnit] = []
    sql: str = ""
    served_from: list[str] = []
    temp_only: bool = False
    decisions: list[Decision] = []
    problems: list[Problem] = []


class ColumnsParams(Request, frozen=True, kw_only=True):
    """The argument of ``speql.columns``."""

    uri: str


class Columns(Wire, frozen=True, kw_only=True):
    """What ``speql.columns`` answers: the columns of the SELECT at the cursor, none if they are not known."""

    columns: list[Column] = []


class SchemaParams(Request, frozen=True, kw_only=True):
    """The argument of ``speql.schema``: of a document's connection the tables in whose name, or a column's, this is."""

    uri: str
    containing: str = ""


class SchemaColumn(Wire, frozen=True, kw_only=True):
    """A column of a table. ``sql`` is its name as it has to be written."""

    name: str
    type: str
    sql: str
    primary_key: bool = False


class SchemaTable(Wire, frozen=True, kw_only=True):
    """A table or view. ``sql`` is its name as it has to be written; ``rows`` is null where the engine does not tell."""

    name: str
    schema: str
    database: str
    kind: Literal["table", "view"]
    sql: str
    rows: int | None
    columns: list[SchemaColumn] = []


class Schema(Wire, frozen=True, kw_only=True):
    """What ``speql.schema`` answers: tables in the order of their names, and how many more there are.

    ``partial`` says that the tables are being read still.
    """

    tables: list[SchemaTable] = []
    more: int = 0
    partial: bool = False


class SampleParams(Request, frozen=True, kw_only=True):
    """The argument of ``speql.sample``."""

    uri: str


class Sampled(Wire, frozen=True, kw_only=True):
    """What ``speql.sample`` answers: whether an estimate of the preview was shown, or why there is none."""

    shown: bool
    reason: str = ""


class SpendingLimit(Wire, frozen=True, kw_only=True):
    """The most that may be spent; null is no limit."""

    dollars: float | None = None
    seconds: float | None = None
    bytes: int | None = None


class SpeculationSet(Wire, frozen=True, kw_only=True):
    """What ``speql.setSpeculation`` answers: what may be spent ahead of submits on a document's connection now.

    ``byCommand``: it was said by this command, and not by the settings. ``reason`` says what of it was not done.
    """

    connection: str
    mode: Literal["off", "free", "budget"]
    paid: bool
    per_statement: SpendingLimit
    per_hour: SpendingLimit
    per_day: SpendingLimit
    concurrency: int | None = None
    resume_warehouse: bool = False
    by_command: bool = False
    reason: str = ""


class Paused(Wire, frozen=True, kw_only=True):
    """What ``speql.pause`` answers: whether speculation is paused now."""

    paused: bool


MESSAGES: dict[str, type[Wire]] = {PREVIEW: Preview, JOBS: Jobs, STATUS: Status, CURSOR: CursorMoved}
"""The custom notifications, by method."""
