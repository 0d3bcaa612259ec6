"""The sessions that an engine has on a PostgreSQL server: one login, at most so many connections."""

from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import postgres as builtin
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader

from speql_engines.engine import ConnectionFailedError
from speql_engines.jobs import Job
from speql_engines.login import Login
from speql_engines.postgres.errors import connection_failed, engine_error
from speql_engines.server_session import ServerSession
from speql_engines.session_pool import SessionPool
from speql_sql.secret import Secret

MAX_SESSIONS = 6
"""A server has few connections to give (100 by default), and each is a process there."""

_CONNECT_SECONDS = 10
_CANCEL_SECONDS = 5.0
_CANCEL_PAUSE = 0.05
"""A cancel is a connection of its own: it is not repeated sooner than this."""


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


class Session(ServerSession):
    """A connection to the server, for one job at a time. Every value comes as the text that the server gives."""

    def __init__(self, connection: psycopg.Connection, canceller: Executor) -> None:
        super().__init__(canceller, _CANCEL_PAUSE)
        self.connection = connection

    def cancel(self) -> None:
        """Ask the server to stop what runs here, on a connection made for that."""
        with suppress(psycopg.Error):  # the connection is gone, and with it what ran there
            self.connection.cancel_safe(timeout=_CANCEL_SECONDS)

    def settle(self) -> None:
        """Leave no transaction open, and no cancel under way that could hit the next statement."""
        self.finish()
        self.connection.rollback()

    def reset(self) -> None:
        """Undo what a statement of the user's may have left."""
        self.run("DISCARD ALL")

    def run(self, statement: str) -> None:
        """Run a statement that has no rows."""
        self.connection.execute(statement.encode())

    @property
    def broken(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        return self.connection.closed

    def close(self) -> None:
        """Log out."""
        with suppress(psycopg.Error):
            self.connection.close()


Sessions = SessionPool[Session]


def open_sessions(conninfo: str, canceller: Executor, login: Login | None = None) -> Sessions:
    """A pool of sessions, none of which is open yet. ``login`` knows the password, where that is not left to libpq."""
    parts: dict[str, Any] = dict(conninfo_to_dict(conninfo))
    parts.setdefault("connect_timeout", _CONNECT_SECONDS)
    parts.setdefault("fallback_application_name", "SpeQL")
    made, known = make_conninfo(**parts), login or Login()

    def session(secret: Secret | None) -> Session:
        try:
            return Session(connect(made, secret), canceller)
        except psycopg.Error as error:
            raise connection_failed(error) from error

    def log_in() -> Session:
        secret = known.secret()
        try:
            return session(secret)
        except ConnectionFailedError as failure:
            if failure.reason not in ("login", "expired") or (other := known.renewed(secret)) is None:
                raise
            return session(other)

    return SessionPool(log_in, MAX_SESSIONS, psycopg.Error, engine_error)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server's version, the name of the database, and why it takes no temporary tables (empty: it does)."""

    version: str
    database: str
    no_temp_tables: str


def server_facts(sessions: Sessions, job: Job) -> ServerFacts:
    """What the server says of itself; :class:`ConnectionFailedError` if it is no PostgreSQL."""
    asked = (
        "SELECT current_setting('server_version'), current_database(), pg_is_in_recovery(), "
        "has_database_privilege(current_database(), 'TEMP')"
    )
    with sessions.session(job) as session:
        found = session.connection.execute(asked).fetchone()
        if found is None:
            raise ConnectionFailedError("The server does not say what it is.", "Is it PostgreSQL?")
        version, database, standby, temporary = (str(value) for value in found)
        refused = ""
        if standby == "t":
            refused = "The server is a standby, which takes no temporary tables."
        elif temporary != "t":
            refused = f"You may make no temporary tables in {database}."
        return ServerFacts(version, database, refused)
