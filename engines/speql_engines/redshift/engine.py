"""Redshift as an engine."""

import asyncio
import time
import uuid
import weakref
from collections.abc import Callable, Sequence
from typing import TypeVar

from speql_engines.adapters import AskSecret
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
from speql_engines.redshift import plan
from speql_engines.redshift.catalog import DIALECT, read_catalog
from speql_engines.redshift.errors import engine_error
from speql_engines.redshift.location import Location, location_of
from speql_engines.redshift.sampled import sampled_sql
from speql_engines.redshift.sessions import Canceller, DriverError, Session, Sessions, open_sessions, server_facts
from speql_engines.redshift.signatures import read_signatures
from speql_engines.redshift.statements import only_reads, redshift_statement
from speql_engines.server_session import LOST, again_if_lost
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.text_rows import ColumnType, arrow_table
from speql_engines.timed_version import TimedVersion
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

T = TypeVar("T")

_QUICK_THREADS = 2
_JOB_THREADS = 6
_CATALOG_SECONDS = 60.0
"""Tables that others make or change are looked for so often."""

_AHEAD_MILLISECONDS = 300_000
"""What works ahead is stopped by the server after so long; the user's own statements as the cluster has it."""


class RedshiftEngine:
    """A database of a Redshift cluster or workgroup; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Temp tables are Redshift's own temporary tables, private to one session and gone with it. What
    works ahead is one query by the parser's word (and by the guard's, before it comes here), in a READ ONLY transaction
    where it makes no temp table.
    """

    def __init__(self, location: Location, writable: bool) -> None:
        self._location = location
        self._writable = writable
        self._version = ""
        self._label = location.label
        self._work = EngineJobs("redshift", _QUICK_THREADS, _JOB_THREADS)
        cancelling = DaemonExecutor("speql-redshift-cancel", 1)
        canceller = Canceller(location)
        self._sessions = open_sessions(location, canceller, cancelling)
        self._data_version = TimedVersion()
        self._catalog: Catalog | None = None
        self._catalog_seen = (0, 0, 0)
        self._catalog_read_at = 0.0
        self._reading: asyncio.Lock = asyncio.Lock()
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._own_tables = OwnTables()
        self._writes = 0
        self._finalizer = weakref.finalize(self, _stop, self._work, self._sessions, cancelling, canceller)

    @classmethod
    async def open(cls, url: str, *, writable: bool = False, secret: AskSecret | None = None) -> "RedshiftEngine":
        """Log in; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``redshift://user@host:5439/database``; with ``?iam=true`` AWS says who the user is.
        """
        engine = cls(location_of(url, await asyncio.to_thread(secret) if secret is not None else None), writable)
        try:
            engine._version, _ = await engine._work.call(lambda job: server_facts(engine._sessions, job))
        except BaseException:
            await engine.close()
            raise
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection; ``details`` say that it is ``paid``."""
        return EngineInfo(
            "Redshift", self._version, self._label, self._writable, DIALECT, paid=True, tells_changes=False
        )

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    async def catalog(self) -> Catalog:
        """Tables, views, columns, keys and estimates of rows.

        Read again after a statement of the user's that may have changed them, and once a minute.
        """
        async with self._reading:
            mine = (self._sessions.generation, self._sessions.settings_count, self._writes)
            now = time.monotonic()
            known = self._catalog
            if known is not None and mine == self._catalog_seen and now < self._catalog_read_at + _CATALOG_SECONDS:
                return known
            found = await self._quickly("catalog", lambda at: read_catalog(at.rows))
            if known is None or found.version != known.version or mine != self._catalog_seen:
                known = found
            self._catalog, self._catalog_seen, self._catalog_read_at = known, mine, now
            return known

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            self._functions = version, await self._quickly("functions", lambda at: read_signatures(at.rows))
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it, or why it does not bind."""
        problem = parse_query(sql, DIALECT).problem
        if problem is not None and problem.code != "cannot-parse":
            return Binding(problems=(problem,))
        try:
            columns = await self._quickly("bind", lambda at: _bound(at, sql), sql, home=self._is_at_home(sql))
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(columns)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; a LIMIT of ``max_rows`` and one is added where the query has none."""
        return await self._read("query", sql, max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        SET and RESET hold for every later statement, speculated ones too. On a connection that may not write, whatever
        writes, or is not known not to, is refused, with how to change that. Transactions, prepared statements and
        temporary tables are refused: statements run in several sessions.
        """
        statement = redshift_statement(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        certain = statement.kind in ("read", "setting") or (statement.kind == "query" and only_reads(sql))
        home = self._is_at_home(sql)
        started = time.perf_counter()

        def work(session: Session) -> Result:
            if statement.kind == "setting":
                session.run(sql)
                self._sessions.note_setting(statement.key, sql)
                return success_result("boolean", started)
            if certain:
                return _rows_of(session, sql, max_rows, started)
            if not self._writable:
                if statement.kind == "query":
                    session.describe(sql)  # a mistake in it is told first
                raise read_only_error(certain=False)
            return _written(session, sql, max_rows, started)

        try:
            return await self._run("submit", work, sql, home=home, submits=not certain and not home, again=certain)
        finally:
            self._writes += not certain

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a temporary table. On failure or cancel nothing is left.

        Its name in SQL is one that no table ever had. Of a result of more than ``most_rows`` only one row more than
        that is kept. Its size is its rows by their width in the plan: only administrators are told how many blocks it
        has.
        """
        started = time.perf_counter()
        self._own_tables.reserve(name)
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""

        def work(session: Session) -> TempTable:
            require_query(sql, DIALECT, lambda: session.describe(sql))
            own = f"{name}_{uuid.uuid4().hex[:8]}"
            sql_name = f'"{own}"'
            session.describe(sql)  # its mistakes have their place in the user's text
            _limit_time(session)
            session.run(f"CREATE TEMPORARY TABLE {sql_name} AS\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}")
            done = False
            try:
                session.run("COMMIT")
                read = f"SELECT * FROM {sql_name}"
                rows = int(session.rows(f"SELECT count(*) FROM {sql_name}")[0][0])
                lines = [str(line) for (line,) in session.rows(plan.PREFIX + read)]
                columns = _bound(session, read)
                done = True
            finally:
                if not done:
                    session.finish()
                    session.run("ROLLBACK")
                    session.run(f"DROP TABLE IF EXISTS {sql_name}")
            size = rows * max(plan.width_of(lines), 1)
            self._own_tables.add(name, OwnTable(sql_name, own, self._sessions.generation, rows, size))
            return TempTable(name, sql_name, rows, size, columns, time.perf_counter() - started)

        def undo(table: TempTable) -> None:
            with self._sessions.session(Job(), home=True) as session:
                session.run(f"DROP TABLE IF EXISTS {table.sql_name}")

        try:
            return await self._run("create", work, sql, name, home=True, again=False, undo=undo)
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        table = self._own_tables.of_generation(name, self._sessions.generation)
        if table is not None:
            drop = f"DROP TABLE IF EXISTS {table.sql_name}"

            def work(session: Session) -> None:
                session.finish()
                session.run(drop)

            await self._run("drop", work, about=name, home=True, again=False)
        self._own_tables.discard(name)

    async def estimate(self, sql: str) -> Estimate:
        """Redshift's own estimate of a query, without running it."""
        catalog = await self.catalog()

        def rows_of_table(name: str) -> int | None:
            if own := self._own_tables.named(name):
                return own.rows
            found = catalog.named(name)
            return max((one.row_count or 0 for one in found), default=None)

        def work(session: Session) -> Estimate:
            require_query(sql, DIALECT, lambda: session.describe(sql))
            session.describe(sql)
            return plan.estimate_of([str(line) for (line,) in session.rows(plan.PREFIX + sql)], rows_of_table)

        return await self._quickly("estimate", work, sql, plan.PREFIX, home=self._is_at_home(sql))

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._read("sample", sampled_sql(sql, table, fraction, await self.catalog()), max_rows)

    async def data_version(self) -> str:
        """Changes every ten seconds, with a write or SET of the user's, and when the temp tables' session is lost."""
        mine = f"{self._sessions.generation}.{self._sessions.settings_count}.{self._writes}"
        return f"{mine}.{self._data_version.read()}"

    async def close(self) -> None:
        """Stop what runs and log out; with the sessions the temp tables are gone. Safe to call twice."""
        await self._work.close(lambda: asyncio.to_thread(self._finalizer))

    def _is_at_home(self, sql: str) -> bool:
        """Whether a statement reads a temp table of ours, which only the home session sees."""
        return self._own_tables.mentioned_in(sql)

    async def _read(self, kind: StatementKind, sql: str, max_rows: int | None) -> Result:
        started = time.perf_counter()

        def work(session: Session) -> Result:
            require_query(sql, DIALECT, lambda: session.describe(sql))
            return _rows_of(session, sql, max_rows, started, ahead=True)

        return await self._run(kind, work, sql, home=self._is_at_home(sql))

    async def _quickly(
        self, kind: StatementKind, work: Callable[[Session], T], sql: str = "", prefix: str = "", *, home: bool = False
    ) -> T:
        on_session = self._on_session(work, sql, prefix, home=home, again=True)
        return await self._work.ask(kind, on_session, executor=self._work.long if home else None)

    async def _run(
        self,
        kind: StatementKind,
        work: Callable[[Session], T],
        sql: str = "",
        about: str = "",
        *,
        home: bool = False,
        submits: bool = False,
        again: bool = True,
        undo: Callable[[T], object] | None = None,
    ) -> T:
        on_session = self._on_session(work, sql, home=home, submits=submits, again=again and not home)
        return await self._work.run(kind, on_session, about, undo)

    def _on_session(
        self,
        work: Callable[[Session], T],
        sql: str,
        prefix: str = "",
        *,
        home: bool = False,
        submits: bool = False,
        again: bool = False,
    ) -> Callable[[Job], T]:
        """On a session of its own; what only reads is run ``again`` if the session turns out to be lost."""
        sessions = self._sessions

        def once(job: Job) -> T:
            with sessions.session(job, home=home, submits=submits) as session:
                try:
                    return work(session)
                except DriverError as error:
                    raise engine_error(error.cause, sql, prefix) from error

        return again_if_lost(once, again)


def _rows_of(session: Session, sql: str, max_rows: int | None, started: float, *, ahead: bool = False) -> Result:
    """The first rows of a query, in a read-only transaction."""
    session.run("BEGIN READ ONLY")
    if ahead:
        session.run(f"SET LOCAL statement_timeout TO {_AHEAD_MILLISECONDS}")
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
    session.run("BEGIN")
    session.run(f"SET LOCAL statement_timeout TO {_AHEAD_MILLISECONDS}")


def _written(session: Session, sql: str, max_rows: int | None, started: float) -> Result:
    """Run a statement that may write, which commits itself."""
    columns, rows, count = session.execute(sql)
    if not columns:
        return count_result(count, "bigint", started)
    shown = rows if max_rows is None else rows[:max_rows]
    table = arrow_table(columns, shown)
    return Result(_named(session, columns), table, len(shown) == len(rows), time.perf_counter() - started)


def _bound(session: Session, sql: str) -> tuple[ResultColumn, ...]:
    return _named(session, session.describe(sql))


def _named(session: Session, columns: Sequence[ColumnType]) -> tuple[ResultColumn, ...]:
    """The columns with the server's spelling of their types."""
    if not columns:
        return ()
    asked = ", ".join(f"format_type({column.oid}, {column.modifier})" for column in columns)
    (names,) = session.rows(f"SELECT {asked}")
    return tuple(ResultColumn(column.name, str(name)) for column, name in zip(columns, names, strict=True))


def _stop(work: EngineJobs, sessions: Sessions, cancelling: DaemonExecutor, canceller: Canceller) -> None:
    """Stop what runs, end the threads, log out."""
    work.stop()
    sessions.close()
    cancelling.shutdown(timeout=STOP_SECONDS)
    canceller.close()
