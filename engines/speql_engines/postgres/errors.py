"""PostgreSQL's errors as problems with a place."""

import psycopg

from speql_engines.engine import ConnectionFailedError, EngineError
from speql_engines.sqlstates import problem_code, span_at
from speql_sql import Problem

WRITE_HINT = "Open the connection for writing to run this: add `--writable`."


def engine_error(error: psycopg.Error, sql: str = "", prefix: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``, which was run as ``prefix + sql``.

    The engine's own code is kept behind the message.
    """
    diagnostic = error.diag
    state = diagnostic.sqlstate or ""
    message = diagnostic.message_primary or str(error).strip() or type(error).__name__
    code = problem_code(state)
    hint = WRITE_HINT if code == "read-only" else diagnostic.message_hint or ""
    if isinstance(error, psycopg.OperationalError) and not state:
        code, hint = "connection-lost", "The next statement connects again."
    span = span_at(diagnostic.statement_position, prefix, sql)
    problem = Problem(code, f"{message} [{state}]" if state else message, span, hint=hint)
    return EngineError(problem.message, hint, problem)


_REASONS = (
    ("password authentication failed", "The user or the password is wrong."),
    ("no password supplied", "Give a password: in ~/.pgpass, or in the environment variable PGPASSWORD."),
    ("does not exist", "Check the name of the database and of the user."),
    ("Connection refused", "Is the server running, and are host and port right?"),
    ("No such file or directory", "No server listens on that socket. Is it running, or is it on another host?"),
    ("timeout", "The server does not answer. Are host and port right, and is the network there?"),
    ("could not translate host name", "The host is not known. Is its name right, and is the network there?"),
    ("Name or service not known", "The host is not known. Is its name right, and is the network there?"),
    ("SSL", "Check sslmode and the certificates."),
)


def connection_failed(error: psycopg.Error) -> ConnectionFailedError:
    """Why there is no connection, in the driver's last words, and what to do. It holds no password."""
    text = " ".join(str(error).split())
    hint = next((hint for sign, hint in _REASONS if sign in text), "Check the connection's settings.")
    return ConnectionFailedError(f"PostgreSQL could not be reached: {text}", hint)
