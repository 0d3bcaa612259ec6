"""Spark as an engine, over Spark Connect."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import sqlglot
from sqlglot.errors import SqlglotError

from speql_engines.adapters import AskSecret
from speql_engines.base_reads import base_reads
from speql_engines.bill import statement_bill
from speql_engines.engine import (
    ConnectionFailedError,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    SpeculationHeldError,
    TempTable,
)
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.login import Login
from speql_engines.own_tables import OwnTable
from speql_engines.session_engine import SessionEngine
from speql_engines.shared_jobs import SharedJobs
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
from speql_engines.statement_log import StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.timed_version import TimedVersion
from speql_engines.watched_catalog import WatchedCatalog
from speql_engines.weak import weak_method
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


class SparkEngine(SessionEngine[Running]):
    """A Spark Connect server; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. All statements run in one session. Spark has no read-only sessions, and runs commands as it
    analyses them: what works ahead is one query by the parser's word (and by the guard's, before it comes here), and by
    Spark's own grammar, since it is analysed in parentheses first. A temp table is a local checkpoint under the name of
    a temporary view: its rows are kept by the executors, do not depend on the tables they came from, and are never
    computed anew (with an executor they are lost, and that is an error). It is private to the session and gone with it.
    """

    def __init__(self, location: Location, writable: bool, secret: AskSecret | None = None) -> None:
        self._location = location
        self._version = ""
        self._place = ("", "")
        self._data_version = TimedVersion()
        canceller = DaemonExecutor("speql-spark-cancel", 2)
        sessions = Sessions(location, canceller, Login(secret))
        super().__init__(
            SharedJobs(EngineJobs("spark", _QUICK_THREADS, _JOB_THREADS), sessions, PySparkException, _explained),
            WatchedCatalog(weak_method(self._read_catalog), lambda _: _CATALOG_SECONDS),
            dialect=location.dialect,
            writable=writable,
            closing=(partial(canceller.shutdown, timeout=STOP_SECONDS),),
        )

    @classmethod
    async def open(
        cls, location: Location, *, writable: bool = False, secret: AskSecret | None = None
    ) -> "SparkEngine":
        """Connect; :class:`ConnectionFailedError` says why that fails. ``secret`` is asked for a token."""
        engine = cls(location, writable, secret)
        try:
            await engine._begin(engine._jobs.on_session(engine._read_session))
        except SpeculationHeldError as error:
            raise ConnectionFailedError(error.message, "Start the cluster, then connect again.") from error
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

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a local checkpoint under the name of a temporary view.

        On failure or cancel nothing is left. Of a result of more than ``most_rows`` only one row more than that is
        kept.
        """
        return await self._in_time(super().create_temp_table(name, sql, most_rows))

    async def estimate(self, sql: str) -> Estimate:
        """What EXPLAIN COST says of a query, without running it."""
        size = sizes_in(await self.catalog(), self._own_tables)

        def work(at: Running) -> Estimate:
            self._require_query(at, sql)
            at.bound(sql)
            return estimate_of(at.plan(sql), size, self._own_tables.rows_mentioned_in(sql))

        return await self._jobs.ask("estimate", work, sql)

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

        return await self._jobs.ask("catalog", work)

    async def _version_of_data(self) -> str:
        return self._data_version.read()

    def _signatures(self, session: Running) -> tuple[FunctionSignature, ...]:
        return read_signatures(session.session)

    def _bound(self, session: Running, sql: str) -> tuple[ResultColumn, ...]:
        return columns_of(session.bound(sql))

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        return await self._in_time(super()._read(kind, sql, max_rows))

    def _rows(self, session: Running, sql: str, max_rows: int | None, started: float) -> Result:
        schema = session.bound(sql)
        try:
            return _rows_of(session, sql, schema, max_rows, started)
        except PySparkException as error:
            problem = engine_error(error).problem
            if problem is None or problem.code != FILES_CHANGED:
                raise
        self._refresh(session, self._base_names(sql))
        return _rows_of(session, sql, schema, max_rows, started)

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        return sampled_sql(sql, table, fraction, catalog)

    def _statement(self, sql: str) -> Statement:
        return spark_statement(sql)

    def _may_change(self, statement: Statement) -> bool:
        return self._writable and (statement.kind == "write" or self._query_problem(statement) is not None)

    def _submitted(
        self, session: Running, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        """Before a query Spark lists the files of its tables anew: it would go on with those that it knows of."""
        problem = self._query_problem(statement)
        if statement.kind == "query" and (schema := self._schema_of_submit(session, statement, problem)) is not None:
            self._refresh(session, self._base_names(statement.text) if problem is None else ())
            return _rows_of(session, statement.text, schema, max_rows, started)
        if not self._writable and (statement.kind == "write" or problem is not None):
            raise read_only_error(certain=False)
        found = session.session.sql(statement.text)
        if statement.kind == "setting":
            self._read_session(session)
            return success_result("boolean", started)
        if not found.columns:
            return success_result("boolean", started)
        if statement.kind == "write" and found.columns[0] == _COUNTED:
            return count_result(int(found.collect()[0][0]), "bigint", started)
        rows, complete = page(found, found.schema, max_rows)
        return Result(columns_of(found.schema), rows, complete, time.perf_counter() - started)

    def _make(self, session: Running, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        session.bound(sql)
        frame = session.query(sql)
        kept = session.checkpointed(frame if most_rows is None else frame.limit(most_rows + 1))
        columns = columns_of(kept.schema)
        rows, bytes_ = size_of(kept)
        kept.createTempView(own_name)
        return OwnTable(full_name(own_name), own_name, rows=rows, bytes=bytes_, columns=columns)

    def _drop(self, session: Running, sql_name: str) -> None:
        session.session.catalog.dropTempView(sql_name.strip("`"))

    def _query_problem(self, statement: Statement) -> Problem | None:
        """What keeps the parser from taking for a query what begins like one."""
        return parse_query(statement.text, self._dialect).problem if statement.kind == "query" else None

    def _schema_of_submit(self, at: Running, statement: Statement, problem: Problem | None) -> types.StructType | None:
        """The columns of what begins like a query; None if it turns out to be another statement (WITH .. INSERT)."""
        try:
            return at.bound(statement.text)
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

    async def _in_time(self, working: Awaitable[T]) -> T:
        """What works ahead of the user, which has a limit of time: Spark itself sets none."""
        seconds = statement_bill().seconds_within(AHEAD_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                return await working
        except TimeoutError:
            message = f"What runs ahead is stopped after {seconds:.0f} seconds."
            raise EngineError(message, "Run it (submit).", Problem("timed-out", message)) from None


def _explained(error: PySparkException, sql: str, _: str) -> EngineError:
    return engine_error(error, sql)


def _rows_of(at: Running, sql: str, schema: types.StructType, max_rows: int | None, started: float) -> Result:
    rows, complete = page(at.query(sql), schema, max_rows)
    return Result(columns_of(schema), rows, complete, time.perf_counter() - started)
