"""SQL Server as an engine."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from speql_engines.adapters import AskSecret
from speql_engines.bill import statement_bill
from speql_engines.engine import EngineError, EngineInfo, Estimate, Result, ResultColumn
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.session_engine import SessionEngine
from speql_engines.sized_estimate import estimate_from_sizes, sizes_in
from speql_engines.sqlserver import plan
from speql_engines.sqlserver.binding import described
from speql_engines.sqlserver.catalog import DIALECT, read_catalog
from speql_engines.sqlserver.errors import DRIVER_ERRORS, SNAPSHOT_REFUSED, engine_error
from speql_engines.sqlserver.location import Location, location_of
from speql_engines.sqlserver.query_parts import quoted
from speql_engines.sqlserver.results import PAGE_ROWS, Described, arrow_table, described_by, read_as_text
from speql_engines.sqlserver.sampled import sampled_sql
from speql_engines.sqlserver.server import Server
from speql_engines.sqlserver.sessions import DriverError, Session, open_sessions, server_of
from speql_engines.sqlserver.signatures import read_signatures
from speql_engines.sqlserver.statements import ISOLATION, only_reads, tsql_statement
from speql_engines.sqlserver.temp_tables import bytes_of, dropping, making
from speql_engines.statement_kinds import Statement
from speql_engines.statement_results import count_result, success_result
from speql_engines.timed_catalog import TimedCatalog
from speql_engines.timed_version import TimedVersion
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem

T = TypeVar("T")

_QUICK_THREADS = 2
_JOB_THREADS = 6
_SNAPSHOT, _COMMITTED = "SNAPSHOT", "READ COMMITTED"
_AHEAD_SECONDS = 300
"""What works ahead is stopped after so long; the user's own statements are not."""


class SqlServerEngine(SessionEngine[Session]):
    """A database of SQL Server, Azure SQL or Synapse; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables are the server's own (``#name``), private to one session and gone with it. T-SQL
    has no read-only transaction: what works ahead is one query by the parser's word and by its text's (and by the
    guard's, before it comes here).
    """

    def __init__(self, location: Location, writable: bool, secret: AskSecret | None = None) -> None:
        self._location = location
        self._server = Server()
        self._data_version = TimedVersion()
        self._own_isolation = False
        cancelling = DaemonExecutor("speql-sqlserver-cancel", 2)
        self._pool = open_sessions(location, cancelling, secret)
        super().__init__(
            PooledJobs(EngineJobs("sqlserver", _QUICK_THREADS, _JOB_THREADS), self._pool, DriverError, _explained),
            TimedCatalog(weak_method(self._read_catalog)),
            dialect=DIALECT,
            writable=writable,
            closing=(partial(cancelling.shutdown, timeout=STOP_SECONDS),),
        )

    @classmethod
    async def open(cls, url: str, *, writable: bool = False, secret: AskSecret | None = None) -> "SqlServerEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``mssql://user@host:1433/database``, or ``synapse://...``; with ``authentication=ActiveDirectory..``
        Entra says who the user is.
        """
        engine = cls(location_of(url), writable, secret)
        engine._server = await engine._begin(partial(server_of, engine._pool))
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

    async def _read_catalog(self) -> Catalog:
        def work(session: Session) -> Catalog:
            def sizes(sql: str) -> list[Sequence[Any]]:
                try:
                    return session.rows(sql)
                except DriverError:
                    if session.broken:
                        raise
                    return []  # whoever may read a table may not be allowed to see how large it is

            return read_catalog(session.rows, sizes, self._server)

        return await self._jobs.ask("catalog", work)

    async def _version_of_data(self) -> str:
        return self._data_version.read()

    def _signatures(self, session: Session) -> tuple[FunctionSignature, ...]:
        return read_signatures(session.rows)

    def _bound(self, session: Session, sql: str) -> tuple[ResultColumn, ...]:
        return _shown(described(session, sql))

    def _rows(self, session: Session, sql: str, max_rows: int | None, started: float) -> Result:
        columns, seconds = described(session, sql), _seconds()
        return self._ahead(session, lambda: _rows_of(session, sql, columns, max_rows, started, seconds))

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        return sampled_sql(sql, table, fraction, catalog, has_tablesample=not self._server.is_synapse)

    def _statement(self, sql: str) -> Statement:
        return tsql_statement(sql)

    def _may_change(self, statement: Statement) -> bool:
        certain = statement.kind == "setting" or (statement.kind == "query" and only_reads(statement.text))
        return not certain

    def _submitted(
        self, session: Session, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        session.settle_for(ahead=False, level="" if self._own_isolation else _COMMITTED)
        if statement.kind == "setting":
            session.run(statement.text)
            self._own_isolation |= statement.key == ISOLATION
            return success_result("bit", started)
        if not changes:
            return _query_submitted(session, statement.text, max_rows, started)
        self._require_writable(session, statement)
        return _written(session, statement.text, max_rows, started)

    def _make(self, session: Session, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        columns = described(session, sql)
        own_name = f"#{own_name}"
        sql_name = quoted(own_name)
        statement = making(self._server, own_name, sql, columns, most_rows)
        with self._dropped_on_failure(session, sql_name):
            self._ahead(session, lambda: session.run(statement, _seconds()))
            rows = int(session.rows(f"SELECT COUNT_BIG(*) FROM {sql_name}")[0][0])
            size = bytes_of(session, own_name, rows, len(columns))
        return OwnTable(sql_name, own_name, rows=rows, bytes=size, columns=_shown(columns))

    def _drop(self, session: Session, sql_name: str) -> None:
        if not session.broken:
            session.run(dropping(sql_name[1:-1]))

    def _require_query(self, session: Session, sql: str) -> None:
        super()._require_query(session, sql)
        if not only_reads(sql):
            message = "The server may read this as more than one query."
            raise EngineError(message, "Run it (submit).", Problem("several-statements", message))

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


def _explained(error: DriverError, session: Session, sql: str, prefix: str) -> EngineError:
    return engine_error(error.told, sql)


def _seconds() -> int:
    """How long a statement may take that works ahead."""
    return max(1, int(statement_bill().seconds_within(_AHEAD_SECONDS)))


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


def _query_submitted(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
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


def _shown(columns: Sequence[Described]) -> tuple[ResultColumn, ...]:
    return tuple(column.shown for column in columns)
