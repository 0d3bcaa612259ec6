"""The sessions that an engine has on Redshift."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

import redshift_connector
from redshift_connector.core import DESCRIBE, PARSE, STATEMENT, SYNC_MSG, Connection
from redshift_connector.error import Error as RedshiftError

from speql_engines.engine import ConnectionFailedError, EngineError
from speql_engines.jobs import Job
from speql_engines.redshift.errors import connection_failed, engine_error, is_lost
from speql_engines.redshift.location import Location
from speql_engines.server_session import ServerSession
from speql_engines.session_pool import SessionPool
from speql_engines.text_rows import ColumnType
from speql_sql import Problem

# Its other lines hold what is sent.
logging.getLogger("redshift_connector").setLevel(logging.CRITICAL)

MAX_SESSIONS = 4
"""A cluster runs few queries at once (a queue has five slots by default): the others would only wait there."""

TAG = "SpeQL"
_CONNECT_SECONDS = 30
_CANCEL_PAUSE = 0.05
_FORMAT_TEXT = 0
_END = b"\0"

DRIVER_ERRORS = (RedshiftError, OSError)


def _as_text(data: bytes, offset: int, length: int) -> str:
    return data[offset : offset + length].decode("utf-8", "replace")


def _text_of_all() -> tuple[int, Any]:
    return _FORMAT_TEXT, _as_text


class DriverError(Exception):
    """An error of the driver, or of the network below it, which it lets through."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(*cause.args)
        self.cause = cause


class Canceller:
    """Asks the server to stop what another session runs: ``pg_cancel_backend`` in a session kept for that."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def cancel(self, backend: int) -> None:
        """Stop the statement of the session with that number. Blocks."""
        with self._lock:
            for _ in range(2):
                try:
                    if self._connection is None:
                        self._connection = connect(self._location.arguments)
                    self._connection.cursor().execute(f"SELECT pg_cancel_backend({int(backend)})")
                    return
                except DRIVER_ERRORS:
                    self._drop()  # its session may have ended meanwhile: once more, in another one

    def close(self) -> None:
        """Log out."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            _log_out(self._connection)
            self._connection = None


def connect(arguments: Mapping[str, Any]) -> Connection:
    """A connection that gives every value as the server's text; statements commit themselves."""
    told = {"timeout": None, "application_name": TAG, "max_prepared_statements": 0, **arguments}
    connection = redshift_connector.connect(**told)
    connection.autocommit = True
    # The driver's own conversions lose digits of timestamps and fail on types that they do not know.
    connection.redshift_types = defaultdict(_text_of_all)
    return connection


class Session(ServerSession):
    """A connection to the server, for one job at a time. Every value comes as the text that the server gives."""

    def __init__(self, connection: Connection, canceller: Canceller, executor: Executor) -> None:
        super().__init__(executor, _CANCEL_PAUSE)
        self.connection = connection
        self._through = canceller
        self._broken = False
        self.backend = int(self.rows("SELECT pg_backend_pid()")[0][0])

    def cancel(self) -> None:
        """Ask the server to stop what runs here, in the canceller's session."""
        self._through.cancel(self.backend)

    def execute(self, sql: str) -> tuple[tuple[ColumnType, ...], list[Sequence[Any]], int]:
        """Run one statement: its columns, all its rows, and how many it wrote (-1: it does not say)."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            described = cursor.ps["row_desc"] if cursor.ps is not None else []
            rows = list(cursor.fetchall()) if described else []
            return _columns(described), rows, int(cursor.redshift_rowcount if described else cursor.rowcount)
        except DRIVER_ERRORS as error:
            self._broken = self._broken or is_lost(error)
            raise DriverError(error) from error
        finally:
            self.connection._caches.clear()  # it would keep the text of every statement

    def rows(self, sql: str) -> list[Sequence[Any]]:
        """The rows of a statement, each value as text."""
        return self.execute(sql)[1]

    def describe(self, sql: str) -> tuple[ColumnType, ...]:
        """The columns of one query, by the server's binder; nothing is run. Several statements are an error.

        The driver asks the same before it runs a statement; it has no call for the question alone.
        """
        connection, cursor = self.connection, self.connection.cursor()
        cursor.ps = {"row_desc": []}
        try:
            connection._send_message(PARSE, _END + sql.encode() + _END + b"\0\0")
            connection._send_message(DESCRIBE, STATEMENT + _END)
            connection._write(SYNC_MSG)
            connection._flush()
            connection.handle_messages(cursor)
        except DRIVER_ERRORS as error:
            self._broken = self._broken or is_lost(error)
            raise DriverError(error) from error
        columns = _columns(cursor.ps["row_desc"])
        if not columns:
            message = "Only a single query that reads can be run here."
            raise EngineError(message, problem=Problem("not-a-query", message))
        return columns

    def settle(self) -> None:
        """Leave no transaction open, and no cancel under way that could hit the next statement."""
        self.finish()
        if self.used_by_submit:
            self.close()  # it may have left something, and Redshift has no DISCARD: another login takes its place
        elif not self._broken:
            self.roll_back()

    def roll_back(self) -> None:
        """Leave no transaction open."""
        if self.connection.in_transaction:
            self.run("ROLLBACK")

    def reset(self) -> None:
        """Nothing: a session that a statement of the user's may have changed is closed after it."""

    def run(self, statement: str) -> None:
        """Run a statement that has no rows."""
        self.execute(statement)

    @property
    def broken(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        return self._broken

    def close(self) -> None:
        """Log out."""
        self._broken = True
        _log_out(self.connection)


Sessions = SessionPool[Session]


def open_sessions(location: Location, canceller: Canceller, executor: Executor) -> Sessions:
    """A pool of sessions, none of which is open yet."""

    def log_in() -> Session:
        try:
            return Session(connect(location.arguments), canceller, executor)
        except (DriverError, *DRIVER_ERRORS) as error:
            cause = error.cause if isinstance(error, DriverError) else error
            raise connection_failed(cause) from error

    def explain(error: DriverError) -> EngineError:
        return engine_error(error.cause)

    return SessionPool(log_in, MAX_SESSIONS, DriverError, explain)


def server_facts(sessions: Sessions, job: Job) -> tuple[str, str]:
    """The server's version and the name of the database."""
    with sessions.session(job) as session:
        version, database = session.rows("SELECT version(), current_database()")[0]
        if not version:
            raise ConnectionFailedError("The server does not say what it is.", "Is it Redshift?")
        return str(version).partition("Redshift ")[2] or str(version), str(database)


def _log_out(connection: Connection) -> None:
    """Log out; the driver leaves its socket open if the server has gone before."""
    stream = connection._sock
    with suppress(*DRIVER_ERRORS, AttributeError):
        connection.close()
    if stream is not None:
        with suppress(OSError, ValueError):
            stream.close()


def _columns(described: Sequence[Mapping[str, Any]]) -> tuple[ColumnType, ...]:
    return tuple(
        ColumnType(bytes(one["label"]).decode("utf-8", "replace"), int(one["type_oid"]), int(one["type_modifier"]))
        for one in described
    )
