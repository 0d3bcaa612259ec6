"""PostgreSQL as an engine."""

import json
import time
from collections.abc import Generator
from contextlib import closing
from functools import partial
from typing import Any, cast

import psycopg
from psycopg import capabilities
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus

from speql_engines.adapters import AskSecret
from speql_engines.bill import statement_bill
from speql_engines.engine import (
    ConnectionFailedError,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    TempTable,
)
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.login import Login
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.postgres import plan
from speql_engines.postgres.data_version import DataVersion
from speql_engines.postgres.errors import engine_error
from speql_engines.postgres.looked_at_catalog import LookedAtCatalog
from speql_engines.postgres.results import batches, described, type_names
from speql_engines.postgres.sampled import sampled_sql
from speql_engines.postgres.sessions import Session, Sessions, open_sessions, server_facts
from speql_engines.postgres.signatures import read_signatures
from speql_engines.server_session import LOST
from speql_engines.session_engine import SessionEngine
from speql_engines.statement_kinds import Statement, statement_of
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.text_rows import ColumnType, arrow_table
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem

_QUICK_THREADS = 2
_JOB_THREADS = 8
_READ_ONLY = "25006"
_CHUNK = 1000
"""So many rows come at a time from libpq, where it is 17 or newer: in half the time of single ones."""
_AHEAD_SECONDS = 300.0
"""So long the server lets run what nobody has submitted, also if SpeQL was killed meanwhile."""


class PostgresEngine(SessionEngine[Session]):
    """A database of a PostgreSQL server; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables are PostgreSQL's own temporary tables, private to one session and gone with it,
    also after a kill. Whatever a speculation runs, runs in a read-only transaction, where PostgreSQL itself lets
    nothing else through; temp tables are made empty first and then filled in one.
    """

    def __init__(self, sessions: Sessions, canceller: DaemonExecutor, writable: bool, label: str) -> None:
        self._label = label
        self._version = ""
        self._no_temp_tables = ""
        self._data_version = DataVersion()
        self._pool = sessions
        jobs = PooledJobs(EngineJobs("postgres", _QUICK_THREADS, _JOB_THREADS), sessions, psycopg.Error, _explained)
        super().__init__(
            jobs,
            LookedAtCatalog(jobs, weak_method(self.data_version)),
            dialect="postgres",
            writable=writable,
            closing=(partial(canceller.shutdown, timeout=STOP_SECONDS),),
        )

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
        facts = await engine._begin(partial(server_facts, sessions))
        engine._version, engine._no_temp_tables = facts.version, facts.no_temp_tables
        engine._label = f"{facts.database} on {engine._label}" if engine._label else facts.database
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        return EngineInfo("PostgreSQL", self._version, self._label, self._writable, self._dialect)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a temporary table, where the server takes such. On failure or cancel nothing is left.

        Of a result of more than ``most_rows`` only one row more than that is kept.
        """
        if self._no_temp_tables:
            raise EngineError(self._no_temp_tables, "Queries run on your tables.")
        return await super().create_temp_table(name, sql, most_rows)

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

    async def data_version(self) -> str:
        """Changes when a transaction of another session, or of the user's here, has ended; also with a SET."""
        read = await self._version_of_data()
        return f"{self._sessions.generation}.{self._sessions.settings.count}.{read}"

    async def _version_of_data(self) -> str:
        return await self._jobs.ask("bind", lambda session: self._data_version.read(session.connection))

    def _signatures(self, session: Session) -> tuple[FunctionSignature, ...]:
        return read_signatures(session.connection)

    def _bound(self, session: Session, sql: str) -> tuple[ResultColumn, ...]:
        return type_names(session.connection, _describe(session, sql))

    def _rows(self, session: Session, sql: str, max_rows: int | None, started: float) -> Result:
        return _rows_of(session, sql, max_rows, started, ahead=True)

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        return sampled_sql(sql, table, fraction, catalog)

    def _statement(self, sql: str) -> Statement:
        return statement_of(sql)

    def _may_change(self, statement: Statement) -> bool:
        return True  # any function may

    def _may_run_again(self, statement: Statement, changes: bool) -> bool:
        return statement.kind == "query" and not self._writable

    def _submitted(
        self, session: Session, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        sql = statement.text
        if statement.kind == "setting":
            _execute(session, sql)
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

    def _make(self, session: Session, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        """It is made empty, which runs nothing of the query, and filled in a read-only transaction, where only
        temporary tables can be written.
        """
        connection = session.connection
        sql_name = f'pg_temp."{own_name}"'
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""
        _describe(session, sql)  # one query, or an error with its place
        connection.execute("BEGIN READ WRITE")
        self._data_version.begin_own(connection)
        _execute(session, f"CREATE TEMPORARY TABLE {sql_name} AS\n{query}\nWITH NO DATA")
        connection.commit()
        with self._dropped_on_failure(session, sql_name):
            _begin_ahead(connection)
            self._data_version.begin_own(connection)
            rows = _execute(session, f"INSERT INTO {sql_name}\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}")
            connection.execute(f"ANALYZE {sql_name}")
            connection.commit()
            size = connection.execute(f"SELECT pg_total_relation_size('{sql_name}'::regclass)").fetchone()
            columns = self._bound(session, f"SELECT * FROM {sql_name}")
            connection.rollback()
        assert size is not None, "a table has a size"
        return OwnTable(sql_name, own_name, rows=rows, bytes=int(size[0]), columns=columns)

    def _drop(self, session: Session, sql_name: str) -> None:
        connection = session.connection
        connection.rollback()
        connection.execute("BEGIN READ WRITE")
        self._data_version.begin_own(connection)
        connection.execute(f"DROP TABLE IF EXISTS {sql_name}")
        connection.commit()

    def _unasked_problem(self, sql: str) -> Problem | None:
        return None  # it describes what it is asked about, and does no more than that

    def _require_query(self, session: Session, sql: str) -> None:
        """Nothing: a read-only transaction lets nothing else through, and :func:`_describe` takes one query only."""


def _explained(error: psycopg.Error, session: Session, sql: str, prefix: str) -> EngineError:
    found = engine_error(error, sql, prefix)
    if session.broken and found.problem is not None:
        message = f"The connection to the server was lost: {found.problem.message}"
        return EngineError(message, "The next statement connects again.", Problem(LOST, message))
    return found


def _begin_ahead(connection: psycopg.Connection) -> None:
    """Begin a read-only transaction whose statements the server stops in time, or sooner if the user has set that."""
    most = max(int(statement_bill().seconds_within(_AHEAD_SECONDS) * 1000), 1)
    connection.execute(
        f"BEGIN READ ONLY; SELECT set_config('statement_timeout', '{most}', true) WHERE extract(epoch FROM "
        f"current_setting('statement_timeout')::interval) * 1000 NOT BETWEEN 1 AND {most}".encode(),
        prepare=False,
    )


def _rows_of(session: Session, sql: str, max_rows: int | None, started: float, *, ahead: bool = False) -> Result:
    """The first rows of a query, in a read-only transaction. What is not fetched is cancelled on the server."""
    connection = session.connection
    if ahead:
        _begin_ahead(connection)
    else:
        connection.execute("BEGIN READ ONLY")
    size = min(_CHUNK if max_rows is None else max_rows + 1, _CHUNK) if capabilities.has_stream_chunked() else 1
    with (
        connection.cursor() as cursor,
        closing(cast(Generator[tuple[Any, ...], None, None], cursor.stream(sql.encode(), size=size))) as stream,
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
