"""Redshift's errors as problems with a place."""

import re
from typing import Any

from redshift_connector.error import InterfaceError, OperationalError

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError
from speql_engines.server_session import LOST
from speql_engines.sqlstates import problem_code, span_at
from speql_engines.statement_results import WRITE_HINT
from speql_sql import Problem

# Redshift calls many mistakes by one number (42601 and XX000), as its older PostgreSQL did: their words tell more.
_WORDS = (
    (re.compile(r"column \S+ does not exist|column .* not found", re.I), "unknown-column"),
    (re.compile(r"relation .* does not exist", re.I), "unknown-table"),
    (re.compile(r"must appear in the GROUP BY clause", re.I), "not-grouped"),
    (re.compile(r"canceled on user's request|canceling (?:statement|query)", re.I), "cancelled"),
    (re.compile(r"transaction is read-only", re.I), "read-only"),
)


def fields_of(error: Exception) -> dict[str, Any]:
    """The fields of the server's error by their letters: C is SQLSTATE, M message, H hint, P place."""
    first = error.args[0] if error.args else None
    return dict(first) if isinstance(first, dict) else {}


def is_lost(error: Exception) -> bool:
    """Whether the server, or the way to it, is gone."""
    state = str(fields_of(error).get("C", ""))
    if state:
        return state.startswith(("57P0", "08"))
    return isinstance(error, InterfaceError | OperationalError | OSError)


def engine_error(error: Exception, sql: str = "", prefix: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``, which was run as ``prefix + sql``.

    The engine's own code is kept behind the message.
    """
    told = fields_of(error)
    state, message = str(told.get("C", "")), str(told.get("M", "") or error)
    shown = f"{message} [{state}]" if state else message
    if is_lost(error):
        shown, hint = f"The connection to the server was lost: {shown}", "The next statement connects again."
        return EngineError(shown, hint, Problem(LOST, shown, hint=hint))
    code = problem_code(state)
    if code in ("engine-error", "syntax-error") or state == "XX000":
        code = next((word for pattern, word in _WORDS if pattern.search(message)), code)
    hint = WRITE_HINT if code == "read-only" else str(told.get("H", ""))
    place = told.get("P")
    return EngineError(shown, hint, Problem(code, shown, span_at(place, prefix, sql), hint=hint))


_REASONS: tuple[tuple[str, ConnectionFailure, str], ...] = (
    ("password authentication failed", "login", "The user or the password is wrong."),
    ("does not exist", "other", "Check the name of the database and of the user."),
    ("Connection refused", "network", "Is the cluster running, and are host and port right?"),
    ("timed out", "network", "The server does not answer. May your address reach it (security group, public access)?"),
    ("time out", "network", "The server does not answer. May your address reach it (security group, public access)?"),
    ("Name or service not known", "network", "The host is not known. Is its name right, and is the network there?"),
    ("ExpiredToken", "expired", "The AWS token has expired: log in again (aws sso login)."),
    ("credentials", "login", "AWS knows no credentials: run `aws configure` or `aws sso login`, or name a profile."),
    ("SSL", "other", "Check sslmode; a cluster that takes no encryption needs ?ssl=false."),
)


def connection_failed(error: Exception) -> ConnectionFailedError:
    """Why there is no connection, in the driver's words, and what to do. It holds no password."""
    told = str(fields_of(error).get("M", "")) or " ".join(str(one) for one in error.args) or type(error).__name__
    text = " ".join(told.split())[:500]
    found = next(((kind, hint) for sign, kind, hint in _REASONS if sign in text), None)
    kind, hint = found or ("other", "Check the connection's settings.")
    return ConnectionFailedError(f"Redshift could not be reached: {text}", hint, kind)
