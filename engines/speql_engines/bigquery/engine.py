"""BigQuery as an engine."""

import asyncio
import time
import uuid
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from google.api_core.exceptions import GoogleAPIError
from google.cloud.bigquery import Client, QueryJob, TableReference

from speql_engines.bigquery.catalog import DIALECT, FoundTables, read_catalog
from speql_engines.bigquery.data_version import ABOUT_TO_READ, DataVersion
from speql_engines.bigquery.errors import DRIVER_ERRORS, connection_failed, engine_error
from speql_engines.bigquery.information_schema import read_tables
from speql_engines.bigquery.location import Dataset, Location, location_of
from speql_engines.bigquery.metadata import Metadata, region_of
from speql_engines.bigquery.plan import estimate_of
from speql_engines.bigquery.results import arrow_table, page
from speql_engines.bigquery.sampled import sampled_sql
from speql_engines.bigquery.sessions import Session, open_client, open_sessions
from speql_engines.bigquery.signatures import read_signatures
from speql_engines.bigquery.statements import Statement, statement_of
from speql_engines.bigquery.table_page import TablePage, table_page
from speql_engines.bigquery.types import columns_of, field_named
from speql_engines.bill import Bill, statement_bill
from speql_engines.engine import (
    Binding,
    EngineError,
    EngineInfo,
    Estimate,
    Result,
    ResultColumn,
    SpeculationHeldError,
    TempTable,
)
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.jobs import Job
from speql_engines.one_query import require_query
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.server_session import LOST, again_if_lost
from speql_engines.session_pool import SessionPool
from speql_engines.statement_log import RunningStatement, StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.watched_catalog import WatchedCatalog
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

T = TypeVar("T")

_QUICK_THREADS = 4
_JOB_THREADS = 8
_METADATA_THREADS = 16
_CATALOG_SECONDS = 60.0
_SECONDS_A_TABLE = 0.1
"""A catalog is looked through again so seldom that it is no more than ten requests a second."""

_BILLED_CATALOG_SECONDS = 3_600.0
_WRITES_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})


class BigQueryEngine:
    """A project of BigQuery; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Each statement is a job of its own; what reads or makes temp tables runs in a session of
    BigQuery's, which is private and takes one statement at a time. BigQuery has no read-only sessions: what works ahead
    is one query by the parser's word (and by the guard's, before it comes here), and may not be billed for more than it
    was allowed.
    """

    def __init__(self, client: Client, location: Location, writable: bool) -> None:
        self._location = location
        self._writable = writable
        self._work = EngineJobs("bigquery", _QUICK_THREADS, _JOB_THREADS)
        canceller = DaemonExecutor("speql-bigquery-cancel", 2)
        asking = DaemonExecutor("speql-bigquery-metadata", _METADATA_THREADS)
        self._metadata = Metadata(client, location, asking)
        self._sessions = open_sessions(client, location, _QUICK_THREADS + _JOB_THREADS, canceller)
        self._data_version = DataVersion()
        self._catalog = WatchedCatalog(self._read_catalog, self._catalog_seconds)
        self._default: Dataset = (location.project, location.dataset)
        self._functions: tuple[str, tuple[FunctionSignature, ...]] | None = None
        self._writes = 0
        # What is paid for is not run again: its job may run on there, and is looked for by its id.
        self._jobs = PooledJobs(self._work, self._sessions, GoogleAPIError, _explained)
        self._own_tables = self._jobs.own_tables
        self._finalizer = weakref.finalize(self, _stop, self._work, self._sessions, (canceller, asking), client)

    @classmethod
    async def open(cls, url: str, *, writable: bool = False) -> "BigQueryEngine":
        """Open a project; :class:`ConnectionFailedError` says why that fails.

        ``url`` is ``bigquery://project/dataset?location=EU``. Google's default credentials say who the user is.
        """
        client, location = await asyncio.to_thread(_connected, location_of(url))
        return cls(client, location, writable)

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection, with the region and who pays."""
        told = {"region": self._location.region, "billing project": self._location.billing_project}
        details = {key: value for key, value in told.items() if value}
        return EngineInfo(
            "BigQuery",
            "v2",  # of its interface: BigQuery itself has no versions
            self._location.label,
            self._writable,
            DIALECT,
            details,
            paid=True,
            tells_changes=False,
        )

    @property
    def temp_tables_wait(self) -> bool:
        """Whether the session that has them all is making one."""
        return self._own_tables.any_being_made

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._work.running

    async def catalog(self) -> Catalog:
        """Tables, views, columns, keys and sizes of the project's datasets.

        Read again after a statement of the user's that may have changed them; what others change is looked for once a
        minute, in the background.
        """
        return await self._catalog.catalog((self._sessions.settings.count, self._writes))

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """All functions that a query may call; read again when the catalog has changed."""
        version = (await self.catalog()).version
        if self._functions is None or self._functions[0] != version:
            metadata = self._metadata

            def work(_: Session) -> tuple[FunctionSignature, ...]:
                found = metadata.side_by_side(metadata.routines_in, metadata.datasets())
                return read_signatures([one for routines in found for one in routines], DIALECT)

            self._functions = version, await self._jobs.ask("functions", work)
        return self._functions[1]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result by a dry run, which is free, or why it does not bind."""
        problem = parse_query(sql, DIALECT).problem
        if problem is not None and (problem.code != "cannot-parse" or statement_of(sql).kind != "query"):
            return Binding(problems=(problem,))
        try:
            columns = await self._jobs.ask("bind", lambda at: _bound(at, sql), sql)
        except EngineError as error:
            if error.problem is None or error.problem.code == LOST:
                raise
            return Binding(problems=(error.problem,))
        return Binding(columns)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; BigQuery refuses it if it would be billed for more than it may.

        The first rows of a table are read past the query engine, which costs nothing.
        """
        found = table_page(sql, await self.catalog()) if max_rows is not None else None
        return await self._read("query", sql, max_rows, found)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement as the user wrote it.

        SET @@time_zone, @@dataset_id and @@dataset_project_id hold for every later statement, speculated ones too. On a
        connection that may not write, what BigQuery does not call a query is refused, with how to change that.
        Transactions, variables and temporary tables are refused but within one BEGIN ... END: each statement is a job
        of its own.
        """
        statement = statement_of(sql)
        if statement.kind == "refused":
            raise EngineError(statement.reason, problem=Problem("not-supported", statement.reason))
        certain = statement.kind == "query" and parse_query(sql, DIALECT).problem is None
        started, bill = time.perf_counter(), statement_bill()

        def work(at: Session) -> Result:
            if statement.kind == "setting":
                return self._set(at, statement, started)
            if not certain and not self._writable and at.dry_run(sql).statement_type != "SELECT":
                raise read_only_error()
            return self._submitted(at, sql, max_rows, bill, started)

        reads = certain or statement.kind == "setting"
        try:
            return await self._jobs.run("submit", work, sql, again=False)
        finally:
            self._writes += not reads

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query as a temporary table of a session. On failure or cancel nothing is left.

        Its name in SQL is one that no table ever had. Of a result of more than ``most_rows`` only one row more than
        that is kept.
        """
        started, bill = time.perf_counter(), statement_bill()
        self._own_tables.reserve(name)
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""

        def work(at: Session) -> TempTable:
            require_query(sql, DIALECT, lambda: _told_by_binder(at, sql))
            expected = at.dry_run(sql).bytes  # its mistakes have their place in the user's text
            if bill.most_bytes is not None and (expected is None or expected > bill.most_bytes):
                # What is free to look at (the first rows of a table) is not free to copy.
                raise SpeculationHeldError("A temp table of this costs more than may be spent.", "Submit the query.")
            at.keep()
            own = f"{name}_{uuid.uuid4().hex[:8]}"
            sql_name = f"_SESSION.`{own}`"
            head = f"CREATE TEMP TABLE `{own}` AS\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}"
            job, _ = at.query(head, bill=bill, placed=False)
            done = False
            try:
                rows = _count(at, sql_name)
                size = at.dry_run(f"SELECT * FROM {sql_name}")
                self._note_read(job, sql, at)
                done = True
            finally:
                if not done:
                    at.finish()
                    at.query(f"DROP TABLE IF EXISTS {sql_name}")
            bytes_ = size.bytes or 0
            self._own_tables.add(name, OwnTable(sql_name, own, self._sessions.generation, rows, bytes_))
            return TempTable(name, sql_name, rows, bytes_, size.columns, time.perf_counter() - started)

        def undo(at: Session, table: TempTable) -> None:
            at.query(f"DROP TABLE IF EXISTS {table.sql_name}")

        try:
            return await self._jobs.run("create", work, sql, name, home=True, again=False, undo=undo)
        except BaseException:
            self._own_tables.discard(name)
            raise

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table made by this engine. Dropping one that is gone is no error."""
        table = self._own_tables.of_generation(name, self._sessions.generation)
        if table is not None:
            drop = f"DROP TABLE IF EXISTS {table.sql_name}"

            def work(at: Session) -> None:
                at.finish()
                at.query(drop)

            await self._jobs.run("drop", work, about=name, home=True, again=False)
        self._own_tables.discard(name)

    async def estimate(self, sql: str) -> Estimate:
        """The bytes that BigQuery would charge for, by a dry run, and rows by the sizes of the tables.

        The first rows of a table are free.
        """
        catalog = await self.catalog()

        def rows(parts: Sequence[str]) -> int | None:
            if own := self._own_tables.named(parts[-1]):
                return own.rows
            found = catalog.find(*reversed(parts))
            return found.row_count if found is not None else None

        def work(at: Session) -> Estimate:
            require_query(sql, DIALECT, lambda: _told_by_binder(at, sql))
            told = estimate_of(at.dry_run(sql), sql, rows)
            listed = table_page(sql, catalog) is not None
            return replace(told, bytes_scanned=0, dollars=0.0) if listed else told

        return await self._jobs.ask("estimate", work, sql)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run ``sql`` with every read of base table ``table`` replaced by a random ``fraction`` of its rows."""
        return await self._read("sample", sampled_sql(sql, table, fraction, await self.catalog()), max_rows)

    async def data_version(self) -> str:
        """Changes when a table that was read here has been modified, with a write or SET of the user's, and when the
        session of the temp tables is over.
        """
        mine = f"{self._sessions.generation}.{self._sessions.settings.count}.{self._writes}"
        return f"{mine}.{await self._jobs.ask('bind', lambda _: self._data_version.read(self._metadata.get))}"

    async def close(self) -> None:
        """Stop what runs and end the session; the temp tables are gone with it. Safe to call twice."""
        await self._work.close(self._close)

    async def _close(self) -> None:
        await self._catalog.close()
        await asyncio.to_thread(self._finalizer)

    def _catalog_seconds(self, catalog: Catalog) -> float:
        if self._location.information_schema:
            return _BILLED_CATALOG_SECONDS
        return max(_CATALOG_SECONDS, _SECONDS_A_TABLE * len(catalog.tables))

    async def _read_catalog(self, progress: Callable[[Catalog], None]) -> Catalog:
        billed = self._location.information_schema

        def work(job: Job) -> Catalog:
            with self._sessions.session(job) as at:

                def rows(sql: str) -> list[dict[str, Any]]:
                    _, found = at.query(sql)
                    return [dict(row.items()) for row in found]

                def tables(dataset: Dataset) -> FoundTables:
                    return read_tables(rows, dataset)

                by_queries = tables if billed else None
                return read_catalog(self._metadata, at.dataset, lambda: job.run_on(at), progress, by_queries)

        return await self._work.ask("catalog", again_if_lost(work, again=True), executor=self._work.long)

    def _note_read(self, job: QueryJob, sql: str, at: Session) -> None:
        """Mark the tables that a query has read. Of an answer of BigQuery's own cache a dry run tells them."""
        tables: tuple[TableReference, ...] | None = tuple(job.referenced_tables)
        if not tables and job.cache_hit:
            tables = at.dry_run(sql).tables
        self._data_version.mark(tables, job.created, self._metadata.get)

    def _set(self, at: Session, statement: Statement, started: float) -> Result:
        """Make a setting, if BigQuery takes it."""
        before = at.properties
        at.run(statement.text)
        try:
            at.dry_run("SELECT 1")
        except EngineError:
            at.properties = before
            raise
        self._sessions.settings.note(statement.key, statement.text)
        return success_result("BOOL", started)

    async def _read(
        self, kind: StatementKind, sql: str, max_rows: int | None, listed: TablePage | None = None
    ) -> Result:
        started, bill = time.perf_counter(), statement_bill()

        def work(at: Session) -> Result:
            require_query(sql, DIALECT, lambda: _told_by_binder(at, sql))
            free = self._listed(listed, max_rows, started) if listed is not None and max_rows is not None else None
            if free is not None:
                bill.bytes, bill.dollars = 0, 0.0
                return free
            job, found = at.query(sql, max_rows, bill=bill)
            rows, complete = page(found, max_rows)
            result = Result(columns_of(found.schema), rows, complete, time.perf_counter() - started)
            self._note_read(job, sql, at)
            return result

        return await self._jobs.run(kind, work, sql, again=False)

    def _listed(self, wanted: TablePage, max_rows: int, started: float) -> Result | None:
        """The first rows of a table; None if it has to be queried: rows of it are hidden, or it is none any more."""
        (table,) = self._metadata.get([wanted.table])
        fields = wanted.fields(table) if table is not None else None
        if table is None or fields is None:
            return None
        self._data_version.mark([wanted.table], ABOUT_TO_READ, lambda _: [table])
        most = max_rows if wanted.limit is None else min(max_rows, wanted.limit)
        asked = [field for field in table.schema if field in fields]
        found = self._metadata.rows(table, asked, most)
        if found is None:
            return None
        rows, total = found
        places = [asked.index(field) for field in fields]
        named = [field_named(field, name) for field, name in zip(fields, wanted.names(fields), strict=True)]
        page_ = arrow_table(named, [[row[place] for place in places] for row in rows[:most]])
        complete = total <= most or (wanted.limit is not None and wanted.limit <= max_rows)
        return Result(columns_of(named), page_, complete, time.perf_counter() - started)

    def _submitted(self, at: Session, sql: str, max_rows: int | None, bill: Bill, started: float) -> Result:
        job, found = at.query(sql, max_rows, ahead=False, bill=bill)
        kind = str(job.statement_type or "")
        if kind in _WRITES_ROWS:
            return count_result(job.num_dml_affected_rows or 0, "INT64", started)
        if kind != "SELECT" and not found.total_rows:
            return success_result("BOOL", started)
        rows, complete = page(found, max_rows)
        result = Result(columns_of(found.schema), rows, complete, time.perf_counter() - started)
        if kind == "SELECT":
            self._note_read(job, sql, at)
        return result


def _explained(error: Exception, _: Session, sql: str, __: str) -> EngineError:
    return engine_error(error, sql)


def _connected(location: Location) -> tuple[Client, Location]:
    """The client, if the project may be seen, and where that is."""
    client = open_client(location)
    try:
        return client, replace(location, region=location.region or region_of(client, location))
    except DRIVER_ERRORS as error:
        client.close()  # type: ignore[no-untyped-call]
        raise connection_failed(error) from error


def _bound(at: Session, sql: str) -> tuple[ResultColumn, ...]:
    """The columns of one query; nothing is run."""
    found = at.dry_run(sql)
    if found.statement_type not in ("", "SELECT") or not found.columns:
        message = "Only a single query that reads can be run here."
        raise EngineError(message, problem=Problem("not-a-query", message))
    return found.columns


def _told_by_binder(at: Session, sql: str) -> None:
    """The mistake in what looks like a query, in BigQuery's words; nothing else is shown to it."""
    if statement_of(sql).kind == "query":
        _bound(at, sql)


def _count(at: Session, sql_name: str) -> int:
    _, found = at.query(f"SELECT COUNT(*) AS n FROM {sql_name}", 1)
    return int(next(iter(found))[0])


def _stop(
    work: EngineJobs, sessions: SessionPool[Session], executors: Sequence[DaemonExecutor], client: Client
) -> None:
    """Stop what runs, end the session and the threads."""
    work.stop()
    sessions.close()
    for executor in executors:
        executor.shutdown(timeout=STOP_SECONDS)
    client.close()  # type: ignore[no-untyped-call]
