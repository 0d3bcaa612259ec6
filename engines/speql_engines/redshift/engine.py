"""Redshift as an engine."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from speql_engines.adapters import AskSecret
from speql_engines.bill import statement_bill
from speql_engines.engine import EngineError, EngineInfo, Estimate, Result, ResultColumn
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.redshift import plan
from speql_engines.redshift.catalog import DIALECT, read_catalog
from speql_engines.redshift.errors import engine_error
from speql_engines.redshift.location import Location, location_of
from speql_engines.redshift.sampled import sampled_sql
from speql_engines.redshift.sessions import Canceller, DriverError, Session, open_sessions, server_facts
from speql_engines.redshift.signatures import read_signatures
from speql_engines.redshift.statements import only_reads, redshift_statement
from speql_engines.session_engine import SessionEngine
from speql_engines.statement_kinds import Statement
from speql_engines.statement_results import count_result, success_result
from speql_engines.text_rows import ColumnType, arrow_table
from speql_engines.timed_catalog import TimedCatalog
from speql_engines.timed_version import TimedVersion
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature
from speql_sql.parse import parse_query

_QUICK_THREADS = 2
_JOB_THREADS = 6
_AHEAD_SECONDS = 300.0
"""What works ahead is stopped by the server after so long; the user's own statements as the cluster has it."""


class RedshiftEngine(SessionEngine[Session]):
    """A database of a Redshift cluster or workgroup; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables are Redshift's own temporary tables, private to one session and gone with it. What
    works ahead is one query by the parser's word (and by the guard's, before it comes here), in a READ ONLY transaction
    where it makes no temp table; a LIMIT is added where it has none.
    """

    def __init__(self, location: Location, writable: bool) -> None:
        self._version = ""
        self._label = location.label
        self._data_version = TimedVersion()
        cancelling = DaemonExecutor("speql-redshift-cancel", 1)
        canceller = Canceller(location)
        self._pool = open_sessions(location, canceller, cancelling)
        super().__init__(
            PooledJobs(EngineJobs("redshift", _QUICK_THREADS, _JOB_THREADS), self._pool, DriverError, _explained),
            TimedCatalog(weak_method(self._read_catalog)),
            dialect=DIALECT,
            writable=writable,
            closing=(partial(cancelling.shutdown, timeout=STOP_SECONDS), canceller.close),
        )

    @classmethod
    async def open(cls, url: str, *, writable: bool = False, secret: AskSecret | None = None) -> "RedshiftEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``redshift://user@host:5439/database``; with ``?iam=true`` AWS says who the user is.
        """
        engine = cls(location_of(url, await asyncio.to_thread(secret) if secret is not None else None), writable)
        engine._version, _ = await engine._begin(partial(server_facts, engine._pool))
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection, which is ``paid`` for."""
        return EngineInfo(
            "Redshift", self._version, self._label, self._writable, DIALECT, paid=True, tells_changes=False
        )

    async def estimate(self, sql: str) -> Estimate:
        """Redshift's own estimate of a query, without running it."""
        catalog = await self.catalog()

        def rows_of_table(name: str) -> int | None:
            if own := self._own_tables.named(name):
                return own.rows
            found = catalog.named(name)
            return max((one.row_count or 0 for one in found), default=None)

        def work(session: Session) -> Estimate:
            self._require_query(session, sql)
            session.describe(sql)
            return plan.estimate_of([str(line) for (line,) in session.rows(plan.PREFIX + sql)], rows_of_table)

        return await self._jobs.ask("estimate", work, sql, plan.PREFIX)

    async def _read_catalog(self) -> Catalog:
        return await self._jobs.ask("catalog", lambda at: read_catalog(at.rows))

    async def _version_of_data(self) -> str:
        return self._data_version.read()

    def _signatures(self, session: Session) -> tuple[FunctionSignature, ...]:
        return read_signatures(session.rows)

    def _bound(self, session: Session, sql: str) -> tuple[ResultColumn, ...]:
        return _named(session, session.describe(sql))

    def _rows(self, session: Session, sql: str, max_rows: int | None, started: float) -> Result:
        return _rows_of(session, sql, max_rows, started, ahead=True)

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        return sampled_sql(sql, table, fraction, catalog)

    def _statement(self, sql: str) -> Statement:
        return redshift_statement(sql)

    def _may_change(self, statement: Statement) -> bool:
        certain = statement.kind in ("read", "setting") or (statement.kind == "query" and only_reads(statement.text))
        return not certain

    def _submitted(
        self, session: Session, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        if statement.kind == "setting":
            session.run(statement.text)
            return success_result("boolean", started)
        if not changes:
            return _rows_of(session, statement.text, max_rows, started)
        self._require_writable(session, statement)
        return _written(session, statement.text, max_rows, started)

    def _make(self, session: Session, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        """Its size is its rows by their width in the plan: only administrators are told how many blocks it has."""
        sql_name = f'"{own_name}"'
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""
        session.describe(sql)  # its mistakes have their place in the user's text
        session.run("BEGIN")
        _limit_time(session)
        session.run(f"CREATE TEMPORARY TABLE {sql_name} AS\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}")
        with self._dropped_on_failure(session, sql_name):
            session.run("COMMIT")
            read = f"SELECT * FROM {sql_name}"
            rows = int(session.rows(f"SELECT count(*) FROM {sql_name}")[0][0])
            lines = [str(line) for (line,) in session.rows(plan.PREFIX + read)]
            columns = self._bound(session, read)
        return OwnTable(sql_name, own_name, rows=rows, bytes=rows * max(plan.width_of(lines), 1), columns=columns)

    def _drop(self, session: Session, sql_name: str) -> None:
        session.roll_back()
        session.run(f"DROP TABLE IF EXISTS {sql_name}")


def _explained(error: DriverError, session: Session, sql: str, prefix: str) -> EngineError:
    return engine_error(error.cause, sql, prefix)


def _rows_of(session: Session, sql: str, max_rows: int | None, started: float, *, ahead: bool = False) -> Result:
    """The first rows of a query, in a read-only transaction."""
    session.run("BEGIN READ ONLY")
    if ahead:
        _limit_time(session)
    columns, rows, _ = session.execute(sql if max_rows is None else _limited(sql, max_rows + 1))
    session.run("ROLLBACK")
    complete = max_rows is None or len(rows) <= max_rows
    shown = arrow_table(columns, rows if complete else rows[:max_rows])
    return Result(_named(session, columns), shown, complete, time.perf_counter() - started)


def _limited(sql: str, most: int) -> str:
    """The query with a LIMIT, if it is one that has none; its own words stay.

    The driver fetches every row of a result before it gives the first.
    """
    query = parse_query(sql, DIALECT).query
    if query is None or any(query.args.get(part) for part in ("limit", "offset", "locks", "into")):
        return sql
    return f"{sql.rstrip().rstrip(';')}\nLIMIT {most}"


def _limit_time(session: Session) -> None:
    """For the transaction that has begun."""
    seconds = statement_bill().seconds_within(_AHEAD_SECONDS)
    session.run(f"SET LOCAL statement_timeout TO {max(int(seconds * 1000), 1)}")


def _written(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
    """Run a statement that may write, which commits itself."""
    columns, rows, count = session.execute(sql)
    if not columns:
        return count_result(count, "bigint", started)
    shown = rows if max_rows is None else rows[:max_rows]
    table = arrow_table(columns, shown)
    return Result(_named(session, columns), table, len(shown) == len(rows), time.perf_counter() - started)


def _named(session: Session, columns: Sequence[ColumnType]) -> tuple[ResultColumn, ...]:
    """The columns with the server's spelling of their types."""
    if not columns:
        return ()
    asked = ", ".join(f"format_type({column.oid}, {column.modifier})" for column in columns)
    (names,) = session.rows(f"SELECT {asked}")
    return tuple(ResultColumn(column.name, str(name)) for column, name in zip(columns, names, strict=True))
