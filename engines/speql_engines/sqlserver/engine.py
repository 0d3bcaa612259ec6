"""SQL Server as an engine."""

import asyncio
import time
import uuid
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from speql_engines.adapters import AskSecret
from speql_engines.bill import statement_bill
from speql_engines.engine import (
    Binding,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    TempTable,
)
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.one_query import require_query
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.server_session import LOST
from speql_engines.sized_estimate import estimate_from_sizes, sizes_in
from speql_engines.sqlserver import plan
from speql_engines.sqlserver.binding import described
from speql_engines.sqlserver.catalog import DIALECT, read_catalog
from speql_engines.sqlserver.errors import DRIVER_ERRORS, SNAPSHOT_REFUSED, engine_error
from speql_engines.sqlserver.location import Location, location_of
from speql_engines.sqlserver.query_parts import ROWS, parts_of, quoted
from speql_engines.sqlserver.results import PAGE_ROWS, Described, arrow_table, described_by, read_as_text
from speql_engines.sqlserver.sampled import sampled_sql
from speql_engines.sqlserver.server import Server
from speql_engines.sqlserver.sessions import DriverError, Session, Sessions, open_sessions, server_of
from speql_engines.sqlserver.signatures import read_signatures
from speql_engines.sqlserver.statements import ISOLATION, only_reads, tsql_statement
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.timed_catalog import TimedCatalog
from speql_engines.timed_version import TimedVersion
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

T = TypeVar("T")

_QUICK_THREADS = 2
_JOB_THREADS = 6
_SNAPSHOT, _COMMITTED = "SNAPSHOT", "READ COMMITTED"
_AHEAD_SECONDS = 300
"""What works ahead is stopped after so long; the user's own statements are not."""


class SqlServerEngine:
    """A database of SQL Server, Azure SQL or Synapse; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables are the server's own (``#name``), private to one session and gone with it. T-SQL
    has no read-only transaction: what works ahead is one query by the parser's word and by its text's (and by the
    guard's, before it comes here).
    """

    def __init__(self, location: Location, writable: bool, secret: AskSecret | None = None) -> None:
        self._location = location
        self._writable = writable
        self._server = Server()
        self._work = EngineJobs("sqlserver", _QUICK_THREADS, _JOB_THREADS)
        cancelling = DaemonExecutor("speql-sqlserver-cancel", 2)
        self._sessions = open_sessions(location, cancelling, secret)
        self._data_version = TimedVersion()
        self._catalog = TimedCatalog(weak_method(self._read_again))
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._jobs = PooledJobs(self._work, self._sessions, DriverError, _explained)
        self._own_tables = self._jobs.own_tables
        self._writes = 0
        self._own_isolation = False
        self._finalizer = weakref.finalize(self, _stop, self._work, self._sessions, cancelling)

    @classmethod
    async def open(cls, url: str, *, writable: bool = False, secret: AskSecret | None = None) -> "SqlServerEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``mssql://user@host:1433/database``, or ``synapse://...``; with ``authentication=ActiveDirectory..``
        Entra says who the user is.
        """
        engine = cls(location_of(url), writable, secret)
        try:
            engine._server = await engine._work.call(lambda job: server_of(engine._sessions, job))
        except BaseException:
            await engine.close()
            raise
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        server = self._server
        details = {"collation": server.collation, "schema": server.schema, "pool": server.pool}
        return EngineInfo(
            server.name,
            server.version,
            self._location.label,
            self._writable,
            DIALECT,
            {name: value for name, value in details.items() if value},
            paid=self._location.paid or server.paid,
            tells_changes=False,
        )

    @property
    def temp_tables_wait(self) -> bool:
        """Whether the home session, which has them all, is making one."""
        return self._own_tables.any_being_made

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    async def catalog(self) -> Catalog:
        """Tables, views, columns, keys and the server's numbers of rows.

        Read again after a statement of the user's that may have changed them, and once a minute.
        """
        mine = (self._sessions.generation, self._sessions.settings.count, self._writes)
        return await self._catalog.catalog(mine)

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            self._functions = version, await self._jobs.ask("functions", lambda at: read_signatures(at.rows))
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        problem = parse_query(sql, DIALECT).problem
        if problem is not None and problem.code != "cannot-parse":
            return Binding(problems=(problem,))
        try:
            columns = await self._jobs.ask("bind", lambda at: described(at, sql), sql)
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(_shown(columns))

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; after ``max_rows`` rows and one the server is told to stop."""
        return await self._read("query", sql, max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        SET and USE hold for every later statement, speculated ones too. On a connection that may not write, whatever
        writes, or is not known not to, is refused, with how to change that. Transactions and temporary tables are
        refused: statements run in several sessions.
        """
        statement = tsql_statement(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        certain = statement.kind == "setting" or (statement.kind == "query" and only_reads(sql))
        started = time.perf_counter()

        def work(session: Session) -> Result:
            session.settle_for(ahead=False, level="" if self._own_isolation else _COMMITTED)
            if statement.kind == "setting":
                session.run(sql)
                self._own_isolation |= statement.key == ISOLATION
                self._sessions.settings.note(statement.key, sql)
                return success_result("bit", started)
            if certain:
                return _submitted(session, sql, max_rows, started)
            if not self._writable:
                if statement.kind == "query":
                    described(session, sql)  # a mistake in it is told first
                raise read_only_error(certain=False)
            return _written(session, sql, max_rows, started)

        try:
            return await self._jobs.run("submit", work, sql, submits=not certain, again=certain)
        finally:
            self._writes += not certain

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as ``#name``. On failure or cancel nothing is left.

        Its name in SQL is one that no table ever had. Of a result of more than ``most_rows`` only one row more than
        that is kept.
        """
        started = time.perf_counter()
        self._own_tables.reserve(name)
        seconds = _seconds()

        def work(session: Session) -> TempTable:
            self._require_query(session, sql)
            columns = described(session, sql)
            own = f"#{name}_{uuid.uuid4().hex[:8]}"
            sql_name = quoted(own)
            making = _making(self._server, sql_name, sql, columns, most_rows)
            try:
                self._ahead(session, lambda: session.run(making, seconds))
                rows = int(session.rows(f"SELECT COUNT_BIG(*) FROM {sql_name}")[0][0])
                size = _bytes_of(session, own, rows, len(columns))
            except BaseException:
                session.finish()
                if not session.broken:
                    session.run(_dropping(own))
                raise
            self._own_tables.add(name, OwnTable(sql_name, own, self._sessions.generation, rows, size))
            return TempTable(name, sql_name, rows, size, _shown(columns), time.perf_counter() - started)

        def undo(session: Session, table: TempTable) -> None:
            session.run(_dropping(table.sql_name[1:-1]))

        try:
            return await self._jobs.run("create", work, sql, name, home=True, again=False, undo=undo)
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        table = self._own_tables.of_generation(name, self._sessions.generation)
        if table is not None:
            drop = _dropping(table.own_name)

            def work(session: Session) -> None:
                session.finish()
                session.run(drop)

            await self._jobs.run("drop", work, about=name, home=True, again=False)
        self._own_tables.discard(name)

    async def estimate(self, sql: str) -> Estimate:
        """The server's own estimate of a query, without running it; where it gives none, what the tables' sizes say."""
        size = sizes_in(await self.catalog(), self._own_tables)

        def work(session: Session) -> Estimate:
            self._require_query(session, sql)
            described(session, sql)  # its mistakes are told as such
            if self._server.is_serverless_pool:
                return estimate_from_sizes(sql, DIALECT, size)
            try:
                if self._server.is_dedicated_pool:
                    told = str(session.rows(plan.EXPLAIN + sql)[0][0])
                    return plan.pool_estimate(told, estimate_from_sizes(sql, DIALECT, size))
                with session.switched(plan.SHOW, plan.HIDE):
                    told = str(session.rows(sql)[0][0])
                return plan.estimate_of(told)
            except DriverError as error:  # whoever may read may not be allowed to see plans
                if session.broken or error.told.sql_state:
                    raise
                return estimate_from_sizes(sql, DIALECT, size)

        return await self._jobs.ask("estimate", work, sql)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        has_tablesample = not self._server.is_synapse
        sampled = sampled_sql(sql, table, fraction, await self.catalog(), has_tablesample)
        return await self._read("sample", sampled, max_rows)

    async def data_version(self) -> str:
        """Changes every ten seconds, with a write or SET of the user's, and when the temp tables' session is lost."""
        mine = f"{self._sessions.generation}.{self._sessions.settings.count}.{self._writes}"
        return f"{mine}.{self._data_version.read()}"

    async def close(self) -> None:
        """Stop what runs and log out; with the sessions the temp tables are gone. Safe to call twice."""
        await self._work.close(lambda: asyncio.to_thread(self._finalizer))

    async def _read_again(self) -> Catalog:
        return await self._jobs.ask("catalog", self._read_catalog)

    def _read_catalog(self, session: Session) -> Catalog:
        def sizes(sql: str) -> list[Sequence[Any]]:
            try:
                return session.rows(sql)
            except DriverError:
                if session.broken:
                    raise
                return []  # whoever may read a table may not be allowed to see how large it is

        return read_catalog(session.rows, sizes, self._server)

    def _ahead(self, session: Session, run: Callable[[], T]) -> T:
        """Run what nobody has asked for: it waits for no lock for long, and where the database allows it reads a
        snapshot, so that it neither waits for writers nor stops them.

        A snapshot is one of the answers that the user's own level allows as well. If the user has set a level, that one
        holds.
        """
        session.settle_for(ahead=True, level="" if self._own_isolation else _SNAPSHOT)
        try:
            return run()
        except DriverError as error:
            if error.told.number != SNAPSHOT_REFUSED or session.broken:
                raise
        session.settle_for(ahead=True, level=_COMMITTED)  # it reads another database, which allows no snapshot
        return run()

    def _require_query(self, session: Session, sql: str) -> None:
        require_query(sql, DIALECT, lambda: described(session, sql))
        if not only_reads(sql):
            message = "The server may read this as more than one query."
            raise EngineError(message, "Run it (submit).", Problem("several-statements", message))

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started, seconds = time.perf_counter(), _seconds()

        def work(session: Session) -> Result:
            self._require_query(session, sql)
            columns = described(session, sql)
            return self._ahead(session, lambda: _rows_of(session, sql, columns, max_rows, started, seconds))

        return await self._jobs.run(kind, work, sql)


def _explained(error: DriverError, session: Session, sql: str, prefix: str) -> EngineError:
    return engine_error(error.told, sql)


def _seconds() -> int:
    """How long a statement may take that works ahead."""
    most = statement_bill().most_seconds
    return _AHEAD_SECONDS if most is None else max(1, min(_AHEAD_SECONDS, int(most)))


def _rows_of(
    session: Session, sql: str, columns: Sequence[Described], max_rows: int | None, started: float, seconds: int = 0
) -> Result:
    """The first rows of a query; the server makes no more once these are there."""
    text, shown = read_as_text(sql, columns)
    session.open(text, seconds=seconds)
    rows, complete = _page(session, shown, max_rows)
    return Result(_shown(shown), rows, complete, time.perf_counter() - started)


def _page(session: Session, columns: Sequence[Described], max_rows: int | None) -> tuple[Any, bool]:
    cursor = session.cursor
    batches, count = [], 0
    most = max_rows + 1 if max_rows is not None else None
    try:
        while most is None or count < most:
            wanted = PAGE_ROWS if most is None else min(PAGE_ROWS, most - count)
            batch = cursor.arrow_batch(wanted)
            batches.append(batch)
            count += batch.num_rows
            if batch.num_rows < wanted:
                break
    except DRIVER_ERRORS as error:
        raise session.failed(error) from error
    session.free()
    complete = max_rows is None or count <= max_rows
    table = arrow_table(batches, columns)
    return (table if complete else table.slice(0, max_rows)), complete


def _submitted(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
    """The rows of a query of the user's, which also runs if the server does not describe it."""
    try:
        columns = described(session, sql)
    except EngineError as refused:
        try:
            return _written(session, sql, max_rows, started)
        except DriverError as error:
            raise refused from error
    return _rows_of(session, sql, columns, max_rows, started)


def _written(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
    """Run a statement that may write, which commits itself; of several, the first result is shown."""
    cursor = session.open(sql)
    if not cursor.description:
        return count_result(cursor.rowcount, "bigint", started)
    columns = described_by(cursor.description)
    rows, complete = _page(session, columns, max_rows)
    return Result(_shown(columns), rows, complete, time.perf_counter() - started)


def _making(server: Server, name: str, sql: str, columns: Sequence[Described], most_rows: int | None) -> str:
    """What makes a temp table of a query: in T-SQL its CTEs come first, and all of its columns need names."""
    parts = parts_of(sql)
    named = [column.name.lower() for column in columns]
    if parts is None or not all(named) or len(set(named)) < len(named):
        message = "A temp table of this query cannot be made: each column needs a name of its own, and it no options."
        raise EngineError(message, "Name its columns: ... AS name.", Problem("not-supported", message))
    if server.is_serverless_pool:
        message = "A serverless pool of Synapse has no temp tables that hold rows of files."
        raise EngineError(message, "Its queries run on your files.", Problem("not-supported", message))
    top = f"TOP ({most_rows + 1}) " if most_rows is not None else ""
    if server.is_dedicated_pool:
        head = f"CREATE TABLE {name} WITH (HEAP, DISTRIBUTION = ROUND_ROBIN) AS\n"
        return head + parts.within(f"SELECT {top}* FROM {ROWS}")
    return parts.within(f"SELECT {top}* INTO {name} FROM {ROWS}")


def _dropping(own: str) -> str:
    told = own.replace("'", "''")
    return f"IF OBJECT_ID(N'tempdb..{told}') IS NOT NULL DROP TABLE {quoted(own)}"


def _bytes_of(session: Session, own: str, rows: int, columns: int) -> int:
    """The size that the server tells; to whom it does not tell it, eight bytes a value."""
    told = own.replace("'", "''")
    asked = (
        "SELECT SUM(used_page_count) * 8192 FROM tempdb.sys.dm_db_partition_stats "
        f"WHERE object_id = OBJECT_ID(N'tempdb..{told}')"
    )
    try:
        found = session.rows(asked)
    except DriverError:
        if session.broken:
            raise
        found = []
    return int(found[0][0]) if found and found[0][0] else rows * columns * 8


def _shown(columns: Sequence[Described]) -> tuple[ResultColumn, ...]:
    return tuple(column.shown for column in columns)


def _stop(work: EngineJobs, sessions: Sessions, cancelling: DaemonExecutor) -> None:
    """Stop what runs, end the threads, log out."""
    work.stop()
    sessions.close()
    cancelling.shutdown(timeout=STOP_SECONDS)
