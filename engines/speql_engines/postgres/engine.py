"""PostgreSQL as an engine."""

import asyncio
import json
import time
import weakref
from array import array
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeVar, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus

from speql_engines.adapters import AskSecret
from speql_engines.catalog_keeper import CatalogKeeper, CatalogSource
from speql_engines.engine import (
    Binding,
    ConnectionFailedError,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    TempTable,
)
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.known_catalog import KnownCatalog
from speql_engines.login import Login
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.postgres import plan
from speql_engines.postgres.catalog import catalog_fingerprint, read_catalog
from speql_engines.postgres.data_version import DataVersion
from speql_engines.postgres.errors import engine_error
from speql_engines.postgres.results import batches, described, type_names
from speql_engines.postgres.sampled import sampled_sql
from speql_engines.postgres.sessions import Session, Sessions, open_sessions, server_facts
from speql_engines.postgres.signatures import read_signatures
from speql_engines.server_session import LOST
from speql_engines.statement_kinds import statement_of
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.text_rows import ColumnType, arrow_table
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.packed_columns import TypeSpellings

T = TypeVar("T")

_QUICK_THREADS = 2
_JOB_THREADS = 8
_CATALOG_SECONDS = 1.0

_BACKGROUND_TABLES = 2_000
"""A catalog of more is read again in the background; until then it is known to be stale."""

_READ_ONLY = "25006"


class PostgresEngine:
    """A database of a PostgreSQL server; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables are PostgreSQL's own temporary tables, private to one session and gone with it,
    also after a kill. Whatever a speculation runs, runs in a read-only transaction; temp tables are made empty first
    and then filled in one.
    """

    def __init__(self, sessions: Sessions, canceller: DaemonExecutor, writable: bool, label: str) -> None:
        self._sessions = sessions
        self._writable = writable
        self._label = label
        self._version = ""
        self._no_temp_tables = ""
        self._work = EngineJobs("postgres", _QUICK_THREADS, _JOB_THREADS)
        self._data_version = DataVersion()
        source = CatalogSource(weak_method(self._read_catalog), _no_state, asyncio.to_thread)
        self._catalog = CatalogKeeper(source, _BACKGROUND_TABLES)
        self._fingerprint = ""
        self._catalog_of = ""
        self._catalog_seen = (0, 0, 0)
        self._catalog_looked_at = 0.0
        self._submits = 0
        self._looking: asyncio.Lock = asyncio.Lock()
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._jobs = PooledJobs(self._work, sessions, psycopg.Error, _explained)
        self._own_tables = self._jobs.own_tables
        self._finalizer = weakref.finalize(self, _stop, self._work, sessions, canceller)

    @classmethod
    async def open(cls, conninfo: str, *, writable: bool = False, secret: AskSecret | None = None) -> "PostgresEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``conninfo`` is a URL (``postgresql://user@host/database``) or a list of settings (``host=... dbname=...``) as
        libpq reads them: it also finds passwords in ``~/.pgpass`` and settings in the environment (``PGHOST``).
        ``secret`` is asked for the password first.
        """
        try:
            parts = conninfo_to_dict(conninfo)
        except psycopg.ProgrammingError as error:
            # Not the driver's words: they may hold the password.
            hint = "Write it like postgresql://user@host:5432/database, and the password into ~/.pgpass."
            raise ConnectionFailedError("The name of the PostgreSQL database is not understood.", hint) from error
        if parts.get("password"):
            # It would lie open in settings, histories of shells and lists of processes.
            hint = (
                "Take it out, and keep the connection under a name: speql connections add NAME asks for the password; "
                "or put it into ~/.pgpass or the environment variable PGPASSWORD."
            )
            raise ConnectionFailedError("The name of the database holds a password.", hint)
        canceller = DaemonExecutor("speql-postgres-cancel", 2)
        sessions = open_sessions(conninfo, canceller, Login(secret))
        engine = cls(sessions, canceller, writable, str(parts.get("host") or ""))
        try:
            facts = await engine._work.call(lambda job: server_facts(engine._sessions, job))
        except BaseException:
            await engine.close()
            raise
        engine._version, engine._no_temp_tables = facts.version, facts.no_temp_tables
        engine._label = f"{facts.database} on {engine._label}" if engine._label else facts.database
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        return EngineInfo("PostgreSQL", self._version, self._label, self._writable, "postgres")

    @property
    def temp_tables_wait(self) -> bool:
        """Whether the home session, which has them all, is making one."""
        return self._own_tables.any_being_made

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    async def catalog(self) -> Catalog:
        """Tables, views, columns, keys and estimates of rows; read again when they have changed.

        Whether others have changed them is looked at once a second at most: on a server where somebody writes all the
        time, it would be at each keystroke.
        """
        async with self._looking:
            version = await self.data_version()
            mine = (self._sessions.generation, self._sessions.settings.count, self._submits)
            now = time.monotonic()
            soon = mine == self._catalog_seen and now < self._catalog_looked_at + _CATALOG_SECONDS
            if not self._fingerprint or (version != self._catalog_of and not soon):
                self._fingerprint = await self._jobs.ask("catalog", lambda at: catalog_fingerprint(at.connection))
                self._catalog_of, self._catalog_seen, self._catalog_looked_at = version, mine, now
        return await self._catalog.catalog(self._fingerprint)

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            self._functions = version, await self._jobs.ask("functions", lambda at: read_signatures(at.connection))
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        try:
            columns = await self._jobs.ask("bind", lambda at: _bound(at, sql), sql)
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(columns)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; fetch at most ``max_rows`` rows and abandon the rest."""
        return await self._read("query", sql, max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        SET and RESET hold for every later statement, speculated ones too. On a connection that may not write, whatever
        writes is refused, with how to change that. Transactions, prepared statements, temporary tables and COPY are
        refused: statements run in several sessions.
        """
        statement = statement_of(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        started = time.perf_counter()

        def work(session: Session) -> Result:
            if statement.kind == "setting":
                _execute(session, sql)
                self._sessions.settings.note(statement.key, sql)
                return success_result("boolean", started)
            if statement.kind == "write":
                if not self._writable:
                    raise read_only_error()
                return _written(session, sql, max_rows, started)
            try:
                return _rows_of(session, sql, max_rows, started)
            except psycopg.Error as error:
                if not self._writable or error.sqlstate != _READ_ONLY:
                    raise
                session.connection.rollback()
                return _written(session, sql, max_rows, started)

        again = statement.kind == "query" and not self._writable  # else it may have written before it was lost
        try:
            return await self._jobs.run("submit", work, sql, submits=True, again=again)
        finally:
            self._submits += 1

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a temporary table. On failure or cancel nothing is left.

        It is made empty, which runs nothing of the query, and filled in a read-only transaction, where only temporary
        tables can be written. Of a result of more than ``most_rows`` only one row more than that is kept.
        """
        started = time.perf_counter()
        if self._no_temp_tables:
            raise EngineError(self._no_temp_tables, "Queries run on your tables.")
        self._own_tables.reserve(name)
        sql_name = _sql_name(name)
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""

        def work(session: Session) -> TempTable:
            connection = session.connection
            _describe(session, sql)  # one query, or an error with its place
            connection.execute("BEGIN READ WRITE")
            self._data_version.begin_own(connection)
            _execute(session, f"CREATE TEMPORARY TABLE {sql_name} AS\n{query}\nWITH NO DATA")
            connection.commit()
            done = False
            try:
                connection.execute("BEGIN READ ONLY")
                self._data_version.begin_own(connection)
                filled = _execute(session, f"INSERT INTO {sql_name}\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}")
                connection.execute(f"ANALYZE {sql_name}")
                connection.commit()
                size = connection.execute(f"SELECT pg_total_relation_size('{sql_name}'::regclass)").fetchone()
                columns = _bound(session, f"SELECT * FROM {sql_name}")
                connection.rollback()
                done = True
            finally:
                if not done:
                    session.finish()
                    self._drop(session, sql_name)
            assert size is not None, "a table has a size"
            self._own_tables.add(name, OwnTable(sql_name, name, self._sessions.generation, filled, int(size[0])))
            return TempTable(name, sql_name, filled, int(size[0]), columns, time.perf_counter() - started)

        def undo(session: Session, table: TempTable) -> None:
            self._drop(session, table.sql_name)

        try:
            return await self._jobs.run("create", work, sql, name, home=True, undo=undo)
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        await self._jobs.run("drop", lambda session: self._drop(session, _sql_name(name)), about=name, home=True)
        self._own_tables.discard(name)

    async def estimate(self, sql: str) -> Estimate:
        """PostgreSQL's own estimate of a query, without running it."""
        catalog = await self.catalog()

        def size(schema: str, name: str) -> tuple[int | None, int | None]:
            found = catalog.find(name, schema)
            return (found.row_count, found.bytes) if found is not None else (None, None)

        def work(session: Session) -> Estimate:
            _describe(session, sql)
            session.connection.execute("BEGIN READ ONLY")
            row = session.connection.execute((plan.PREFIX + sql).encode()).fetchone()
            return plan.estimate_of(json.loads(row[0]) if row is not None else (), size)

        return await self._jobs.ask("estimate", work, sql, plan.PREFIX)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._read("sample", sampled_sql(sql, table, fraction, await self.catalog()), max_rows)

    async def data_version(self) -> str:
        """Changes when a transaction of another session, or of the user's here, has ended; also with a SET."""
        read = await self._jobs.ask("bind", lambda session: self._data_version.read(session.connection))
        return f"{self._sessions.generation}.{self._sessions.settings.count}.{read}"

    async def close(self) -> None:
        """Stop what runs and log out; with the sessions the temp tables are gone. Safe to call twice."""
        await self._work.close(self._close)

    async def _close(self) -> None:
        await self._catalog.close()
        await asyncio.to_thread(self._finalizer)

    async def _read_catalog(self, known: KnownCatalog | None, progress: Callable[[Catalog], None]) -> KnownCatalog:
        fingerprint = self._fingerprint
        found = await self._jobs.ask("catalog", lambda at: read_catalog(at.connection, fingerprint))
        return KnownCatalog(found, array("Q"), "", "", TypeSpellings())

    def _drop(self, session: Session, sql_name: str) -> None:
        """Nothing interrupts it."""
        session.finish()
        connection = session.connection
        connection.rollback()
        connection.execute("BEGIN READ WRITE")
        self._data_version.begin_own(connection)
        connection.execute(f"DROP TABLE IF EXISTS {sql_name}")
        connection.commit()

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started = time.perf_counter()
        return await self._jobs.run(kind, lambda session: _rows_of(session, sql, max_rows, started), sql)


async def _no_state() -> str:
    """Nothing tells that a catalog that was kept in a file is still true."""
    return ""


def _explained(error: psycopg.Error, session: Session, sql: str, prefix: str) -> EngineError:
    found = engine_error(error, sql, prefix)
    if session.broken and found.problem is not None:
        message = f"The connection to the server was lost: {found.problem.message}"
        return EngineError(message, "The next statement connects again.", Problem(LOST, message))
    return found


def _rows_of(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
    """The first rows of a query, in a read-only transaction. What is not fetched is cancelled on the server."""
    connection = session.connection
    connection.execute("BEGIN READ ONLY")
    with (
        connection.cursor() as cursor,
        closing(cast(Generator[tuple[Any, ...], None, None], cursor.stream(sql.encode()))) as stream,
    ):
        rows, complete = batches(stream, max_rows)
        columns = _columns_of(cursor)
    seconds = time.perf_counter() - started
    connection.rollback()
    if not columns:
        columns = _describe(session, sql)  # a query without rows
    return Result(type_names(connection, columns), arrow_table(columns, rows), complete, seconds)


def _columns_of(cursor: psycopg.Cursor) -> tuple[ColumnType, ...]:
    return described(cursor.pgresult) if cursor.pgresult is not None else ()


def _written(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
    """Run a statement that may write, which commits itself."""
    connection = session.connection
    with connection.cursor() as cursor:
        cursor.execute(sql.encode(), prepare=False)
        if cursor.pgresult is None or cursor.description is None:
            return count_result(cursor.rowcount, "bigint", started)
        columns = _columns_of(cursor)
        found = cursor.fetchall()
    shown = found if max_rows is None else found[:max_rows]
    result = arrow_table(columns, shown)
    seconds = time.perf_counter() - started
    return Result(type_names(connection, columns), result, len(shown) == len(found), seconds)


def _execute(session: Session, sql: str) -> int:
    """Run one statement; how many rows it wrote."""
    return session.connection.execute(sql.encode(), prepare=False).rowcount


def _bound(session: Session, sql: str) -> tuple[ResultColumn, ...]:
    return type_names(session.connection, _describe(session, sql))


def _describe(session: Session, sql: str) -> tuple[ColumnType, ...]:
    """The columns of one query, by the server's binder; nothing is run. Several statements are an error."""
    pgconn = session.connection.pgconn
    for result in (pgconn.prepare(b"", sql.encode()), pgconn.describe_prepared(b"")):
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)
    columns = described(result)
    if not columns:
        message = "Only a single query that reads can be run here."
        raise EngineError(message, problem=Problem("not-a-query", message))
    return columns


def _sql_name(name: str) -> str:
    return f'pg_temp."{name}"'


def _stop(work: EngineJobs, sessions: Sessions, canceller: DaemonExecutor) -> None:
    """Stop what runs, end the threads, log out."""
    work.stop()
    sessions.close()
    canceller.shutdown(timeout=STOP_SECONDS)
