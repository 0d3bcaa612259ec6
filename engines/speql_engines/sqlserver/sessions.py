"""The sessions that an engine has on the server."""

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from typing import Any

import mssql_python
from mssql_python import Connection, Cursor

from speql_engines.adapters import AskSecret
from speql_engines.engine import ConnectionFailedError
from speql_engines.jobs import Job
from speql_engines.login import Login
from speql_engines.server_session import ServerSession
from speql_engines.session_pool import SessionPool
from speql_engines.sqlserver.errors import (
    DRIVER_ERRORS,
    ServerError,
    connection_failed,
    engine_error,
    is_lost,
    told_by,
)
from speql_engines.sqlserver.location import Location, no_password
from speql_engines.sqlserver.server import FACTS, SNAPSHOT, Server

# A login that fails is told by its error; the library writes a page about it besides.
logging.getLogger("azure.identity").setLevel(logging.ERROR)

MAX_SESSIONS = 4
TAG = "SET CONTEXT_INFO 0x537065514C"
"""``SpeQL``, for ``sys.dm_exec_sessions.context_info``: the driver lets nobody name the program."""

_CONNECT_SECONDS = 30
_CANCEL_PAUSE = 0.25
_LOCK_MILLISECONDS = 5_000


class DriverError(Exception):
    """An error of the driver, with what the server has told of it."""

    def __init__(self, cause: Exception, told: ServerError) -> None:
        super().__init__(told.message)
        self.cause = cause
        self.told = told


class Session(ServerSession):
    """A connection to the server, for one job at a time. Statements commit themselves.

    What we want: a cancel that reaches the server. What we cannot have: the driver has ``SQLCancel``, which sends an
    attention and is the one call that may come from another thread, but it has it for its own use (``hstmt._cancel``);
    ``KILL`` takes a permission that few have, and ends the session with its temp tables. So the driver's own is called.
    The statement's handle must not be freed meanwhile: a lock sees to that where we free it. What still fails: the
    driver frees it by itself when a statement has failed, and a second cancel in that very moment would use what is
    gone. So a cancel is not repeated within a quarter of a second, by which time the first has ended the statement.
    """

    def __init__(self, connection: Connection, executor: Executor) -> None:
        super().__init__(executor, _CANCEL_PAUSE)
        self.connection = connection
        self.server = Server()
        self._cursor: Cursor | None = None
        self._freeing = threading.Lock()
        self._broken = False
        self._mode = ""

    def cancel(self) -> None:
        """Have the server stop what runs here."""
        with self._freeing:
            handle = getattr(self._cursor, "hstmt", None)
            if handle is not None:
                with suppress(*DRIVER_ERRORS):
                    handle._cancel()

    @property
    def cursor(self) -> Cursor:
        """Where the rows are of what was opened last."""
        assert self._cursor is not None, "a statement has been opened"
        return self._cursor

    def open(self, sql: str, *parameters: object, seconds: int = 0) -> Cursor:
        """Run a statement; its rows are there to be fetched until the next one runs, or `free` is called."""
        self.free()
        try:
            self.connection.timeout = seconds
            cursor = self.connection.cursor()
            self._cursor = cursor
            return cursor.execute(sql, *parameters)
        except DRIVER_ERRORS as error:
            raise self.failed(error) from error

    def free(self) -> None:
        """Let go of the rows that were not fetched: the server stops to make more."""
        with self._freeing:
            cursor, self._cursor = self._cursor, None
            if cursor is not None:
                try:
                    cursor.close()
                except DRIVER_ERRORS:
                    self._broken = True

    def rows(self, sql: str, *parameters: object) -> list[Sequence[Any]]:
        """All rows of a statement."""
        cursor = self.open(sql, *parameters)
        try:
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        except DRIVER_ERRORS as error:
            raise self.failed(error) from error
        finally:
            self.free()

    def run(self, statement: str, seconds: int = 0) -> None:
        """Run a statement that has no rows."""
        self.open(statement, seconds=seconds)
        self.free()

    def failed(self, error: Exception) -> DriverError:
        """The error, with the server's number of it if the server still tells that."""
        self.free()
        told = told_by(error)
        if is_lost(error):
            self._broken = True
        elif not told.number and told.sql_state not in ("HY008", "HYT00") and not self.server.is_synapse:
            with suppress(*DRIVER_ERRORS):
                cursor = self.connection.cursor()
                cursor.execute("SELECT @@ERROR")
                told = told_by(error, int((cursor.fetchone() or (0,))[0] or 0))
                cursor.close()
        return DriverError(error, told)

    @contextmanager
    def switched(self, on: str, off: str) -> Iterator[None]:
        """Within it statements are not run; a session that would stay so is closed."""
        self.run(on)
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                self.finish()
            try:
                self.run(off)
            except DriverError:
                self.close()
                if done:
                    raise

    def settle_for(self, *, ahead: bool, level: str = "") -> None:
        """Wait for locks as what works ahead does, or as the user's own statements do, and read at that ``level``."""
        if self.server.is_synapse:
            return
        wanted = f"SET LOCK_TIMEOUT {_LOCK_MILLISECONDS if ahead else -1}"
        if self.server.snapshot and level:
            wanted += f"; SET TRANSACTION ISOLATION LEVEL {level}"
        if wanted != self._mode:
            self._mode = ""
            self.run(wanted)
            self._mode = wanted

    def settle(self) -> None:
        """Leave no rows unfetched, and no cancel under way that could hit the next statement."""
        self.finish()
        self.free()
        if self.used_by_submit:
            self.close()  # it may have left something; another login takes its place

    def reset(self) -> None:
        """Nothing: a session that a statement of the user's may have changed is closed after it."""

    @property
    def broken(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        return self._broken

    def close(self) -> None:
        """Log out."""
        self._broken = True
        self.free()
        with suppress(*DRIVER_ERRORS):
            self.connection.close()


Sessions = SessionPool[Session]


def open_sessions(location: Location, executor: Executor, secret: AskSecret | None = None) -> Sessions:
    """A pool of sessions, none of which is open yet."""
    # The driver's own pool would hand out a session that still has another's temp tables and settings.
    mssql_python.pooling(enabled=False)
    login = Login(secret)
    one_at_a_time = threading.Lock()  # the first login with Entra has the token that the others take from the driver

    def log_in() -> Session:
        with one_at_a_time:
            try:
                session = Session(connect(location, login), executor)
                session.server = _facts(session)
                if not session.server.is_synapse:
                    session.run(TAG)
            except (DriverError, *DRIVER_ERRORS) as error:
                raise connection_failed(error.cause if isinstance(error, DriverError) else error) from error
            return session

    return SessionPool(log_in, MAX_SESSIONS, DriverError, lambda error: engine_error(error.told))


def connect(location: Location, login: Login) -> Connection:
    """A connection whose statements commit themselves; the password is asked for again if it is refused."""
    if not location.takes_password:
        return _connected(location, None)
    secret = login.secret()
    if secret is None:
        if location.password is None:
            raise no_password()
        return _connected(location, location.password)
    try:
        return _connected(location, secret.reveal())
    except DRIVER_ERRORS as error:
        other = login.renewed(secret) if connection_failed(error).reason == "login" else None
        if other is None:
            raise
        return _connected(location, other.reveal())


def _connected(location: Location, password: str | None) -> Connection:
    told: dict[str, Any] = dict(location.arguments) | ({"PWD": password} if password is not None else {})
    return mssql_python.connect(autocommit=True, timeout=_CONNECT_SECONDS, **told)


def server_of(sessions: Sessions, job: Job) -> Server:
    """What the server says of itself."""
    with sessions.session(job) as session:
        return session.server


def _facts(session: Session) -> Server:
    try:
        ((version, edition, database, schema, collation),) = session.rows(FACTS)
    except ValueError as error:
        raise ConnectionFailedError("The server does not say what it is.", "Is it SQL Server?") from error
    found = Server(str(version), int(edition), str(database), str(schema or "dbo"), str(collation or ""))
    if found.is_synapse:
        return found
    allowed = session.rows(SNAPSHOT)
    return Server(
        found.version,
        found.edition,
        found.database,
        found.schema,
        found.collation,
        snapshot=bool(allowed and allowed[0][0]),
    )
