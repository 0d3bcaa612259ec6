"""The sessions that an engine has on a PostgreSQL server: one login, at most so many connections."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import postgres as builtin
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader

from speql_engines.engine import ConnectionFailedError, EngineError
from speql_engines.jobs import Job
from speql_engines.login import Login
from speql_engines.postgres.errors import connection_failed, engine_error
from speql_sql import Problem
from speql_sql.secret import Secret

MAX_SESSIONS = 6
"""A server has few connections to give (100 by default), and each is a process there."""

_CONNECT_SECONDS = 10
_CANCEL_SECONDS = 5.0
_CANCEL_PAUSE = 0.05
"""A cancel is a connection of its own: it is not repeated sooner than this."""

_TURN_SECONDS = 0.02


def connect(conninfo: str, secret: Secret | None = None) -> psycopg.Connection:
    """A connection that gives every value as the server's text; statements commit themselves."""
    # Handed over beside the name, so that it is in none of the texts that describe the connection.
    password: dict[str, str] = {"password": secret.reveal()} if secret else {}
    connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None, **password)  # type: ignore[arg-type]
    for info in builtin.types:
        for oid in (info.oid, info.array_oid):
            if oid:
                connection.adapters.register_loader(oid, TextLoader)
    return connection


class Session:
    """A connection to the server, for one job at a time. Every value comes as the text that the server gives."""

    def __init__(self, connection: psycopg.Connection, canceller: Executor) -> None:
        self.connection = connection
        self.settings = 0
        self.used_by_submit = False
        self._canceller = canceller
        self._job: Job | None = None
        self._lock = threading.Lock()
        self._cancelling: Future[None] | None = None
        self._cancelled_at = 0.0

    def interrupt(self) -> None:
        """Have the server stop what runs here. Does not wait: another thread asks the server."""
        with self._lock:
            asked = self._cancelling is not None and not self._cancelling.done()
            if asked or time.monotonic() - self._cancelled_at < _CANCEL_PAUSE:
                return
            self._cancelling = self._canceller.submit(self._cancel)

    def _cancel(self) -> None:
        try:
            self.connection.cancel_safe(timeout=_CANCEL_SECONDS)
        except psycopg.Error:
            pass  # the connection is gone, and with it what ran there
        finally:
            self._cancelled_at = time.monotonic()

    def serve(self, job: Job) -> None:
        """What the job runs, runs here from now on."""
        self._job = job
        job.run_on(self)

    def finish(self) -> None:
        """What runs here from now on must be finished: no interrupt reaches it, and none is under way."""
        if self._job is not None:
            self._job.run_on(None)
            self._job = None
        self._settle_cancel()

    def settle(self) -> None:
        """Leave no transaction open, and no cancel under way that could hit the next statement."""
        self.finish()
        self.connection.rollback()

    def _settle_cancel(self) -> None:
        if self._cancelling is not None:
            with suppress(Exception):
                self._cancelling.result(_CANCEL_SECONDS)
            self._cancelling = None

    @property
    def broken(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        return self.connection.closed

    def close(self) -> None:
        """Log out."""
        with suppress(psycopg.Error):
            self.connection.close()


class Sessions:
    """Hands out sessions, each to one job at a time; all methods block.

    The **home** session has the temp tables: they are private to it, so whatever reads or makes one waits for its turn
    there. All others are alike. ``SET`` statements of the user's are repeated on each. A session on which a statement
    of the user's ran that may have left something (a setting made by a function, a temp table) is reset before it is
    used again. A session that has broken is replaced; with the home session the temp tables are gone, which
    ``generation`` tells. ``login`` knows the password, where that is not left to libpq.
    """

    def __init__(self, conninfo: str, canceller: Executor, login: Login | None = None) -> None:
        parts: dict[str, Any] = dict(conninfo_to_dict(conninfo))
        parts.setdefault("connect_timeout", _CONNECT_SECONDS)
        parts.setdefault("fallback_application_name", "SpeQL")
        self._conninfo = make_conninfo(**parts)
        self._login = login or Login()
        self._canceller = canceller
        self._condition = threading.Condition()
        self._idle: list[Session] = []
        self._open = 0
        self._home: Session | None = None
        self._home_taken = False
        self._closed = False
        self._settings: dict[str, str] = {}
        self._settings_count = 0
        self.generation = 0

    @property
    def settings_count(self) -> int:
        """How many settings the user has made so far."""
        return self._settings_count

    @contextmanager
    def session(self, job: Job, *, home: bool = False, submits: bool = False) -> Iterator[Session]:
        """A session for the job, which is interrupted on it; it waits for its turn as long as the job is wanted."""
        session = self._take(job, home)
        try:
            session.serve(job)
            self._configure(session)
            session.used_by_submit = submits
            yield session
        finally:
            self._give_back(session, home)

    def note_setting(self, key: str, statement: str) -> None:
        """Run ``statement`` (SET, RESET) on every session from now on: a setting belongs to the user's session."""
        with self._condition:
            self._settings.pop(key, None)
            self._settings[key] = statement
            self._settings_count += 1

    def close(self) -> None:
        """Log out everywhere. Jobs must have ended."""
        with self._condition:
            self._closed = True
            sessions, self._idle = [*self._idle, *([self._home] if self._home else [])], []
            self._home = None
            self._condition.notify_all()
        for session in sessions:
            session.close()

    def _take(self, job: Job, home: bool) -> Session:
        with self._condition:
            while not self._closed and (self._home_taken if home else not self._idle and self._open >= MAX_SESSIONS):
                self._condition.wait(_TURN_SECONDS)
                job.run_on(_NOTHING)  # raises if the job is not wanted any more
            if self._closed:
                raise EngineError("The connection is closed.", "Open it again.")
            if home:
                self._home_taken = True
                found = self._home
            else:
                found = self._idle.pop() if self._idle else None
                self._open += found is None
        if found is not None and not found.broken:
            return found
        try:
            fresh = self._connect()
        except BaseException:
            with self._condition:
                if home:
                    self._home_taken = False
                else:
                    self._open -= 1
                self._condition.notify()
            raise
        if home:
            with self._condition:
                self.generation += self._home is not None
                self._home = fresh
        return fresh

    def _give_back(self, session: Session, home: bool) -> None:
        try:
            session.settle()
        except psycopg.Error:
            session.close()
        with self._condition:
            if home:
                self._home_taken = False
                if session.broken:
                    self.generation += 1
                    self._home = None
            elif session.broken or self._closed:
                self._open -= 1
                session.close()
            else:
                self._idle.append(session)
            self._condition.notify_all()

    def _connect(self) -> Session:
        secret = self._login.secret()
        try:
            return self._logged_in(secret)
        except ConnectionFailedError as failure:
            if failure.reason not in ("login", "expired") or (other := self._login.renewed(secret)) is None:
                raise
            return self._logged_in(other)

    def _logged_in(self, secret: Secret | None) -> Session:
        try:
            return Session(connect(self._conninfo, secret), self._canceller)
        except psycopg.Error as error:
            raise connection_failed(error) from error

    def _configure(self, session: Session) -> None:
        """Undo what a submit may have left, and set what the user has set since."""
        if session.used_by_submit:
            session.connection.execute("DISCARD ALL")
            session.settings = -1
        with self._condition:
            wanted, statements = self._settings_count, tuple(self._settings.items())
        if session.settings == wanted or (session.settings < 0 and not statements):
            session.settings = wanted
            return
        for key, statement in statements:
            try:
                session.connection.execute(statement)
            except psycopg.Error as error:
                with self._condition:
                    self._settings.pop(key, None)
                message = f"`{statement.strip()}` no longer works and is forgotten: {engine_error(error).message}"
                raise EngineError(message, "Run it again, mended.", Problem("setting-lost", message)) from error
        session.settings = wanted


class _Nothing:
    def interrupt(self) -> None:
        """Nothing runs."""


_NOTHING = _Nothing()


def server_facts(sessions: Sessions, job: Job) -> tuple[str, str]:
    """The server's version and the name of the database; :class:`ConnectionFailedError` if it is no PostgreSQL."""
    with sessions.session(job) as session:
        found = session.connection.execute("SELECT current_setting('server_version'), current_database()").fetchone()
        if found is None:
            raise ConnectionFailedError("The server does not say what it is.", "Is it PostgreSQL?")
        return str(found[0]), str(found[1])
