"""Where statements run: each is a job of BigQuery, and what reads or makes temp tables runs in a session there."""

import logging
import os
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import google.auth
from google.api_core.client_info import ClientInfo
from google.api_core.exceptions import Conflict, GoogleAPIError
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client, ConnectionProperty, DatasetReference, QueryJob, QueryJobConfig, TableReference
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.cloud.bigquery.table import RowIterator, _EmptyRowIterator

from speql_engines.bigquery.errors import (
    DRIVER_ERRORS,
    STOPPED,
    connection_failed,
    engine_error,
    is_lost,
    is_session_over,
    reason_of,
)
from speql_engines.bigquery.location import Location
from speql_engines.bigquery.statements import setting_of
from speql_engines.bigquery.types import columns_of
from speql_engines.bill import Bill
from speql_engines.engine import EngineError, ResultColumn
from speql_engines.server_session import LOST, ServerSession
from speql_engines.session_pool import SessionPool
from speql_sql import Problem

# Its other lines hold what is sent.
logging.getLogger("google.cloud.bigquery").setLevel(logging.CRITICAL)

TAG = "speql"
"""The label of all jobs; its value says who has asked."""

AHEAD_SECONDS = 300.0
"""What works ahead is stopped by BigQuery after so long; the user's own statements as the project has it."""

RETRY = DEFAULT_RETRY.with_timeout(30.0)
"""How long a request that fails for a reason of the network's, or of Google's own, is repeated."""

_ONCE = Retry(predicate=lambda _: False)
_SCOPES = ("https://www.googleapis.com/auth/bigquery",)
_EMULATOR = "BIGQUERY_EMULATOR_HOST"
_REQUEST_SECONDS = 60.0
_CANCEL_SECONDS = 5.0
_CANCEL_PAUSE = 0.2
"""A cancel is a request of its own: it is not repeated sooner than this."""

_UNKNOWN_BYTES = frozenset({"UNKNOWN", "LOWER_BOUND"})
"""What a dry run says of bytes that may be more than it tells: those of other databases, of files elsewhere."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What BigQuery says of a statement without running it; ``bytes`` is None if it may be more than it says."""

    columns: tuple[ResultColumn, ...]
    bytes: int | None
    tables: tuple[TableReference, ...]
    statement_type: str


def open_client(location: Location) -> Client:
    """The one client of a connection; :class:`~speql_engines.ConnectionFailedError` if Google knows no user.

    With BIGQUERY_EMULATOR_HOST it speaks to an emulator, which asks for no user.
    """
    try:
        emulated = os.environ.get(_EMULATOR)
        credentials: Any = AnonymousCredentials() if emulated else google.auth.default(scopes=_SCOPES)[0]  # type: ignore[no-untyped-call]
        return Client(
            location.billing_project,
            credentials,
            location=location.region or None,
            client_info=ClientInfo(user_agent="SpeQL"),  # type: ignore[no-untyped-call]
        )
    except DRIVER_ERRORS as error:
        raise connection_failed(error) from error


class Session(ServerSession):
    """Runs the jobs of one job of ours at a time, one after the other; :meth:`interrupt` has BigQuery stop one.

    A job needs no session of BigQuery's, but for temp tables: :meth:`keep` begins one, in which all that follows runs.
    It ends with :meth:`close`; Google ends it after 24 hours without a statement, which is all there is after a kill.
    """

    def __init__(self, client: Client, location: Location, canceller: Executor) -> None:
        super().__init__(canceller, _CANCEL_PAUSE)
        self.region = location.region
        self._client = client
        self._location = location
        self.properties: Mapping[str, str] = {}
        self._id = ""
        self._broken = False
        self._now = threading.Lock()
        self._runs: tuple[str, str | None] | None = None

    @property
    def broken(self) -> bool:
        """Whether BigQuery's session is over; without one nothing can be lost."""
        return self._broken

    def keep(self) -> None:
        """Begin a session of BigQuery's here, if there is none yet."""
        if not self._id:
            config = self._config(ahead=True)
            config.create_session = True
            job, _ = self._finished("SELECT 1", config, None)
            self._id = str(job.session_info.session_id) if job.session_info is not None else ""
            if not self._id:
                raise EngineError("BigQuery has begun no session, so there are no temp tables.")
            self.region = str(job.location or self.region)

    def dry_run(self, sql: str) -> DryRun:
        """What BigQuery says of a statement; it is not run, and that costs nothing."""
        config = self._config(ahead=True)
        config.dry_run, config.use_query_cache = True, False
        try:
            job = self._insert(sql, config)
        except DRIVER_ERRORS as error:
            raise self._failed(error, sql) from error
        told: Mapping[str, Any] = job._properties.get("statistics", {}).get("query", {})
        certain = told.get("totalBytesProcessedAccuracy") not in _UNKNOWN_BYTES
        scanned = int(job.total_bytes_processed or 0)
        return DryRun(
            columns_of(tuple(job.schema or ())),
            scanned if certain else None,
            tuple(job.referenced_tables),
            str(job.statement_type or ""),
        )

    def query(
        self,
        sql: str,
        most_rows: int | None = None,
        *,
        ahead: bool = True,
        bill: Bill | None = None,
        placed: bool = True,
    ) -> tuple[QueryJob, RowIterator | _EmptyRowIterator]:
        """Run a statement to its end; of its rows at most ``most_rows`` are fetched.

        What works ``ahead`` of the user may be billed and take what its ``bill`` says, and no more than
        :data:`AHEAD_SECONDS`. What was charged is written there. A mistake that is not ``placed`` has no place in a
        text of the user's.
        """
        config = self._config(ahead=ahead, bill=bill)
        try:
            return self._finished(sql, config, max(most_rows, 1) if most_rows is not None else None, bill)
        except DRIVER_ERRORS as error:
            raise self._failed(error, sql if placed else "") from error

    def run(self, statement: str) -> None:
        """Make a setting (SET @@time_zone), which is told with every job from now on."""
        name, value = setting_of(statement)
        self.properties = {**self.properties, name: value}

    @property
    def dataset(self) -> tuple[str, str]:
        """The project and the dataset in which names are looked up that name none."""
        project = self.properties.get("dataset_project_id", self._location.project)
        return project, self.properties.get("dataset_id", self._location.dataset)

    def cancel(self) -> None:
        """Ask BigQuery to stop the job that runs here."""
        with self._now:
            runs = self._runs
        if runs is not None:
            with suppress(*DRIVER_ERRORS):  # not there yet, or over: it is asked again as long as the job runs
                self._client.cancel_job(runs[0], location=runs[1], retry=_ONCE, timeout=_CANCEL_SECONDS)

    def settle(self) -> None:
        """Leave no cancel under way."""
        self.finish()

    def reset(self) -> None:
        """Nothing is left by a statement of the user's: each is a job of its own."""

    def close(self) -> None:
        """End BigQuery's session, if there is one, and the temp tables with it."""
        ended, self._id = self._id, ""
        if ended and not self._broken:
            with suppress(*DRIVER_ERRORS):
                config = QueryJobConfig(labels={TAG: "session"})
                job = self._client.query(
                    f"CALL BQ.ABORT_SESSION('{ended}')",
                    config,
                    location=self.region or None,
                    retry=_ONCE,
                    job_retry=None,
                    timeout=_CANCEL_SECONDS,
                )
                job.result(timeout=_CANCEL_SECONDS, retry=_ONCE, job_retry=None)

    def _config(self, *, ahead: bool, bill: Bill | None = None) -> QueryJobConfig:
        project, dataset = self.dataset
        config = QueryJobConfig(use_legacy_sql=False, labels={TAG: "ahead" if ahead else "submit"})
        if dataset:
            config.default_dataset = DatasetReference(project, dataset)
        told = {"session_id": self._id, "time_zone": self.properties.get("time_zone", "")}
        config.connection_properties = [ConnectionProperty(key, value) for key, value in told.items() if value]
        if ahead:
            config.job_timeout_ms = max(int((bill or Bill()).seconds_within(AHEAD_SECONDS) * 1000), 1)
            if bill is not None and bill.most_bytes is not None:
                # 0 may be read as no limit; 1 is one, since whatever is billed is billed as ten million bytes at least.
                config.maximum_bytes_billed = max(bill.most_bytes, 1)
        return config

    def _finished(
        self, sql: str, config: QueryJobConfig, most_rows: int | None, bill: Bill | None = None
    ) -> tuple[QueryJob, RowIterator | _EmptyRowIterator]:
        job: QueryJob | None = None
        stopped = False
        try:
            job = self._insert(sql, config)
            try:
                rows = job.result(max_results=most_rows, retry=RETRY, job_retry=None)
            except DRIVER_ERRORS as error:
                if not is_lost(error):
                    raise
                # It runs on there, and is paid for: it is asked for again, and not run again.
                job = self._handed_in(job.job_id, job.location)
                rows = job.result(max_results=most_rows, retry=RETRY, job_retry=None)
        except DRIVER_ERRORS as error:
            stopped = reason_of(error) == STOPPED or is_lost(error)
            raise
        finally:
            with self._now:
                self._runs = None
            if job is not None and bill is not None and not stopped:
                _note(bill, job)
        return job, rows

    def _insert(self, sql: str, config: QueryJobConfig) -> QueryJob:
        """Hand a job in, under an id that is known before: it can be cancelled, and is never run twice."""
        id_, region = f"{TAG}_{uuid.uuid4().hex}", self.region or None
        with self._now:
            self._runs = None if config.dry_run else (id_, region)
        try:
            job = self._client.query(
                sql,
                config,
                job_id=id_,
                location=region,
                retry=RETRY,
                job_retry=None,
                timeout=_REQUEST_SECONDS,
            )
        except Conflict:  # it had been heard of, though its answer was lost
            job = self._handed_in(id_, region)
        with self._now:
            if self._runs is not None:
                self._runs = (id_, job.location)
        return job

    def _handed_in(self, id_: str, region: str | None) -> QueryJob:
        found = self._client.get_job(id_, location=region, retry=RETRY, timeout=_REQUEST_SECONDS)
        assert isinstance(found, QueryJob), "nothing else has an id of ours"
        return found

    def _failed(self, error: Exception, sql: str) -> EngineError:
        if self._id and is_session_over(error):
            self._broken = True
            message = f"BigQuery's session is over, and the temp tables are gone with it: {engine_error(error).message}"
            return EngineError(message, "Temp tables are made anew.", Problem(LOST, message))
        return engine_error(error, sql)


def open_sessions(client: Client, location: Location, most: int, canceller: Executor) -> SessionPool[Session]:
    """The sessions of an engine; that of the temp tables becomes one of BigQuery's where it is needed."""
    return SessionPool(lambda: Session(client, location, canceller), most, GoogleAPIError, engine_error)


def _note(bill: Bill, job: QueryJob) -> None:
    """What a job that has ended was charged: the bytes billed, and no money at all where there are none."""
    billed = 0 if job.cache_hit else job.total_bytes_billed
    if billed is not None:
        bill.bytes = int(billed)
        if not billed:
            bill.dollars = 0.0
