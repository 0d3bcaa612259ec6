"""The one session that an engine has on Snowflake: one login, on which all statements run side by side."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import Error as SnowflakeError

from speql_engines.adapters import AskSecret
from speql_engines.bill import statement_bill
from speql_engines.engine import EngineError
from speql_engines.jobs import Job
from speql_engines.server_session import LOST
from speql_engines.snowflake.errors import SESSION_OVER, connection_failed, engine_error
from speql_engines.snowflake.location import Location
from speql_engines.user_settings import UserSettings
from speql_sql import Problem

# Its other lines hold the text of statements.
logging.getLogger("snowflake.connector").setLevel(logging.CRITICAL)

TAG = "SpeQL"
AHEAD_SECONDS = 300
"""What works ahead is stopped by Snowflake after so long; the user's own statements as the account has it."""

_LOGIN_SECONDS = 60
_SUBMIT_SECONDS = 172_800
"""How long the driver waits for an answer: Snowflake's own limit of a statement, two days."""

_GRACE_SECONDS = 30
_CANCEL_SECONDS = 5.0
_CANCEL_PAUSE = 0.1
"""A cancel is a request of its own: it is not repeated sooner than this."""


class Running:
    """The statements of one job, one after the other; :meth:`interrupt` has Snowflake stop the one that runs."""

    def __init__(self, connection: SnowflakeConnection, canceller: Executor, ahead_seconds: int) -> None:
        self.connection = connection
        self._canceller = canceller
        self._ahead_seconds = ahead_seconds
        self._lock = threading.Lock()
        self._runs: tuple[str, str] | None = None
        self._cancelling: Future[None] | None = None
        self._cancelled_at = 0.0
        self._must_finish = False

    def finish(self) -> None:
        """What runs here from now on must be finished: no interrupt reaches it."""
        with self._lock:
            self._must_finish = True

    def execute(
        self, sql: str, *, ahead: bool = True, most_rows: int | None = None, describe: bool = False
    ) -> SnowflakeCursor:
        """Run one statement; with ``describe`` it is only bound, and with ``most_rows`` Snowflake stops after so many.

        What works ``ahead`` of the user has a limit of time, whatever the account allows.
        """
        limits: dict[str, Any] = {"MULTI_STATEMENT_COUNT": 1}
        if ahead:
            limits["STATEMENT_TIMEOUT_IN_SECONDS"] = self._ahead_seconds
        if most_rows is not None:
            limits["ROWS_PER_RESULTSET"] = most_rows
        request = str(uuid.uuid4())
        with self._lock:
            self._runs = (request, sql)
        try:
            cursor = self.connection.cursor()
            cursor.execute(
                sql,
                timeout=self._ahead_seconds + _GRACE_SECONDS if ahead else _SUBMIT_SECONDS,
                _describe_only=describe,
                _is_internal=describe,
                _is_put_get=False,
                _statement_params={"requestId": request, **limits},
            )
        finally:
            with self._lock:
                self._runs = None
        return cursor

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement that asks about the account (SHOW), by the names of their columns."""
        cursor = self.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def interrupt(self) -> None:
        """Have Snowflake stop what runs here. Does not wait: another thread asks it."""
        with self._lock:
            asked = self._cancelling is not None and not self._cancelling.done()
            if (
                self._runs is None
                or self._must_finish
                or asked
                or time.monotonic() - self._cancelled_at < _CANCEL_PAUSE
            ):
                return
            self._cancelling = self._canceller.submit(self._abort, *self._runs)

    def _abort(self, request: str, sql: str) -> None:
        """As the driver does at Ctrl+C: the statement is named by its request, since it has no id before its answer."""
        try:
            self.connection._cancel_query(sql, uuid.UUID(request))
        except SnowflakeError:
            pass  # the connection is gone; it is asked again as long as the statement runs
        finally:
            self._cancelled_at = time.monotonic()

    def settle(self) -> None:
        """Leave no cancel under way."""
        if self._cancelling is not None:
            with suppress(Exception):
                self._cancelling.result(_CANCEL_SECONDS)


class Login:
    """Logs in once, and again only when the session is over; all methods block.

    All statements run in this one session, side by side: Snowflake does that, and the driver's connection may be used
    by many threads. So the user is asked once for whatever logging in asks, every statement sees the temporary tables,
    and USE and ALTER SESSION hold for all. When the session is over, the temporary tables are gone, which
    ``generation`` tells; the user's settings are made again. Where logging in asks the user (a browser opens), it is
    done again only for a statement of the user's own. ``secret`` is asked for the password at each login.
    """

    def __init__(self, location: Location, canceller: Executor, secret: AskSecret | None = None) -> None:
        self._location = location
        self._secret = secret
        self._canceller = canceller
        self._lock = threading.Lock()
        self._connection: SnowflakeConnection | None = None
        self._over = False
        self._closed = False
        self.settings = UserSettings()
        self._ahead_seconds = AHEAD_SECONDS
        self.generation = 0

    @contextmanager
    def running(self, job: Job, *, asked: bool = False) -> Iterator[Running]:
        """Where the job runs its statements; the driver's errors come out as they are."""
        connection = self._connected(asked)
        seconds = statement_bill().seconds_within(self._ahead_seconds)
        at = Running(connection, self._canceller, max(1, int(seconds)))
        job.run_on(at)
        try:
            yield at
        except SnowflakeError as error:
            if error.errno in SESSION_OVER:
                self._note_over(at.connection)
            raise
        finally:
            job.run_on(None)
            at.settle()

    def close(self) -> None:
        """Log out; with the session the temporary tables are gone. Jobs must have ended."""
        with self._lock:
            connection, self._connection, self._closed = self._connection, None, True
        if connection is not None:
            with suppress(SnowflakeError):
                connection.close()

    def _note_over(self, connection: SnowflakeConnection) -> None:
        with self._lock:
            self._over = self._over or connection is self._connection

    def _connected(self, asked: bool) -> SnowflakeConnection:
        with self._lock:
            if self._closed:
                raise EngineError("The connection is closed.", "Open it again.")
            if self._connection is not None and not self._over:
                return self._connection
            if self._connection is not None and not asked and self._location.interactive:
                message = "The session on Snowflake has ended, and logging in asks you."
                hint = "Run a statement (submit) to log in again."
                raise EngineError(message, hint, Problem(LOST, message, hint=hint))
            again = self._connection is not None
            fresh = _log_in(self._arguments())
            self._ahead_seconds = _limit(Running(fresh, self._canceller, AHEAD_SECONDS))
            if self._connection is not None:
                with suppress(SnowflakeError):
                    self._connection.close()
            self._connection, self._over = fresh, False
            self.generation += again
            if again:
                self._repeat_settings(fresh)
            return fresh

    def _arguments(self) -> Mapping[str, Any]:
        """What the driver is given; a password that is kept for the connection goes before the driver's own."""
        kept = self._secret() if self._secret is not None else None
        arguments = self._location.arguments
        return arguments if kept is None else {**arguments, "password": kept.reveal()}

    def _repeat_settings(self, connection: SnowflakeConnection) -> None:
        at = Running(connection, self._canceller, AHEAD_SECONDS)
        self.settings.repeat(at.execute, SnowflakeError, lambda error: engine_error(error).message)


def _log_in(arguments: Mapping[str, Any]) -> SnowflakeConnection:
    session = {**arguments.get("session_parameters", {}), "QUERY_TAG": TAG, "CLIENT_TELEMETRY_ENABLED": False}
    ours: dict[str, Any] = {
        "application": TAG,
        "autocommit": True,
        "paramstyle": "qmark",
        "arrow_number_to_decimal": True,  # else numbers with a scale would become floats
        "client_session_keep_alive": True,  # a session that is over takes its temporary tables along
        "client_store_temporary_credential": True,  # the browser is asked once, and not at every start
        "login_timeout": _LOGIN_SECONDS,
        "session_parameters": session,
    }
    try:
        return snowflake.connector.connect(**{**arguments, **ours})
    except SnowflakeError as error:
        raise connection_failed(error) from error


def _limit(at: Running) -> int:
    """The time limit of what works ahead: the account's, where that is shorter than ours."""
    found = at.rows("SHOW PARAMETERS LIKE 'STATEMENT_TIMEOUT_IN_SECONDS' IN SESSION")
    seconds = int(found[0]["value"]) if found else 0
    return min(seconds, AHEAD_SECONDS) if seconds > 0 else AHEAD_SECONDS
