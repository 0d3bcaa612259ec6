"""The one session that an engine has on a Spark Connect server, on which all statements run side by side."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress

from sqlglot import TokenType, tokenize
from sqlglot.errors import SqlglotError

from speql_engines.bill import statement_bill
from speql_engines.engine import ConnectionFailedError, EngineError
from speql_engines.jobs import Job
from speql_engines.login import Login
from speql_engines.server_session import LOST, ServerSession
from speql_engines.spark.cluster import Cluster
from speql_engines.spark.driver import (
    SQL,
    DataFrame,
    DefaultChannelBuilder,
    DefaultPolicy,
    Frame,
    PySparkException,
    SparkConnectClient,
    SparkSession,
    active,
    types,
)
from speql_engines.spark.errors import connection_failed, engine_error, is_lost
from speql_engines.spark.location import Location
from speql_engines.user_settings import UserSettings
from speql_sql.secret import Secret

TAG = "SpeQL"
"""Every statement has it, and one that no other has."""

PREFIX = "SELECT * FROM (\n"
"""Before a text that has to be one query: Spark's grammar lets no other statement stand in parentheses."""

_SUFFIX = "\n)"
_CANCEL_PAUSE = 0.1
_CONNECT_RETRIES, _RETRIES = 1, 6
_LONGEST_PAUSE = 5_000
"""Milliseconds between two tries where the network fails; the client's own patience is more than ten minutes."""

# These change how a text is read: another one would be guarded than the one that runs.
_AS_READ = ("spark.sql.parser.escapedStringLiterals", "spark.sql.ansi.doubleQuotedIdentifiers")


class Running(ServerSession):
    """The statements of one job, one after the other, under a tag by which the server is asked to stop them."""

    def __init__(self, session: SparkSession, canceller: Executor) -> None:
        super().__init__(canceller, _CANCEL_PAUSE)
        self.session = session
        self.tag = f"{TAG}-{uuid.uuid4().hex}"

    @property
    def client(self) -> SparkConnectClient:
        """What speaks to the server."""
        return self.session.client

    def cancel(self) -> None:
        """Ask the server to stop what runs under this job's tag. Blocks."""
        with suppress(PySparkException):  # the server is gone; it is asked again as long as the statement runs
            self.client.interrupt_tag(self.tag)

    def query(self, sql: str) -> Frame:
        """One query, of which nothing is sent yet. Give it what :meth:`bound` has taken for one: nothing else."""
        return DataFrame(SQL(_without_end(sql)), self.session)

    def bound(self, sql: str) -> types.StructType:
        """The columns of a query, analysed and not run; :class:`EngineError` in the place of anything else.

        Spark runs commands as it analyses them, but in parentheses its grammar takes none.
        """
        try:
            return self.query(f"{PREFIX}{_without_end(sql)}{_SUFFIX}").schema
        except PySparkException as error:
            raise engine_error(error, sql, PREFIX) from error

    def rows(self, sql: str) -> list[dict[str, object]]:
        """The rows of a statement that asks about the catalog (SHOW)."""
        found: list[dict[str, object]] = self.session.sql(sql).toArrow().to_pylist()
        return found

    def plan(self, sql: str) -> str:
        """Spark's plan of a query, with what it expects of its size; nothing is run."""
        return str(self.client.explain_string(SQL(_without_end(sql)).to_proto(self.client), "cost"))

    def checkpointed(self, frame: Frame) -> Frame:
        """The rows of a query as they are now, which no longer depend on the tables that they came from."""
        with active(self.session):
            return frame.localCheckpoint(eager=True)


class Sessions:
    """Opens the session, and another one only when it is over; all methods block.

    All statements run in this one session, side by side, so every statement sees the temp tables, and SET and USE hold
    for all. When the session is over (the server was started anew, or has closed it), the temp tables are gone, which
    ``generation`` tells; the user's settings are made again. A cluster that is paid for while it runs is started for
    the user's own statements only.
    """

    def __init__(self, location: Location, canceller: Executor, login: Login) -> None:
        self._location = location
        self._login = login
        self._canceller = canceller
        self._cluster = Cluster(f"https://{location.host}", location.cluster, self._token) if location.cluster else None
        self._lock = threading.Lock()
        self._session: SparkSession | None = None
        self._over = False
        self._closed = False
        self.settings = UserSettings()
        self.generation = 0

    @contextmanager
    def running(self, job: Job, *, asked: bool = False) -> Iterator[Running]:
        """Where the job runs its statements; the client's errors come out as they are.

        :class:`~speql_engines.engine.SpeculationHeldError` if a cluster would have to be started for what the user has
        not ``asked`` for, and its bill does not say that it may be.
        """
        if self._cluster is not None and not asked and not statement_bill().may_resume:
            self._cluster.require_running()
        at = Running(self._connected(), self._canceller)
        tags = (TAG, at.tag)
        try:
            for tag in tags:
                at.client.add_tag(tag)
            at.serve(job)
            yield at
        except (PySparkException, EngineError) as error:
            if _is_lost(error):
                self._note_over(at.session)
            raise
        finally:
            at.finish()
            for tag in tags:
                at.client.remove_tag(tag)

    def close(self) -> None:
        """End the session; with it the temp tables are gone. Jobs must have ended."""
        with self._lock:
            session, self._session, self._closed = self._session, None, True
        if session is not None:
            _end(session)

    def _note_over(self, session: SparkSession) -> None:
        with self._lock:
            self._over = self._over or session is self._session

    def _connected(self) -> SparkSession:
        with self._lock:
            if self._closed:
                raise EngineError("The connection is closed.", "Open it again.")
            if self._session is not None and not self._over:
                return self._session
            before = self._session
            fresh = self._opened()
            self._session, self._over = fresh, False
            if before is not None:
                self.generation += 1
                before.client.close()
                self.settings.repeat(fresh.sql, PySparkException, lambda error: engine_error(error).message)
            return fresh

    def _token(self) -> str | None:
        """What is kept for the connection, else that of the environment."""
        kept = self._login.secret()
        return kept.reveal() if kept is not None else self._location.token

    def _opened(self) -> SparkSession:
        token = self._login.secret()
        try:
            return _open(self._location, token)
        except PySparkException as error:
            failed = connection_failed(error, self._location)
            renewed = self._login.renewed(token) if failed.reason in ("login", "expired") else None
            if renewed is None:
                raise failed from error
        try:
            return _open(self._location, renewed)
        except PySparkException as error:
            raise connection_failed(error, self._location) from error


def _without_end(sql: str) -> str:
    """The text without the semicolon that ends it, and what is behind that."""
    try:
        tokens = tokenize(sql, read="spark")
    except SqlglotError:
        return sql
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        sql = sql[: tokens.pop().start]
    return sql


def _is_lost(error: PySparkException | EngineError) -> bool:
    if isinstance(error, EngineError):
        return error.problem is not None and error.problem.code == LOST
    return is_lost(error)


def _open(location: Location, token: Secret | None) -> SparkSession:
    """A new session, which the server has answered in."""
    builder = DefaultChannelBuilder(location.url)
    builder.set(builder.PARAM_USER_AGENT, TAG)
    secret = token.reveal() if token is not None else location.token
    if secret is not None:
        builder.set(builder.PARAM_TOKEN, secret)
    session = SparkSession(builder)
    session.client.set_retry_policies([_policy(_CONNECT_RETRIES)])
    try:
        told = session.client.get_configs(*_AS_READ)
        for name, value in zip(_AS_READ, told, strict=True):
            if value == "true":
                message = f"The server has {name} on: it reads texts in another way than SpeQL."
                raise ConnectionFailedError(message, f"Set {name} to false on the server.")
        if location.place:
            named = ".".join("`" + part.replace("`", "``") + "`" for part in location.place)
            session.sql(f"USE {named}" if len(location.place) > 1 else f"USE CATALOG {named}")
    except BaseException:
        session.client.close()
        raise
    session.client.set_retry_policies([_policy(_RETRIES)])
    return session


def _policy(retries: int) -> DefaultPolicy:
    return DefaultPolicy(max_retries=retries, initial_backoff=100, max_backoff=_LONGEST_PAUSE, jitter=0)


def _end(session: SparkSession) -> None:
    session.client.set_retry_policies([_policy(0)])
    with suppress(PySparkException):
        session.client.release_session()
    session.client.close()
