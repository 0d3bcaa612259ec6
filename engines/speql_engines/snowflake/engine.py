"""Snowflake as an engine."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from snowflake.connector.errors import Error as SnowflakeError
from snowflake.connector.errors import ProgrammingError

from speql_engines.adapters import AskSecret
from speql_engines.bill import statement_bill
from speql_engines.engine import EngineError, EngineInfo, Estimate, Result, ResultColumn
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.own_tables import OwnTable
from speql_engines.session_engine import SessionEngine
from speql_engines.shared_jobs import SharedJobs
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
from speql_engines.statement_results import count_result, success_result
from speql_engines.watched_catalog import WatchedCatalog
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

_QUICK_THREADS = 4
_JOB_THREADS = 8
_CATALOG_SECONDS = 60.0
"""Tables that others make or change are looked for so often: each look is half a dozen questions."""

_COUNT_COLUMNS = "number of "


class SnowflakeEngine(SessionEngine[Running]):
    """A database of a Snowflake account; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. All statements run in one session; temp tables are Snowflake's own temporary tables, private
    to it and gone with it. Snowflake has no read-only sessions: what works ahead is one query by the parser's word (and
    by the guard's, before it comes here). Nothing works ahead on a warehouse that is suspended; a submit resumes it.
    """

    def __init__(self, location: Location, writable: bool, secret: AskSecret | None = None) -> None:
        self._location = location
        self._version = ""
        canceller = DaemonExecutor("speql-snowflake-cancel", 2)
        login = Login(location, canceller, secret)
        self._warehouse = Warehouse()
        self._data_version = DataVersion()
        self._session: dict[str, str] = {}
        super().__init__(
            SharedJobs(EngineJobs("snowflake", _QUICK_THREADS, _JOB_THREADS), login, SnowflakeError, engine_error),
            WatchedCatalog(weak_method(self._read_catalog), lambda _: _CATALOG_SECONDS),
            dialect=DIALECT,
            writable=writable,
            closing=(partial(canceller.shutdown, timeout=STOP_SECONDS),),
        )

    @classmethod
    async def open(cls, url: str, *, writable: bool = False, secret: AskSecret | None = None) -> "SnowflakeEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``snowflake://account/database/schema?warehouse=..&role=..``, or ``snowflake://NAME`` for a name of
        ``~/.snowflake/connections.toml``, which may also hold what is secret; else ``secret`` is asked for a password.
        """
        engine = cls(location_of(url), writable, secret)
        await engine._begin(engine._jobs.on_session(engine._read_session))
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

    async def estimate(self, sql: str) -> Estimate:
        """What Snowflake's plan says of a query, without running it; where it gives none, what the tables' sizes do."""
        size = sizes_in(await self.catalog(), self._own_tables)

        def work(at: Running) -> Estimate:
            self._require_query(at, sql)
            try:
                told = at.execute(plan.PREFIX + sql).fetchone()
            except ProgrammingError:
                self._bound(at, sql)  # its own mistakes are told as such
                return estimate_from_sizes(sql, DIALECT, size)
            return plan.estimate_of(json.loads(told[0]) if isinstance(told, tuple) else {}, size)

        return await self._jobs.ask("estimate", work, sql, plan.PREFIX)

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

        return await self._jobs.ask("catalog", work)

    async def _version_of_data(self) -> str:
        return await self._jobs.ask("bind", lambda at: self._data_version.read(at.rows))

    def _signatures(self, session: Running) -> tuple[FunctionSignature, ...]:
        return read_signatures(session.rows, _place(session)[0])

    def _bound(self, session: Running, sql: str) -> tuple[ResultColumn, ...]:
        """No warehouse is needed for it."""
        columns = columns_of(session.execute(sql, describe=True).description)
        if not columns:
            message = "Only a single query that reads can be run here."
            raise EngineError(message, problem=Problem("not-a-query", message))
        return columns

    def _rows(self, session: Running, sql: str, max_rows: int | None, started: float) -> Result:
        self._before_working_ahead(session, sql)
        found = _rows_of(session, sql, max_rows, started, ahead=True)
        self._warehouse.note_running(session.connection.warehouse)
        return found

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        return sampled_sql(sql, table, fraction, catalog)

    def _statement(self, sql: str) -> Statement:
        return statement_of(sql)

    def _may_change(self, statement: Statement) -> bool:
        doubtful = statement.kind == "query" and parse_query(statement.text, DIALECT).problem is not None
        return statement.kind == "write" or doubtful

    def _may_run_again(self, statement: Statement, changes: bool) -> bool:
        return statement.kind == "read" or not self._writable  # a query may take numbers of a sequence

    def _submitted(
        self, session: Running, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        sql = statement.text
        if changes:
            self._require_writable(session, statement)
        if statement.kind == "query":
            self._before_reading(session, sql)
        else:
            self._warehouse.forget()
        if statement.kind == "setting":
            session.execute(sql, ahead=False)
            self._read_session(session)
            return success_result("BOOLEAN", started)
        if statement.kind == "write":
            return _written(session, sql, max_rows, started)
        found = _rows_of(session, sql, max_rows, started, ahead=False)
        if statement.kind == "query":
            self._warehouse.note_running(session.connection.warehouse)
        return found

    def _make(self, session: Running, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        self._before_working_ahead(session, sql)
        place = _place(session)
        sql_name = full_name(*place, own_name)
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""
        # A day of it would be kept for Time Travel, and paid for.
        head = f"CREATE TEMPORARY TABLE {sql_name} DATA_RETENTION_TIME_IN_DAYS = 0 AS"
        session.execute(f"{head}\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}")
        self._warehouse.note_running(session.connection.warehouse)
        with self._dropped_on_failure(session, sql_name):
            (counted,) = session.rows(f"SELECT COUNT(*) AS N FROM {sql_name}")
            bytes_ = _bytes_of(session, own_name, full_name(*place))
            columns = self._bound(session, f"SELECT * FROM {sql_name}")
        return OwnTable(sql_name, own_name, rows=int(counted["N"]), bytes=bytes_, columns=columns)

    def _drop(self, session: Running, sql_name: str) -> None:
        session.execute(f"DROP TABLE IF EXISTS {sql_name}")

    def _may_query(self, at: Running) -> bool:
        """Whether a question that needs the warehouse would not resume it."""
        try:
            self._warehouse.require_running(at.connection.warehouse, at.rows)
        except EngineError:
            return False
        return True

    def _before_working_ahead(self, at: Running, sql: str) -> None:
        """What must be so before something works ahead on the warehouse."""
        if not statement_bill().may_resume:
            self._warehouse.require_running(at.connection.warehouse, at.rows)
        self._before_reading(at, sql)

    def _before_reading(self, at: Running, sql: str) -> None:
        self._data_version.before_reading(sql, _place(at), self._own_tables.sql_names, at.rows)


def _place(at: Running) -> tuple[str, str]:
    """The session's database and schema, where names without them are looked up."""
    database, schema = at.connection.database, at.connection.schema
    if not database or not schema:
        message = "The session has no database and schema."
        raise EngineError(message, "Run USE SCHEMA DATABASE.SCHEMA, or name both when you connect.")
    return _bare(database), _bare(schema)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


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
