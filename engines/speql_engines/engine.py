"""The seam between SpeQL and the places where SQL runs."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import pyarrow as pa

from speql_sql import Catalog, FunctionSignature, Problem, SpeqlError

SAMPLE_UNIT = "speql_unit"
"""The column that the sampled table has beside its own in a query given to :meth:`Engine.sample`: a number for what
was drawn as a whole, a row or a block of rows. Units are drawn independently, each with the fraction's probability."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result: its name as the user's query gives it, and the engine's spelling of its type."""

    name: str
    type: str


@dataclass(frozen=True)
class Result:
    """The first rows of a query's result.

    ``complete`` is True if ``rows`` is all of it; otherwise more rows exist and were not fetched.
    ``seconds`` is the time from the call to the first page, measured by the adapter. ``statement`` is the id under
    which the statement that gave it is booked, where somebody books statements.
    """

    columns: tuple[ResultColumn, ...]
    rows: pa.Table
    complete: bool
    seconds: float
    statement: str = field(default="", compare=False)


@dataclass(frozen=True)
class Binding:
    """What the engine says of a query without running it: its columns, or the problems that keep it from binding."""

    columns: tuple[ResultColumn, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the query binds."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Estimate:
    """The engine's own guess of a query's size, made without running it.

    ``rows`` come out, ``rows_scanned`` are read from tables, ``bytes_scanned`` is None where the engine does not tell.
    ``rows_processed`` adds up the cardinalities of every operator of the plan: the nearest thing to a cost.
    ``seconds`` and ``dollars`` are there where the engine itself tells them; no dollars at all (0.0) say that the
    statement is free.
    """

    rows: int
    rows_scanned: int
    rows_processed: int
    bytes_scanned: int | None = None
    seconds: float | None = None
    dollars: float | None = None


@dataclass(frozen=True, slots=True)
class TempTable:
    """A temp table that exists: how to name it in SQL, and its real size. ``seconds`` is the time its creation took."""

    name: str
    sql_name: str
    rows: int
    bytes: int
    columns: tuple[ResultColumn, ...]
    seconds: float


class EngineError(SpeqlError):
    """A statement failed on the engine. ``problem`` has the place in the statement where the engine gives one."""

    def __init__(self, message: str, hint: str = "", problem: Problem | None = None) -> None:
        super().__init__(message, hint)
        self.problem = problem


class SpeculationHeldError(EngineError):
    """A statement that nobody has asked for was not run, or was stopped, because of what it costs: no fault of its own.

    It may run later, so whoever asks may ask again. A submit of the same statement runs.
    """

    CODE = "preview-held"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, Problem(self.CODE, message, severity="information", hint=hint))


ConnectionFailure = Literal["login", "expired", "network", "driver", "other"]
"""Why there is no connection: user, password or token are wrong; a token or password holds no longer; the server is not
reached; the driver is not installed; something else."""


class ConnectionFailedError(SpeqlError):
    """A database could not be opened; ``reason`` is the kind of failure, for programs and for better advice."""

    def __init__(self, message: str, hint: str = "", reason: ConnectionFailure = "other") -> None:
        super().__init__(message, hint)
        self.reason: ConnectionFailure = reason


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What to show of a connection: engine and version, a label without secrets, whether submits may write.

    ``paid`` is True if each statement costs money, or keeps something running that does: then nothing that costs is run
    ahead before the user allows it. ``size`` is what is paid by the hour, in the engine's words (``X-Small``, ``8``).
    ``tells_changes`` is False if :meth:`Engine.data_version` may miss what others have written a moment ago: then
    previews are believed for as long as that value is, but a submit always reads the data.
    """

    engine: str
    version: str
    label: str
    writable: bool
    dialect: str
    details: dict[str, str] = field(default_factory=dict)
    paid: bool = False
    size: str = ""
    tells_changes: bool = True


class Engine(Protocol):
    """A connection to a place where SQL runs.

    Every method that waits is a coroutine. **Cancelling the awaiting task cancels the work on the engine**: the
    coroutine interrupts the statement, waits until the engine has really stopped, and only then re-raises
    ``CancelledError``. Calls may overlap. Statements fail with :class:`EngineError`.

    Speculative calls (`execute`, `create_temp_table`, `estimate`, `bind`, `sample`) cannot write, reach the network
    or read files other than the connection's own; `submit` is the user's own statement and runs as written.

    What a statement may cost at most is in :func:`~speql_engines.bill.statement_bill`: an engine that can hold to that
    itself does so, and writes there what it was charged.
    """

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        ...

    @property
    def temp_tables_wait(self) -> bool:
        """Whether what reads a temp table now would wait until another is made: one session may have them all."""
        ...

    async def catalog(self) -> Catalog:
        """Tables, columns, types, keys and row counts, read again if the database has changed.

        An engine may give what it knows of a large catalog while it is being read: that is not `Catalog.certain`.
        """
        ...

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """How the functions are called that a query may call, those that the user's database defines too."""
        ...

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        ...

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; fetch at most ``max_rows`` rows and abandon the rest."""
        ...

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement of the user's as written, writes too where the connection allows them."""
        ...

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query under a new name in the engine's scratch space. On failure or cancel nothing is left.

        Of a result of more than ``most_rows`` one row more than that is kept: the caller sees that it is too large.
        """
        ...

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        ...

    async def estimate(self, sql: str) -> Estimate:
        """The engine's estimate of a query, without running it."""
        ...

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows.

        ``sql`` may read one more column of the table, :data:`SAMPLE_UNIT`: which rows were drawn together.
        """
        ...

    async def data_version(self) -> str:
        """A value that changes when the base data may have changed (file time and size, or a counter of writes)."""
        ...

    async def close(self) -> None:
        """Stop what runs, drop every temp table, release files, locks and threads. Safe to call twice."""
        ...
