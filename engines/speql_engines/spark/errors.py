"""Spark's errors as problems with a place."""

import re

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError
from speql_engines.server_session import LOST
from speql_engines.spark.driver import PySparkException
from speql_engines.spark.location import Location
from speql_engines.sqlstates import problem_code, span_at
from speql_sql import Problem, Span

FILES_CHANGED = "files-changed"
"""The code of the problem when files of a table are gone since Spark has listed them."""

# By the error's condition, or the part of it before the dot.
_CODES = {
    "PARSE_SYNTAX_ERROR": "syntax-error",
    "PARSE_EMPTY_STATEMENT": "empty",
    "UNRESOLVED_COLUMN": "unknown-column",
    "UNRESOLVED_USING_COLUMN_FOR_JOIN": "unknown-column",
    "FIELD_NOT_FOUND": "unknown-column",
    "TABLE_OR_VIEW_NOT_FOUND": "unknown-table",
    "SCHEMA_NOT_FOUND": "unknown-schema",
    "UNRESOLVED_ROUTINE": "unknown-function",
    "ROUTINE_NOT_FOUND": "unknown-function",
    "UNRESOLVABLE_TABLE_VALUED_FUNCTION": "unknown-function",
    "AMBIGUOUS_REFERENCE": "ambiguous-column",
    "AMBIGUOUS_COLUMN_OR_FIELD": "ambiguous-column",
    "MISSING_AGGREGATION": "not-grouped",
    "MISSING_GROUP_BY": "not-grouped",
    "DATATYPE_MISMATCH": "type-error",
    "CAST_INVALID_INPUT": "type-error",
    "CAST_OVERFLOW": "out-of-range",
    "ARITHMETIC_OVERFLOW": "out-of-range",
    "TABLE_OR_VIEW_ALREADY_EXISTS": "exists-already",
    "OPERATION_CANCELED": "cancelled",
    "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND": "temp-table-lost",
    "FAILED_READ_FILE.FILE_NOT_EXIST": FILES_CHANGED,
}
_HINTS = {
    "temp-table-lost": "The executor that held it is gone. It is made anew when it is needed.",
    FILES_CHANGED: "Run REFRESH TABLE with the name of the table, then run it again.",
}
_LOST = ("INVALID_HANDLE.SESSION", "INVALID_HANDLE.OPERATION", "NO_ACTIVE_SESSION", "SESSION_NOT_SAME")
_STATES = {"UNAVAILABLE"}
_TAIL = re.compile(r"(?:\s*; line \d+ pos \d+.*|\s*\(line \d+, pos \d+\).*|\n== SQL.*|\n+JVM stacktrace.*)", re.S)
_PLACE = re.compile(r"\(line (\d+), pos (\d+)\)")
_LOGIN = ("UNAUTHENTICATED", "PERMISSION_DENIED")


def engine_error(error: PySparkException, sql: str = "", prefix: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``, which was sent as ``prefix + sql``.

    Spark's condition and SQLSTATE are kept in the message.
    """
    message = _message(error)
    if is_lost(error):
        shown = f"The connection to Spark was lost: {message}"
        hint = "The next statement connects again."
        return EngineError(shown, hint, Problem(LOST, shown, hint=hint))
    condition = error.getCondition() or ""
    code = _CODES.get(condition) or _CODES.get(condition.partition(".")[0]) or problem_code(error.getSqlState() or "")
    hint = _HINTS.get(code, "")
    return EngineError(message, hint, Problem(code, message, _span(error, sql, prefix), hint=hint))


def is_lost(error: PySparkException) -> bool:
    """Whether the session has ended, or the server is not reached."""
    condition = error.getCondition() or ""
    return condition.startswith(_LOST) or _state(error) in _STATES or "server side session" in str(error)


def connection_failed(error: Exception, location: Location) -> ConnectionFailedError:
    """Why there is no connection, in the client's words, and what to do. It holds no token."""
    message, state = _message(error), _state(error)
    reason: ConnectionFailure = "other"
    hint = "Check the connection's settings."
    if state in _LOGIN or "UNAUTHENTICATED" in message:
        reason, hint = "login", f"Give a token: keep it by speql connections add, or in {location.token_variable}."
    elif state in _STATES:
        reason, hint = (
            "network",
            "Is the address right, does the server run (start-connect-server.sh), does it use TLS?",
        )
    return ConnectionFailedError(f"{location.label} could not be reached: {message}", hint, reason)


def _state(error: Exception) -> str:
    """The word of gRPC for what has failed."""
    found = getattr(error, "getGrpcStatusCode", None)
    return str(getattr(found() if found is not None else None, "name", ""))


def _message(error: Exception) -> str:
    """Spark's own words, without the plan, the text of the statement and the stack."""
    return " ".join(_TAIL.sub("", str(error).strip()).split())[:1000]


def _span(error: PySparkException, sql: str, prefix: str) -> Span | None:
    """Where Spark says that it is; what it says of the text of a view is no place here."""
    for context in error.getQueryContext() or ():
        try:
            start, stop = context.startIndex() - len(prefix), context.stopIndex() + 1 - len(prefix)
            of_view = bool(context.objectType())
        except (PySparkException, NotImplementedError):
            continue  # a place in a program
        if not of_view and 0 <= start < stop <= len(sql):
            return Span(start, stop)
    if found := _PLACE.search(str(error)):
        lines = (prefix + sql).split("\n")
        start = sum(len(one) + 1 for one in lines[: int(found[1]) - 1]) + int(found[2])
        return span_at(str(start + 1), prefix, sql)
    return None
