"""BigQuery's errors as problems with a place."""

import re

import requests
from google.api_core import exceptions
from google.auth import exceptions as auth_exceptions
from sqlglot import TokenType, tokenize
from sqlglot.errors import SqlglotError

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError, SpeculationHeldError
from speql_engines.server_session import LOST
from speql_sql import Problem, Span

DRIVER_ERRORS: tuple[type[Exception], ...] = (
    exceptions.GoogleAPIError,
    auth_exceptions.GoogleAuthError,
    requests.RequestException,
    TimeoutError,
)
"""What Google's client raises when a request fails."""

LOGIN_HINT = (
    "Run `gcloud auth application-default login`, or name the file of a service account's key in the environment "
    "variable GOOGLE_APPLICATION_CREDENTIALS."
)
TOO_MANY_BYTES = "bytesBilledLimitExceeded"
STOPPED = "stopped"

# By words of the message: `invalidQuery` stands for every mistake in a query.
_WORDS = (
    ("Unrecognized name", "unknown-column"),
    ("not found inside", "unknown-column"),
    ("Function not found", "unknown-function"),
    ("Not found: Dataset", "unknown-schema"),
    ("Not found: Table", "unknown-table"),
    ("must be qualified with a dataset", "unknown-table"),
    ("neither grouped nor aggregated", "not-grouped"),
    ("is ambiguous", "ambiguous-column"),
    ("Duplicate column name", "duplicate-alias"),
    ("Syntax error", "syntax-error"),
    ("No matching signature", "type-error"),
    ("Could not cast", "type-error"),
    ("Invalid cast", "type-error"),
    ("Bad int64 value", "type-error"),
    ("Bad double value", "type-error"),
    ("Invalid date", "type-error"),
    ("Invalid timestamp", "type-error"),
    ("overflow", "out-of-range"),
    ("out of range", "out-of-range"),
    ("timed out", "timed-out"),
)
_REASONS = {
    "accessDenied": "access-refused",
    "billingNotEnabled": "access-refused",
    "duplicate": "exists-already",
    "notFound": "unknown-table",
    "quotaExceeded": "quota-exceeded",
    "rateLimitExceeded": "quota-exceeded",
    "resourcesExceeded": "resources-exceeded",
    "responseTooLarge": "resources-exceeded",
    STOPPED: "cancelled",
    "timeout": "timed-out",
    TOO_MANY_BYTES: "too-many-bytes",
}
_HINTS = {
    "access-refused": "Ask for the roles BigQuery Job User (of the project) and BigQuery Data Viewer (of the data).",
    "quota-exceeded": "It is a matter of the project's quotas: wait a moment, or ask for more.",
    "timed-out": "It took longer than it may.",
}
_PLACE = re.compile(r"\bat \[(\d+):(\d+)\]")
_OBJECT = re.compile(r"Not found: Table \S*?([\w$-]+) was not found|Table \"([^\"]+)\" must be qualified")
_SESSION_OVER = re.compile(r"\bsession\b.*(?:expired|terminated|aborted|not found|invalid)|invalid.*\bsession\b", re.I)
_TAB_WIDTH = 8


def reason_of(error: Exception) -> str:
    """BigQuery's own code of an error (``invalidQuery``); empty where it has none."""
    return str(_detail(error).get("reason") or "")


def is_lost(error: Exception) -> bool:
    """Whether the statement may not have been heard of, or its end not be told: the network is gone."""
    if isinstance(error, auth_exceptions.TransportError | requests.RequestException | TimeoutError):
        return True
    return isinstance(error, exceptions.RetryError | exceptions.ServiceUnavailable | exceptions.BadGateway)


def is_session_over(error: Exception) -> bool:
    """Whether the session of the temp tables is there no longer."""
    return bool(_SESSION_OVER.search(_message(error)))


def engine_error(error: Exception, sql: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``. BigQuery's own code is kept behind the message.

    What would have cost more than it may is held back, and not an error of the query's.
    """
    message, reason = _message(error), reason_of(error)
    shown = f"{message} [{reason}]" if reason else message
    if isinstance(error, auth_exceptions.RefreshError):
        shown = f"Google does not accept the login any longer: {message}"
        return EngineError(shown, LOGIN_HINT, Problem("login-expired", shown, hint=LOGIN_HINT))
    if is_lost(error):
        shown = f"The connection to BigQuery was lost: {shown}"
        hint = "The next statement connects again."
        return EngineError(shown, hint, Problem(LOST, shown, hint=hint))
    if reason == TOO_MANY_BYTES:
        return SpeculationHeldError(f"BigQuery refused this for its price: {shown}", "Run your query (submit).")
    code = _code(message, reason)
    hint = _HINTS.get(code, "")
    return EngineError(shown, hint, Problem(code, shown, _span(message, sql), hint=hint))


def connection_failed(error: Exception) -> ConnectionFailedError:
    """Why there is no connection, and what to do. It holds no secret."""
    message, hint = _message(error), "Check the name: bigquery://project/dataset?location=EU."
    kind: ConnectionFailure = "other"
    if isinstance(error, auth_exceptions.DefaultCredentialsError):
        message, hint, kind = "Google's default credentials were not found.", LOGIN_HINT, "login"
    elif isinstance(error, auth_exceptions.RefreshError):
        hint, kind = LOGIN_HINT, "expired"
    elif is_lost(error):
        hint, kind = "Is the network there? BigQuery is asked at https://bigquery.googleapis.com.", "network"
    elif isinstance(error, auth_exceptions.GoogleAuthError | exceptions.Unauthorized):
        hint, kind = LOGIN_HINT, "login"
    elif isinstance(error, exceptions.Forbidden):
        hint, kind = _HINTS["access-refused"], "login"
    elif isinstance(error, exceptions.NotFound):
        hint = "Are the names of project and dataset right, and may you see them?"
    return ConnectionFailedError(f"BigQuery could not be opened: {message[:500]}", hint, kind)


def _code(message: str, reason: str) -> str:
    code = next((code for words, code in _WORDS if words.lower() in message.lower()), "")
    if reason == "accessDenied" or (reason == STOPPED and code != "timed-out"):
        return _REASONS[reason]
    return code or _REASONS.get(reason, "engine-error")


def _detail(error: Exception) -> dict[str, object]:
    found = getattr(error, "errors", None) or ()
    return next((dict(one) for one in found if isinstance(one, dict)), {})


def _message(error: Exception) -> str:
    told = _detail(error).get("message") or getattr(error, "message", "") or str(error) or type(error).__name__
    return " ".join(str(told).split())


def _span(message: str, sql: str) -> Span | None:
    """From the last place that is told (line and column from 1) to the end of the word there.

    Of a table that does not exist no place is told: there it is the last word of its name.
    """
    if places := _PLACE.findall(message):
        line, column = places[-1]
        return _span_at(int(line), int(column), sql)
    if found := _OBJECT.search(message):
        return _span_of_name(next(group for group in found.groups() if group).rpartition(".")[2], sql)
    return None


def _span_at(line: int, column: int, sql: str) -> Span | None:
    lines = sql.split("\n")
    if not 1 <= line <= len(lines):
        return None
    start = sum(len(one) + 1 for one in lines[: line - 1]) + _offset(lines[line - 1], column)
    if start > len(sql):
        return None
    end = start
    if end < len(sql) and sql[end] == "`":
        end = sql.find("`", end + 1) + 1 or len(sql)
    while end < len(sql) and (sql[end].isalnum() or sql[end] in "_."):
        end += 1
    return Span(start, max(end, min(start + 1, len(sql))))


def _offset(line: str, column: int) -> int:
    """Where in the line a column is: a tab goes on to the next multiple of eight.

    >>> _offset("\\tSELECT", 9)
    1
    """
    at = 1
    for offset, sign in enumerate(line):
        if at >= column:
            return offset
        at = (at - 1) // _TAB_WIDTH * _TAB_WIDTH + _TAB_WIDTH + 1 if sign == "\t" else at + 1
    return len(line)


def _span_of_name(name: str, sql: str) -> Span | None:
    try:
        tokens = tokenize(sql, read="bigquery")
    except SqlglotError:
        return None
    names = (token for token in tokens if token.token_type != TokenType.STRING)
    found = next((token for token in names if token.text.rpartition(".")[2] == name), None)
    return Span(found.start, found.end + 1) if found is not None else None
