"""Spark as an engine, over Spark Connect."""

import asyncio
import time
import uuid
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import sqlglot
from sqlglot.errors import SqlglotError

from speql_engines.adapters import AskSecret
from speql_engines.base_reads import base_reads
from speql_engines.bill import statement_bill
from speql_engines.engine import (
    Binding,
    ConnectionFailedError,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    SpeculationHeldError,
    TempTable,
)
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.jobs import Job
from speql_engines.login import Login
from speql_engines.one_query import require_query
from speql_engines.own_tables import OwnTable, OwnTables
from speql_engines.server_session import LOST, again_if_lost
from speql_engines.sized_estimate import sizes_in
from speql_engines.spark.catalog import read_catalog
from speql_engines.spark.driver import PySparkException, types
from speql_engines.spark.errors import FILES_CHANGED, engine_error
from speql_engines.spark.location import Location
from speql_engines.spark.names import full_name
from speql_engines.spark.plan import estimate_of
from speql_engines.spark.results import columns_of, page, size_of
from speql_engines.spark.sampled import sampled_sql
from speql_engines.spark.sessions import Running, Sessions
from speql_engines.spark.signatures import read_signatures
from speql_engines.spark.statements import spark_statement
from speql_engines.spark.unity_catalog import WITHOUT_INFORMATION, read_unity_catalog
from speql_engines.statement_kinds import Statement
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.timed_version import TimedVersion
from speql_engines.watched_catalog import WatchedCatalog
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

T = TypeVar("T")

AHEAD_SECONDS = 300.0
"""What works ahead is stopped after so long; Spark Connect has no limit of its own for one statement."""

_QUICK_THREADS = 4
_JOB_THREADS = 8
_CATALOG_SECONDS = 60.0
"""Tables that others make or change are looked for so often."""

_COUNTED = "num_affected_rows"


class SparkEngine:
    """A Spark Connect server; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. All statements run in one session. Spark has no read-only sessions, and runs commands as it
    analyses them: what works ahead is one query by the parser's word (and by the guard's, before it comes here), and by
    Spark's own grammar, since it is analysed in parentheses first. A temp table is a local checkpoint under the name of
    a temporary view: its rows are kept by the executors, do not depend on the tables they came from, and are never
    computed anew (with an executor they are lost, and that is an error). It is private to the session and gone with it.
    """

    def __init__(self, location: Location, writable: bool, secret: AskSecret | None = None) -> None:
        self._location = location
        self._writable = writable
        self._dialect = location.dialect
        self._version = ""
        self._place = ("", "")
        self._work = EngineJobs("spark", _QUICK_THREADS, _JOB_THREADS)
        canceller = DaemonExecutor("speql-spark-cancel", 2)
        self._sessions = Sessions(location, canceller, Login(secret))
        self._data_version = TimedVersion()
        self._catalog = WatchedCatalog(self._read_catalog, lambda _: _CATALOG_SECONDS)
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._own_tables = OwnTables()
        self._writes = 0
        self._finalizer = weakref.finalize(self, _stop, self._work, self._sessions, canceller)

    @classmethod
    async def open(
        cls, location: Location, *, writable: bool = False, secret: AskSecret | None = None
    ) -> "SparkEngine":
        """Connect; :class:`ConnectionFailedError` says why that fails. ``secret`` is asked for a token."""
        engine = cls(location, writable, secret)
        try:
            await engine._work.call(engine._on(engine._read_session, again=False), executor=engine._work.long)
        except SpeculationHeldError as error:
            await engine.close()
            raise ConnectionFailedError(error.message, "Start the cluster, then connect again.") from error
        except BaseException:
            await engine.close()
            raise
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection. A cluster of Databricks is paid for while it runs, a server is not."""
        details = dict(zip(("catalog", "schema"), self._place, strict=True))
        return EngineInfo(
            self._location.product,
            self._version,
            self._location.label,
            self._writable,
            self._dialect,
            details,
            paid=self._location.product == "Databricks",
            tells_changes=False,
        )

    @property
    def temp_tables_wait(self) -> bool:
        """Never: statements run side by side."""
        return False

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    async def catalog(self) -> Catalog:
        """Tables and views of the session's catalog.

        Read again after a statement of the user's that may have changed them; what others change is looked for once a
        minute, in the background.
        """
        return await self._catalog.catalog((self._sessions.generation, self._sessions.settings_count, self._writes))

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            self._functions = version, await self._quickly("functions", lambda at: read_signatures(at.session))
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        problem = parse_query(sql, self._dialect).problem
        if problem is not None and (problem.code != "cannot-parse" or spark_statement(sql).kind != "query"):
            return Binding(problems=(problem,))
        try:
            columns = await self._quickly("bind", lambda at: columns_of(at.bound(sql)), sql)
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(columns)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; Spark makes ``max_rows`` rows and one."""
        return await self._read("query", sql, max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        USE, SET and variables hold for every later statement, speculated ones too. On a connection that may not write,
        whatever is no query is refused, with how to change that. Transactions, scripts and temporary views are refused.
        Before a query Spark lists the files of its tables anew: it would go on with those that it knows of.
        """
        statement = spark_statement(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        problem = parse_query(sql, self._dialect).problem if statement.kind == "query" else None
        writes = statement.kind == "write" or problem is not None
        reads = () if statement.kind != "query" or writes else self._base_names(sql)
        started = time.perf_counter()

        def work(at: Running) -> Result:
            if statement.kind == "query" and (schema := self._schema_of_submit(at, sql, problem)) is not None:
                self._refresh(at, reads)
                return _rows_of(at, sql, schema, max_rows, started)
            if writes and not self._writable:
                raise read_only_error(certain=False)
            return self._submitted(at, statement, max_rows, started)

        try:
            again = not (writes and self._writable)  # else it may have written before it was lost
            return await self._run("submit", work, sql, again=again, may_start=True)
        finally:
            self._writes += writes and self._writable

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a local checkpoint under the name of a temporary view.

        On failure or cancel nothing is left. Its name in SQL is one that no table ever had, so that making and dropping
        it can touch no other. Of a result of more than ``most_rows`` only one row more than that is kept.
        """
        self._own_tables.reserve(name)
        started = time.perf_counter()

        def work(at: Running) -> TempTable:
            self._require_query(at, sql)
            own = f"{name}_{uuid.uuid4().hex[:8]}"
            frame = at.query(sql)
            kept = at.checkpointed(frame if most_rows is None else frame.limit(most_rows + 1))
            columns = columns_of(kept.schema)
            rows, bytes_ = size_of(kept)
            kept.createTempView(own)
            self._own_tables.add(name, OwnTable(full_name(own), own, self._sessions.generation, rows, bytes_))
            return TempTable(name, full_name(own), rows, bytes_, columns, time.perf_counter() - started)

        def undo(table: TempTable) -> None:
            with self._sessions.running(Job()) as at:
                at.session.catalog.dropTempView(table.sql_name.strip("`"))

        try:
            return await self._ahead(self._run("create", work, sql, about=name, again=False, undo=undo))
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        table = self._own_tables.of_generation(name, self._sessions.generation)
        if table is not None:
            own = table.own_name

            def work(at: Running) -> None:
                at.finish()
                at.session.catalog.dropTempView(own)

            await self._run("drop", work, about=name, again=False)
        self._own_tables.discard(name)

    async def estimate(self, sql: str) -> Estimate:
        """What EXPLAIN COST says of a query, without running it."""
        size = sizes_in(await self.catalog(), self._own_tables)

        def work(at: Running) -> Estimate:
            self._require_query(at, sql)
            return estimate_of(at.plan(sql), size, self._own_tables.rows_mentioned_in(sql))

        return await self._quickly("estimate", work, sql)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._read("sample", sampled_sql(sql, table, fraction, await self.catalog()), max_rows)

    async def data_version(self) -> str:
        """Another one after ten seconds, with a write or a setting of the user's, and with a new session."""
        mine = f"{self._sessions.generation}.{self._sessions.settings_count}.{self._writes}"
        return f"{mine}.{self._data_version.read()}"

    async def close(self) -> None:
        """Stop what runs and end the session; with it the temp tables are gone. Safe to call twice."""
        await self._work.close(self._close)

    async def _close(self) -> None:
        await self._catalog.close()
        await asyncio.to_thread(self._finalizer)

    def _read_session(self, at: Running) -> None:
        """What `info` shows."""
        if not self._version:
            self._version = at.session.version
        catalog = at.session.catalog
        self._place = (catalog.currentCatalog(), catalog.currentDatabase())

    async def _read_catalog(self, progress: Callable[[Catalog], None]) -> Catalog:
        def work(at: Running) -> Catalog:
            self._read_session(at)
            if self._location.product == "Databricks" and self._place[0] not in WITHOUT_INFORMATION:
                return read_unity_catalog(at.rows, self._place, self._dialect)
            return read_catalog(at.rows, self._place, self._dialect)

        return await self._quickly("catalog", work)

    def _require_query(self, at: Running, sql: str) -> types.StructType:
        """The columns of one query by the parser's word and by Spark's; an error of what is none."""
        require_query(sql, self._dialect, lambda: _told_by_binder(at, sql))
        return at.bound(sql)

    def _schema_of_submit(self, at: Running, sql: str, problem: Problem | None) -> types.StructType | None:
        """The columns of what begins like a query; None if it turns out to be another statement (WITH .. INSERT)."""
        try:
            return at.bound(sql)
        except EngineError as error:
            told = error.problem.code if error.problem is not None else ""
            doubtful = problem is not None and (self._writable or problem.code != "cannot-parse")
            if told != "syntax-error" or not doubtful:
                raise
        return None

    def _base_names(self, sql: str) -> tuple[str, ...]:
        """The names of the tables and views that a query reads, but for temp tables."""
        try:
            reads = base_reads(sqlglot.parse_one(sql, read=self._dialect))
        except SqlglotError:
            return ()
        names = dict.fromkeys(full_name(*(part.name for part in read.parts)) for read in reads)
        return tuple(name for name in names if name not in self._own_tables.sql_names)

    def _refresh(self, at: Running, names: tuple[str, ...]) -> None:
        """Have Spark list the files of these tables anew; what is wrong with one, the query that reads it tells."""
        for name in names:
            with suppress(PySparkException):
                at.session.catalog.refreshTable(name)

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started = time.perf_counter()

        def work(at: Running) -> Result:
            schema = self._require_query(at, sql)
            try:
                return _rows_of(at, sql, schema, max_rows, started)
            except PySparkException as error:
                problem = engine_error(error).problem
                if problem is None or problem.code != FILES_CHANGED:
                    raise
            self._refresh(at, self._base_names(sql))
            return _rows_of(at, sql, schema, max_rows, started)

        return await self._ahead(self._run(kind, work, sql))

    def _submitted(self, at: Running, statement: Statement, max_rows: int | None, started: float) -> Result:
        """What a statement gives that is no query."""
        found = at.session.sql(statement.text)
        if statement.kind == "setting":
            self._sessions.note_setting(statement.key, statement.text)
            self._read_session(at)
            return success_result("boolean", started)
        if not found.columns:
            return success_result("boolean", started)
        if statement.kind == "write" and found.columns[0] == _COUNTED:
            return count_result(int(found.collect()[0][0]), "bigint", started)
        rows, complete = page(found, found.schema, max_rows)
        return Result(columns_of(found.schema), rows, complete, time.perf_counter() - started)

    async def _ahead(self, working: Awaitable[T]) -> T:
        """What works ahead of the user, which has a limit of time."""
        try:
            async with asyncio.timeout(AHEAD_SECONDS):
                return await working
        except TimeoutError:
            message = f"What runs ahead is stopped after {AHEAD_SECONDS:.0f} seconds."
            raise EngineError(message, "Run it (submit).", Problem("timed-out", message)) from None

    async def _quickly(self, kind: StatementKind, work: Callable[[Running], T], sql: str = "") -> T:
        return await self._work.ask(kind, self._on(work, sql))

    async def _run(
        self,
        kind: StatementKind,
        work: Callable[[Running], T],
        sql: str = "",
        about: str = "",
        *,
        again: bool = True,
        may_start: bool = False,
        undo: Callable[[T], object] | None = None,
    ) -> T:
        return await self._work.run(kind, self._on(work, sql, again=again, may_start=may_start), about, undo)

    def _on(
        self, work: Callable[[Running], T], sql: str = "", *, again: bool = True, may_start: bool = False
    ) -> Callable[[Job], T]:
        """In the session; what only reads is run ``again`` if the session turns out to be lost."""
        sessions, may_start = self._sessions, may_start or statement_bill().may_resume

        def once(job: Job) -> T:
            try:
                with sessions.running(job, may_start=may_start) as at:
                    return work(at)
            except PySparkException as error:
                raise engine_error(error, sql) from error

        return again_if_lost(once, again)


def _told_by_binder(at: Running, sql: str) -> None:
    """The mistake in what looks like a query, in Spark's words; nothing else is shown to it."""
    if spark_statement(sql).kind == "query":
        at.bound(sql)


def _rows_of(at: Running, sql: str, schema: types.StructType, max_rows: int | None, started: float) -> Result:
    rows, complete = page(at.query(sql), schema, max_rows)
    return Result(columns_of(schema), rows, complete, time.perf_counter() - started)


def _stop(work: EngineJobs, sessions: Sessions, canceller: DaemonExecutor) -> None:
    """Stop what runs, end the threads, end the session."""
    work.stop()
    sessions.close()
    canceller.shutdown(timeout=STOP_SECONDS)
