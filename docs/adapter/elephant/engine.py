"""The engine: what `SessionEngine` leaves to the server's adapter, and nothing else."""

import time
from functools import partial

import psycopg
from sqlglot import exp

from elephant.catalog import read_catalog
from elephant.session import Session, columns_of, explained
from speql_engines.adapters import OpenOptions
from speql_engines.bill import statement_bill
from speql_engines.engine import EngineInfo, Estimate, Result, ResultColumn
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.jobs import Job
from speql_engines.login import Login
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.sampled_reads import rows_of, tablesample, with_sampled_reads
from speql_engines.session_engine import SessionEngine
from speql_engines.session_pool import SessionPool
from speql_engines.sized_estimate import estimate_from_sizes, sizes_in
from speql_engines.statement_kinds import Statement, statement_of
from speql_engines.statement_results import count_result, success_result
from speql_engines.text_rows import arrow_table
from speql_engines.timed_catalog import TimedCatalog
from speql_engines.timed_version import TimedVersion
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Parameter, Table
from speql_sql.function_signature import FunctionKind

_SESSIONS, _QUICK_THREADS, _JOB_THREADS, _AHEAD_SECONDS = 4, 2, 6, 300.0
_FUNCTIONS = "SELECT DISTINCT proname, prokind = 'a', format_type(prorettype, NULL) FROM pg_proc WHERE pronargs = 1"


class ElephantEngine(SessionEngine[Session]):
    """A database of a server; made by :meth:`open`."""

    def __init__(self, url: str, options: OpenOptions) -> None:
        login, canceller = Login(options.secret), DaemonExecutor("elephant-cancel", 1)
        self._version = ""
        self._data = TimedVersion()
        self._pool = SessionPool(lambda: Session(url, login.secret(), canceller), _SESSIONS, psycopg.Error, explained)
        jobs = PooledJobs(EngineJobs("elephant", _QUICK_THREADS, _JOB_THREADS), self._pool, psycopg.Error, explained)
        super().__init__(
            jobs,
            TimedCatalog(weak_method(self._look_at_tables)),
            dialect="postgres",
            writable=options.writable,
            closing=(partial(canceller.shutdown, timeout=STOP_SECONDS),),
        )

    @classmethod
    async def open(cls, database: str, options: OpenOptions) -> "ElephantEngine":
        """Log in; :class:`~speql_engines.ConnectionFailedError` says why that fails."""
        engine = cls("postgresql" + database.removeprefix("elephant"), options)

        def first(job: Job) -> str:
            with engine._pool.session(job) as session:
                return session.rows("SELECT current_setting('server_version')")[0][0]

        engine._version = await engine._begin(first)
        return engine

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection. ``tells_changes`` is False: others' writes are seen after ten seconds."""
        return EngineInfo("Elephant", self._version, "a template", self._writable, self._dialect, tells_changes=False)

    async def estimate(self, sql: str) -> Estimate:
        """By the sizes of the tables: the server's EXPLAIN would be better."""

        def check(session: Session) -> None:
            self._require_query(session, sql)
            self._bound(session, sql)

        await self._jobs.ask("estimate", check, sql)
        return estimate_from_sizes(sql, self._dialect, sizes_in(await self.catalog(), self._own_tables))

    async def _look_at_tables(self) -> Catalog:
        return await self._jobs.ask("catalog", read_catalog)

    async def _version_of_data(self) -> str:
        return self._data.read()

    def _signatures(self, session: Session) -> tuple[FunctionSignature, ...]:
        unit = Parameter("unit", "text"), Parameter("x", "timestamp")
        found = [FunctionSignature("date_trunc", unit, "timestamp")]
        for name, sums, returns in session.rows(_FUNCTIONS):
            kind: FunctionKind = "aggregate" if sums == "t" else "scalar"
            found.append(FunctionSignature(name, (Parameter("x", "any"),), returns, kind))
        return tuple(found)

    def _bound(self, session: Session, sql: str) -> tuple[ResultColumn, ...]:
        return session.described(sql)

    def _rows(self, session: Session, sql: str, max_rows: int | None, started: float) -> Result:
        return _page(session, sql, max_rows, started, statement_bill().seconds_within(_AHEAD_SECONDS))

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        def sample(bare: exp.Table, base: Table | None, with_unit: bool) -> exp.Select:
            unit = "HASHTEXT(CAST(ctid AS TEXT))" if with_unit else ""
            return rows_of(tablesample(bare, "BERNOULLI", fraction), unit, catalog.dialect)

        return with_sampled_reads(sql, table, fraction, catalog, sample)

    def _statement(self, sql: str) -> Statement:
        return statement_of(sql)

    def _may_change(self, statement: Statement) -> bool:
        return self._writable or statement.kind == "write"

    def _submitted(
        self, session: Session, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        if statement.kind == "setting":
            session.run(statement.text)
            return success_result("boolean", started)
        if statement.kind == "write":
            self._require_writable(session, statement)
            return count_result(session.written(statement.text), "bigint", started)
        return _page(session, statement.text, max_rows, started)

    def _make(self, session: Session, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        sql_name = f'pg_temp."{own_name}"'
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""
        self._bound(session, sql)  # its mistakes have their place in the user's text
        with self._dropped_on_failure(session, sql_name):
            rows = session.written(f"CREATE TEMP TABLE {sql_name} AS SELECT * FROM (\n{sql}\n) AS speql_rows{limit}")
            ((size,),) = session.rows(f"SELECT pg_total_relation_size('{sql_name}'::regclass)")
            columns = self._bound(session, f"SELECT * FROM {sql_name}")
        return OwnTable(sql_name, own_name, rows=rows, bytes=int(size), columns=columns)

    def _drop(self, session: Session, sql_name: str) -> None:
        session.run(f"DROP TABLE IF EXISTS {sql_name}")


def _page(session: Session, sql: str, max_rows: int | None, started: float, most_seconds: float = 0.0) -> Result:
    """The first rows of a query, in a transaction in which nothing can be written."""
    session.run("BEGIN READ ONLY")
    session.run(f"SET LOCAL statement_timeout = {int(most_seconds * 1000)}")
    with session.connection.cursor() as cursor:
        cursor.execute(sql.encode(), prepare=False)
        columns = columns_of(cursor.pgresult)
        rows = cursor.fetchall() if max_rows is None else cursor.fetchmany(max_rows + 1)
    session.connection.rollback()
    complete = max_rows is None or len(rows) <= max_rows
    shown = arrow_table(columns, rows if complete else rows[:max_rows])
    return Result(session.named(columns), shown, complete, time.perf_counter() - started)
