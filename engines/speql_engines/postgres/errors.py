"""PostgreSQL's errors as problems with a place."""

import psycopg

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError
from speql_engines.server_session import LOST
from speql_engines.sqlstates import problem_code, span_at
from speql_engines.statement_results import WRITE_HINT
from speql_sql import Problem

_COUNTS_VALUES = "transformInsertRow"
"""PostgreSQL's own function that says how many values INSERT has, under the code of a syntax error."""


def engine_error(error: psycopg.Error, sql: str = "", prefix: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``, which was run as ``prefix + sql``.

    The engine's own code is kept behind the message.
    """
    diagnostic = error.diag
    state = diagnostic.sqlstate or ""
    message = diagnostic.message_primary or str(error).strip() or type(error).__name__
    code = "value-count" if diagnostic.source_function == _COUNTS_VALUES else problem_code(state)
    hint = WRITE_HINT if code == "read-only" else diagnostic.message_hint or ""
    if isinstance(error, psycopg.OperationalError) and not state:
        code, hint = LOST, "The next statement connects again."
    span = span_at(diagnostic.statement_position, prefix, sql)
    problem = Problem(code, f"{message} [{state}]" if state else message, span, hint=hint)
    return EngineError(problem.message, hint, problem)


# The client's and the server's words; servers that speak another language than English get the general advice.
_REASONS: tuple[tuple[str, ConnectionFailure, str], ...] = (
    ("timeout", "network", "The server does not answer. Are host and port right, and is the network there?"),
    (" expired", "expired", "Log in again, or make another token; passwords can be made anew by the server's owner."),
    ("password authentication failed", "login", "The user or the password is wrong."),
    ("no password supplied", "login", "Give a password: in ~/.pgpass, or in the environment variable PGPASSWORD."),
    (
        "PAM authentication failed",
        "expired",
        "The password or token is wrong, or a token has expired: make another one.",
    ),
    ("authentication failed", "login", "The user, the password or the token is wrong, or the token has expired."),
    ("no pg_hba.conf entry", "login", "The server lets no such user in from here, or not without SSL (sslmode)."),
    ('role "', "login", "Check the name of the user."),
    ("does not exist", "other", "Check the name of the database and of the user."),
    ("Connection refused", "network", "Is the server running, and are host and port right?"),
    ("No such file or directory", "network", "No server listens on that socket. Is it running, or on another host?"),
    ("could not translate host name", "network", "The host is not known. Is its name right, and is the network there?"),
    ("failed to resolve host", "network", "The host is not known. Is its name right, and is the network there?"),
    ("Name or service not known", "network", "The host is not known. Is its name right, and is the network there?"),
    ("unreachable", "network", "There is no way to the server. Is the network there, or a VPN needed?"),
    ("No route to host", "network", "There is no way to the server. Is the network there, or a VPN needed?"),
    ("SSL", "other", "Check sslmode and the certificates."),
)


def connection_failed(error: psycopg.Error) -> ConnectionFailedError:
    """Why there is no connection, in the driver's last words, and what to do. It holds no password."""
    text = " ".join(str(error).split())
    found = next(((reason, hint) for sign, reason, hint in _REASONS if sign in text), None)
    reason, hint = found or ("other", "Check the connection's settings.")
    return ConnectionFailedError(f"PostgreSQL could not be reached: {text}", hint, reason)
