"""BigQuery as an engine."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

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
from speql_engines.bigquery.statements import statement_of
from speql_engines.bigquery.table_page import TablePage, table_page
from speql_engines.bigquery.types import columns_of, field_named
from speql_engines.bill import statement_bill
from speql_engines.engine import EngineError, EngineInfo, Estimate, Result, ResultColumn, SpeculationHeldError
from speql_engines.engine_jobs import STOP_SECONDS, EngineJobs
from speql_engines.jobs import Job
from speql_engines.own_tables import OwnTable
from speql_engines.pooled_jobs import PooledJobs
from speql_engines.server_session import again_if_lost
from speql_engines.session_engine import SessionEngine
from speql_engines.statement_kinds import Statement
from speql_engines.statement_log import StatementKind
from speql_engines.statement_results import count_result, read_only_error, success_result
from speql_engines.watched_catalog import WatchedCatalog
from speql_engines.weak import weak_method
from speql_engines.workers import DaemonExecutor
from speql_sql import Catalog, FunctionSignature, Problem
from speql_sql.parse import parse_query

_QUICK_THREADS = 4
_JOB_THREADS = 8
_METADATA_THREADS = 16
_CATALOG_SECONDS = 60.0
_SECONDS_A_TABLE = 0.1
"""A catalog is looked through again so seldom that it is no more than ten requests a second."""

_BILLED_CATALOG_SECONDS = 3_600.0
_WRITES_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})


class BigQueryEngine(SessionEngine[Session]):
    """A project of BigQuery; see :class:`~speql_engines.engine.Engine` for what it promises.

    Made by :meth:`open`. Each statement is a job of its own; what reads or makes temp tables runs in a session of
    BigQuery's, which is private and takes one statement at a time. BigQuery has no read-only sessions: what works ahead
    is one query by the parser's word (and by the guard's, before it comes here), and may not be billed for more than it
    was allowed. What is paid for is not run again if an answer is lost: its job may run on there, and is looked for by
    its id.
    """

    def __init__(self, client: Client, location: Location, writable: bool) -> None:
        self._location = location
        canceller = DaemonExecutor("speql-bigquery-cancel", 2)
        asking = DaemonExecutor("speql-bigquery-metadata", _METADATA_THREADS)
        self._metadata = Metadata(client, location, asking)
        self._pool = open_sessions(client, location, _QUICK_THREADS + _JOB_THREADS, canceller)
        self._data_version = DataVersion()
        super().__init__(
            PooledJobs(EngineJobs("bigquery", _QUICK_THREADS, _JOB_THREADS), self._pool, GoogleAPIError, _explained),
            WatchedCatalog(weak_method(self._read_catalog), partial(_catalog_seconds, location)),
            dialect=DIALECT,
            writable=writable,
            closing=(
                partial(canceller.shutdown, timeout=STOP_SECONDS),
                partial(asking.shutdown, timeout=STOP_SECONDS),
                client.close,
            ),
        )

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

    async def catalog(self) -> Catalog:
        """Tables, views, columns, keys and sizes of the project's datasets.

        Read again after a statement of the user's that may have changed them (not in another session, since it may be
        billed); what others change is looked for once a minute, in the background.
        """
        return await self._catalog.catalog((self._sessions.settings.count, self._changes))

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads; BigQuery refuses it if it would be billed for more than it may.

        The first rows of a table are read past the query engine, which costs nothing.
        """
        found = table_page(sql, await self.catalog()) if max_rows is not None else None
        return await self._read("query", sql, max_rows, found)

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
            self._require_query(at, sql)
            told = estimate_of(at.dry_run(sql), sql, rows)
            listed = table_page(sql, catalog) is not None
            return replace(told, bytes_scanned=0, dollars=0.0) if listed else told

        return await self._jobs.ask("estimate", work, sql)

    async def _read_catalog(self, progress: Callable[[Catalog], None]) -> Catalog:
        billed = self._location.information_schema

        def work(job: Job) -> Catalog:
            with self._pool.session(job) as at:

                def rows(sql: str) -> list[dict[str, Any]]:
                    _, found = at.query(sql)
                    return [dict(row.items()) for row in found]

                def tables(dataset: Dataset) -> FoundTables:
                    return read_tables(rows, dataset)

                by_queries = tables if billed else None
                return read_catalog(self._metadata, at.dataset, lambda: job.run_on(at), progress, by_queries)

        return await self._work.ask("catalog", again_if_lost(work, again=True), executor=self._work.long)

    async def _version_of_data(self) -> str:
        return await self._jobs.ask("bind", lambda _: self._data_version.read(self._metadata.get))

    def _signatures(self, session: Session) -> tuple[FunctionSignature, ...]:
        found = self._metadata.side_by_side(self._metadata.routines_in, self._metadata.datasets())
        return read_signatures([one for routines in found for one in routines], DIALECT)

    def _bound(self, session: Session, sql: str) -> tuple[ResultColumn, ...]:
        """By a dry run, which is free."""
        found = session.dry_run(sql)
        if found.statement_type not in ("", "SELECT") or not found.columns:
            message = "Only a single query that reads can be run here."
            raise EngineError(message, problem=Problem("not-a-query", message))
        return found.columns

    async def _read(
        self, kind: StatementKind, sql: str, max_rows: int | None, listed: TablePage | None = None
    ) -> Result:
        started = time.perf_counter()

        def work(at: Session) -> Result:
            self._require_query(at, sql)
            free = self._listed(listed, max_rows, started) if listed is not None and max_rows is not None else None
            return free or self._rows(at, sql, max_rows, started)

        return await self._jobs.run(kind, work, sql, again=False)

    def _rows(self, session: Session, sql: str, max_rows: int | None, started: float) -> Result:
        job, found = session.query(sql, max_rows, bill=statement_bill())
        rows, complete = page(found, max_rows)
        result = Result(columns_of(found.schema), rows, complete, time.perf_counter() - started)
        self._note_read(job, sql, session)
        return result

    def _sampled(self, sql: str, table: str, fraction: float, catalog: Catalog) -> str:
        return sampled_sql(sql, table, fraction, catalog)

    def _statement(self, sql: str) -> Statement:
        return statement_of(sql)

    def _may_change(self, statement: Statement) -> bool:
        reads = statement.kind == "query" and parse_query(statement.text, DIALECT).problem is None
        return not reads and statement.kind != "setting"

    def _may_run_again(self, statement: Statement, changes: bool) -> bool:
        return False

    def _submitted(
        self, session: Session, statement: Statement, changes: bool, max_rows: int | None, started: float
    ) -> Result:
        sql = statement.text
        if statement.kind == "setting":
            return _set(session, sql, started)
        if changes and not self._writable and session.dry_run(sql).statement_type != "SELECT":
            raise read_only_error()
        job, found = session.query(sql, max_rows, ahead=False, bill=statement_bill())
        kind = str(job.statement_type or "")
        if kind in _WRITES_ROWS:
            return count_result(job.num_dml_affected_rows or 0, "INT64", started)
        if kind != "SELECT" and not found.total_rows:
            return success_result("BOOL", started)
        rows, complete = page(found, max_rows)
        result = Result(columns_of(found.schema), rows, complete, time.perf_counter() - started)
        if kind == "SELECT":
            self._note_read(job, sql, session)
        return result

    def _make(self, session: Session, own_name: str, sql: str, most_rows: int | None) -> OwnTable:
        bill = statement_bill()
        expected = session.dry_run(sql).bytes  # its mistakes have their place in the user's text
        if bill.most_bytes is not None and (expected is None or expected > bill.most_bytes):
            # What is free to look at (the first rows of a table) is not free to copy.
            raise SpeculationHeldError("A temp table of this costs more than may be spent.", "Submit the query.")
        session.keep()
        sql_name = f"_SESSION.`{own_name}`"
        query = sql.rstrip().rstrip(";")
        limit = f" LIMIT {most_rows + 1}" if most_rows is not None else ""
        making = f"CREATE TEMP TABLE `{own_name}` AS\nSELECT * FROM (\n{query}\n) AS speql_rows{limit}"
        job, _ = session.query(making, bill=bill, placed=False)
        with self._dropped_on_failure(session, sql_name):
            rows = _count(session, sql_name)
            size = session.dry_run(f"SELECT * FROM {sql_name}")
            self._note_read(job, sql, session)
        return OwnTable(sql_name, own_name, rows=rows, bytes=size.bytes or 0, columns=size.columns)

    def _drop(self, session: Session, sql_name: str) -> None:
        session.query(f"DROP TABLE IF EXISTS {sql_name}")

    def _note_read(self, job: QueryJob, sql: str, at: Session) -> None:
        """Mark the tables that a query has read. Of an answer of BigQuery's own cache a dry run tells them."""
        tables: tuple[TableReference, ...] | None = tuple(job.referenced_tables)
        if not tables and job.cache_hit:
            tables = at.dry_run(sql).tables
        self._data_version.mark(tables, job.created, self._metadata.get)

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
        bill = statement_bill()
        bill.bytes, bill.dollars = 0, 0.0
        complete = total <= most or (wanted.limit is not None and wanted.limit <= max_rows)
        return Result(columns_of(named), page_, complete, time.perf_counter() - started)


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


def _set(session: Session, sql: str, started: float) -> Result:
    """Make a setting, if BigQuery takes it."""
    before = session.properties
    session.run(sql)
    try:
        session.dry_run("SELECT 1")
    except EngineError:
        session.properties = before
        raise
    return success_result("BOOL", started)


def _catalog_seconds(location: Location, catalog: Catalog) -> float:
    """How long a catalog is believed."""
    if location.information_schema:
        return _BILLED_CATALOG_SECONDS
    return max(_CATALOG_SECONDS, _SECONDS_A_TABLE * len(catalog.tables))


def _count(at: Session, sql_name: str) -> int:
    _, found = at.query(f"SELECT COUNT(*) AS n FROM {sql_name}", 1)
    return int(next(iter(found))[0])
