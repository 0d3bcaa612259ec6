"""Snowflake as an engine."""

import asyncio
import json
import time
import uuid
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from snowflake.connector.errors import Error as SnowflakeError
from snowflake.connector.errors import ProgrammingError

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
from speql_engines.jobs import Job
from speql_engines.one_query import require_query
from speql_engines.own_tables import OwnTable, OwnTables
from speql_engines.server_session import LOST, again_if_lost
from speql_engines.sized_estimate import estimate_from_sizes, sizes_in
from speql_engines.snowflake import plan
from speql_engines.snowflake.catalog import DIALECT, read_catalog
from speql_engines.snowflake.data_version import DataVersion, full_name
from speql_engines.snowflake.errors import engine_error
from speql_engines.snowflake.location import Location, location_of
from speql_engines.snowflake.login import Login, Running
from speql_engines.snowflake.results import columns_of, page
from speql_engines.snowflake.sampled import sampled_sql
from speql_engines.snowflake.signatures import read_signatures
from speql_engines.snowflake.statements import statement_of
from speql_engines.snowflake.warehouse import Warehouse
from speql_engines.statement_kinds import Statement
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.watched_catalog import WatchedCatalog
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

T = TypeVar("T")

_QUICK_THREADS = 4
_JOB_THREADS = 8
_CATALOG_SECONDS = 60.0
"""Tables that others make or change are looked for so often: each look is half a dozen questions."""

_COUNT_COLUMNS = "number of "


class SnowflakeEngine:
    """A database of a Snowflake account; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. All statements run in one session; temp tables are Snowflake's own temporary tables, private
    to it and gone with it. Snowflake has no read-only sessions: what works ahead is one query by the parser's word (and
    by the guard's, before it comes here). Nothing works ahead on a warehouse that is suspended.
    """

    def __init__(self, location: Location, writable: bool, secret: AskSecret | None = None) -> None:
        self._location = location
        self._writable = writable
        self._version = ""
        self._work = EngineJobs("snowflake", _QUICK_THREADS, _JOB_THREADS)
        canceller = DaemonExecutor("speql-snowflake-cancel", 2)
        self._login = Login(location, canceller, secret)
        self._warehouse = Warehouse()
        self._data_version = DataVersion()
        self._session: dict[str, str] = {}
        self._catalog = WatchedCatalog(self._read_catalog, lambda _: _CATALOG_SECONDS)
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._own_tables = OwnTables()
        self._writes = 0
        self._finalizer = weakref.finalize(self, _stop, self._work, self._login, canceller)

    @classmethod
    async def open(cls, url: str, *, writable: bool = False, secret: AskSecret | None = None) -> "SnowflakeEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``snowflake://account/database/schema?warehouse=..&role=..``, or ``snowflake://NAME`` for a name of
        ``~/.snowflake/connections.toml``, which may also hold what is secret; else ``secret`` is asked for a password.
        """
        engine = cls(location_of(url), writable, secret)
        try:
            await engine._work.call(engine._on(engine._read_session, again=False))
        except BaseException:
            await engine.close()
            raise
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection, with the warehouse that is paid for and its size."""
        return EngineInfo(
            "Snowflake",
            self._version,
            self._location.label,
            self._writable,
            DIALECT,
            dict(self._session),
            paid=True,
            size=self._warehouse.size,
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
        """Tables, views, columns and keys of the session's database.

        Read again after a statement of the user's that may have changed them; what others change is looked for once a
        minute, in the background.
        """
        return await self._catalog.catalog((self._login.generation, self._login.settings.count, self._writes))

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            found = await self._quickly("functions", lambda at: read_signatures(at.rows, _place(at)[0]))
            self._functions = version, found
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        problem = parse_query(sql, DIALECT).problem
        if problem is not None and (problem.code != "cannot-parse" or statement_of(sql).kind != "query"):
            return Binding(problems=(problem,))
        try:
            columns = await self._quickly("bind", lambda at: _bound(at, sql), sql)
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(columns)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; Snowflake stops after ``max_rows`` rows and one."""
        return await self._read("query", sql, max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it; it may resume the warehouse.

        USE, SET and ALTER SESSION hold for every later statement, speculated ones too. On a connection that may not
        write, whatever writes, or is not known not to, is refused, with how to change that. Transactions, temporary
        tables, PUT and GET are refused.
        """
        statement = statement_of(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        certain = statement.kind != "query" or parse_query(sql, DIALECT).problem is None
        started = time.perf_counter()

        def work(at: Running) -> Result:
            if not self._writable and (statement.kind == "write" or not certain):
                _told_by_binder(at, sql)
                raise read_only_error(certain=False)
            return self._submitted(at, statement, max_rows, started)

        try:
            again = statement.kind == "read" or not self._writable  # else it may have written before it was lost
            return await self._run("submit", work, sql, ahead=False, again=again)
        finally:
            self._writes += statement.kind == "write" or not certain

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a temporary table. On failure or cancel nothing is left.

        Its name in SQL is one that no table ever had, so that making and dropping it can touch no other. Of a result of
        more than ``most_rows`` only one row more than that is kept.
        """
        started = time.perf_counter()
        self._own_tables.reserve(name)
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""

        may_resume = statement_bill().may_resume

        def work(at: Running) -> TempTable:
            require_query(sql, DIALECT, lambda: _told_by_binder(at, sql))
            self._before_reading(at, sql, may_resume)
            database, schema = _place(at)
            own = f"{name}_{uuid.uuid4().hex[:8]}"
            sql_name = full_name(database, schema, own)
            # A day of it would be kept for Time Travel, and paid for.
            head = f"CREATE TEMPORARY TABLE {sql_name} DATA_RETENTION_TIME_IN_DAYS = 0 AS"
            at.execute(f"{head}\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}")
            self._warehouse.note_running(at.connection.warehouse)
            done = False
            try:
                (counted,) = at.rows(f"SELECT COUNT(*) AS N FROM {sql_name}")
                bytes_ = _bytes_of(at, own, full_name(database, schema))
                columns = _bound(at, f"SELECT * FROM {sql_name}")
                done = True
            finally:
                if not done:
                    at.finish()
                    at.execute(f"DROP TABLE IF EXISTS {sql_name}")
            rows = int(counted["N"])
            self._own_tables.add(name, OwnTable(sql_name, own, self._login.generation, rows, bytes_))
            return TempTable(name, sql_name, rows, bytes_, columns, time.perf_counter() - started)

        def undo(table: TempTable) -> None:
            with self._login.running(Job()) as at:
                at.execute(f"DROP TABLE IF EXISTS {table.sql_name}")

        try:
            return await self._run("create", work, sql, about=name, again=False, undo=undo)
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        table = self._own_tables.of_generation(name, self._login.generation)
        if table is not None:
            drop = f"DROP TABLE IF EXISTS {table.sql_name}"

            def work(at: Running) -> None:
                at.finish()
                at.execute(drop)

            await self._run("drop", work, about=name, again=False)
        self._own_tables.discard(name)

    async def estimate(self, sql: str) -> Estimate:
        """What Snowflake's plan says of a query, without running it; where it gives none, what the tables' sizes do."""
        size = sizes_in(await self.catalog(), self._own_tables)

        def work(at: Running) -> Estimate:
            require_query(sql, DIALECT, lambda: _told_by_binder(at, sql))
            try:
                told = at.execute(plan.PREFIX + sql).fetchone()
            except ProgrammingError:
                _bound(at, sql)  # its own mistakes are told as such
                return estimate_from_sizes(sql, DIALECT, size)
            return plan.estimate_of(json.loads(told[0]) if isinstance(told, tuple) else {}, size)

        return await self._quickly("estimate", work, sql, plan.PREFIX)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._read("sample", sampled_sql(sql, table, fraction, await self.catalog()), max_rows)

    async def data_version(self) -> str:
        """Changes when a table that was read here has, with a write or a USE of the user's, and with a new session."""
        mine = f"{self._login.generation}.{self._login.settings.count}.{self._writes}"
        return f"{mine}.{await self._quickly('bind', lambda at: self._data_version.read(at.rows))}"

    async def close(self) -> None:
        """Stop what runs and log out; with the session the temp tables are gone. Safe to call twice."""
        await self._work.close(self._close)

    async def _close(self) -> None:
        await self._catalog.close()
        await asyncio.to_thread(self._finalizer)

    def _read_session(self, at: Running) -> None:
        """What `info` shows."""
        if not self._version:
            self._version = str(at.rows("SELECT CURRENT_VERSION() AS V")[0]["V"])
        if at.connection.warehouse:
            self._warehouse.look(at.connection.warehouse, at.rows)
        told = {"warehouse": at.connection.warehouse, "role": at.connection.role, "schema": at.connection.schema}
        self._session = {key: str(value) for key, value in told.items() if value}

    async def _read_catalog(self, progress: Callable[[Catalog], None]) -> Catalog:
        def work(at: Running) -> Catalog:
            database, schema = _place(at)
            return read_catalog(at.rows, database, schema, self._may_query(at))

        return await self._quickly("catalog", work)

    def _may_query(self, at: Running) -> bool:
        """Whether a question that needs the warehouse would not resume it."""
        try:
            self._warehouse.require_running(at.connection.warehouse, at.rows)
        except EngineError:
            return False
        return True

    def _before_reading(self, at: Running, sql: str, may_resume: bool) -> None:
        """What must be so before something works ahead on the warehouse."""
        if not may_resume:
            self._warehouse.require_running(at.connection.warehouse, at.rows)
        self._data_version.before_reading(sql, _place(at), self._own_tables.sql_names, at.rows)

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started, may_resume = time.perf_counter(), statement_bill().may_resume

        def work(at: Running) -> Result:
            require_query(sql, DIALECT, lambda: _told_by_binder(at, sql))
            self._before_reading(at, sql, may_resume)
            found = _rows_of(at, sql, max_rows, started, ahead=True)
            self._warehouse.note_running(at.connection.warehouse)
            return found

        return await self._run(kind, work, sql)

    def _submitted(self, at: Running, statement: Statement, max_rows: int | None, started: float) -> Result:
        if statement.kind == "query":
            self._data_version.before_reading(statement.text, _place(at), self._own_tables.sql_names, at.rows)
        else:
            self._warehouse.forget()
        if statement.kind == "setting":
            at.execute(statement.text, ahead=False)
            self._login.settings.note(statement.key, statement.text)
            self._read_session(at)
            return success_result("BOOLEAN", started)
        if statement.kind == "write":
            return _written(at, statement.text, max_rows, started)
        found = _rows_of(at, statement.text, max_rows, started, ahead=False)
        if statement.kind == "query":
            self._warehouse.note_running(at.connection.warehouse)
        return found

    async def _quickly(self, kind: StatementKind, work: Callable[[Running], T], sql: str = "", prefix: str = "") -> T:
        return await self._work.ask(kind, self._on(work, sql, prefix))

    async def _run(
        self,
        kind: StatementKind,
        work: Callable[[Running], T],
        sql: str = "",
        about: str = "",
        *,
        ahead: bool = True,
        again: bool = True,
        undo: Callable[[T], object] | None = None,
    ) -> T:
        return await self._work.run(kind, self._on(work, sql, ahead=ahead, again=again), about, undo)

    def _on(
        self,
        work: Callable[[Running], T],
        sql: str = "",
        prefix: str = "",
        *,
        ahead: bool = True,
        again: bool = True,
    ) -> Callable[[Job], T]:
        """In the session; what only reads is run ``again`` if the session turns out to be lost."""
        login = self._login

        def once(job: Job) -> T:
            try:
                with login.running(job, ahead=ahead) as at:
                    return work(at)
            except SnowflakeError as error:
                raise engine_error(error, sql, prefix) from error

        return again_if_lost(once, again)


def _place(at: Running) -> tuple[str, str]:
    """The session's database and schema, where names without them are looked up."""
    database, schema = at.connection.database, at.connection.schema
    if not database or not schema:
        message = "The session has no database and schema."
        raise EngineError(message, "Run USE SCHEMA DATABASE.SCHEMA, or name both when you connect.")
    return _bare(database), _bare(schema)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _bound(at: Running, sql: str) -> tuple[ResultColumn, ...]:
    """The columns of one query, by Snowflake's binder; nothing is run, and no warehouse is needed."""
    columns = columns_of(at.execute(sql, describe=True).description)
    if not columns:
        message = "Only a single query that reads can be run here."
        raise EngineError(message, problem=Problem("not-a-query", message))
    return columns


def _told_by_binder(at: Running, sql: str) -> None:
    """The mistake in what looks like a query, in Snowflake's words; nothing else is shown to it."""
    if statement_of(sql).kind == "query":
        _bound(at, sql)


def _rows_of(at: Running, sql: str, max_rows: int | None, started: float, *, ahead: bool) -> Result:
    most = max_rows + 1 if max_rows is not None else None
    cursor = at.execute(sql, ahead=ahead, most_rows=most)
    rows, complete = page(cursor, max_rows)
    return Result(columns_of(cursor.description), rows, complete, time.perf_counter() - started)


def _written(at: Running, sql: str, max_rows: int | None, started: float) -> Result:
    """Run a statement that may write, which commits itself; of rows that it wrote the number is told."""
    cursor = at.execute(sql, ahead=False)
    if cursor.description and all(column.name.startswith(_COUNT_COLUMNS) for column in cursor.description):
        return count_result(cursor.rowcount or 0, "NUMBER(18,0)", started)
    rows, complete = page(cursor, max_rows)
    return Result(columns_of(cursor.description), rows, complete, time.perf_counter() - started)


def _bytes_of(at: Running, name: str, schema: str) -> int:
    like = name.replace("\\", "\\\\").replace("'", "''")
    found: list[dict[str, Any]] = [
        row for row in at.rows(f"SHOW TABLES LIKE '{like}' IN SCHEMA {schema}") if row["name"] == name
    ]
    return int(found[0]["bytes"] or 0) if found else 0


def _stop(work: EngineJobs, login: Login, canceller: DaemonExecutor) -> None:
    """Stop what runs, end the threads, log out."""
    work.stop()
    login.close()
    canceller.shutdown(timeout=STOP_SECONDS)
