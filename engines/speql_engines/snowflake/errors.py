"""Snowflake's errors as problems with a place."""

import re

from snowflake.connector import errors as driver
from sqlglot import tokenize
from sqlglot.errors import SqlglotError

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError
from speql_engines.error_places import span_of_word
from speql_engines.server_session import LOST
from speql_sql import Problem, Span

# By the number of the error, which the driver gives without leading zeros.
_CODES = {
    1003: "syntax-error",
    2003: "unknown-table",
    2043: "unknown-table",
    904: "unknown-column",
    2027: "ambiguous-column",
    1104: "not-grouped",
    979: "not-grouped",
    2140: "unknown-function",
    2141: "unknown-function",
    1044: "type-error",
    1007: "type-error",
    2016: "type-error",
    100035: "type-error",
    100037: "type-error",
    100038: "type-error",
    100039: "type-error",
    100040: "type-error",
    100046: "out-of-range",
    100051: "type-error",
    100132: "out-of-range",
    2049: "unknown-schema",
    3001: "access-refused",
    8: "several-statements",
    604: "cancelled",
    630: "timed-out",
    606: "no-warehouse",
    90073: "warehouse-suspended",
    2002: "exists-already",
    2025: "duplicate-alias",
}
_HINTS = {
    "timed-out": "It took longer than STATEMENT_TIMEOUT_IN_SECONDS allows.",
    "no-warehouse": "Name one: add ?warehouse=NAME to the name of the database, or run USE WAREHOUSE NAME.",
    "access-refused": "Ask for the privilege, or choose another role: add &role=NAME to the name of the database.",
}
# By words, where one number stands for many errors.
_WORDS = (
    ("invalid identifier", "unknown-column"),
    ("Unknown function", "unknown-function"),
    ("ambiguous column name", "ambiguous-column"),
    ("is not a valid group by expression", "not-grouped"),
    ("neither an aggregate nor in the group by clause", "not-grouped"),
    ("does not exist or not authorized", "unknown-table"),
)
# The session is over, or its token is: the driver cannot go on with it.
SESSION_OVER = frozenset({390110, 390111, 390112, 390113, 390114, 390115, 390195, 390302, 390318, 250002})
_NETWORK = frozenset({250001, 250003, 251001, 251002, 251003, 251011, 251012})
_PLACE = re.compile(r"(?:error )?line (\d+) at position (\d+)")
_OBJECT = re.compile(r"(?:Object|Table|View|Schema|Database) '([^']+)' does not exist|Unknown function (\S+)")
_QUOTED = re.compile(r"identifier '([^']+)'")


def is_lost(error: driver.Error) -> bool:
    """Whether the statement may not have been heard of: the session has ended, or the network has."""
    number = error.errno or 0
    return number in SESSION_OVER or number in _NETWORK or 290000 <= number < 291000


def engine_error(error: driver.Error, sql: str = "", prefix: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``, which was run as ``prefix + sql``.

    Snowflake's own number is kept behind the message.
    """
    number = error.errno or 0
    message = " ".join(str(error.raw_msg or error.msg or error).split())
    shown = f"{message} [{number:06d}]" if number > 0 else message
    if is_lost(error):
        shown = f"The connection to Snowflake was lost: {shown}"
        hint = "The next statement connects again."
        return EngineError(shown, hint, Problem(LOST, shown, hint=hint))
    code = next((code for words, code in _WORDS if words in message), "") or _CODES.get(number, "engine-error")
    hint = _HINTS.get(code, "")
    return EngineError(shown, hint, Problem(code, shown, _span(message, prefix, sql), hint=hint))


def _span(message: str, prefix: str, sql: str) -> Span | None:
    """From the place of an error (line from 1, position in it from 0) to the end of the word there.

    Of a table or function that does not exist no place is told: there it is the first word of its name.
    """
    if found := _PLACE.search(message):
        return _span_at(int(found[1]), int(found[2]), prefix, sql)
    if found := _OBJECT.search(message) or _QUOTED.search(message):
        name = next(group for group in found.groups() if group)
        return _span_of_name(name.rpartition(".")[2].strip('"'), sql)
    return None


def _span_at(line: int, position: int, prefix: str, sql: str) -> Span | None:
    sent = prefix + sql
    blank = len(sent) - len(sent.lstrip(" \t\n\r"))  # the driver takes it away before it sends the text
    lines = sent[blank:].split("\n")
    if not 1 <= line <= len(lines):
        return None
    start = blank + sum(len(one) + 1 for one in lines[: line - 1]) + position - len(prefix)
    return span_of_word(sql, start)


def _span_of_name(name: str, sql: str) -> Span | None:
    try:
        tokens = tokenize(sql, read="snowflake")
    except SqlglotError:
        return None
    found = next((token for token in tokens if token.text.upper() == name.upper()), None)
    return Span(found.start, found.end + 1) if found is not None else None


_REASONS = (
    (390100, "The user or the password is wrong."),
    (390144, "The key pair does not fit: is the public key that of this user (ALTER USER ... SET RSA_PUBLIC_KEY)?"),
    (390201, "The database, the schema, the warehouse or the role does not exist, or is not yours to use."),
    (390189, "The role is not yours to use: choose another, by role=NAME."),
    (390422, "Your address may not connect: it is a matter of the account's network policy."),
    (390195, "The token has expired: log in again."),
    (390318, "The token has expired: log in again."),
    (251005, "Name a user: snowflake://user@account/database, or in connections.toml."),
    (251006, "Give a password: in connections.toml, or in the environment variable SNOWFLAKE_PASSWORD."),
    (250001, "Is the account's name right (ORGANISATION-ACCOUNT), and is the network there?"),
    (251001, "Is the account's name right (ORGANISATION-ACCOUNT), and is the network there?"),
    (290404, "Is the account's name right (ORGANISATION-ACCOUNT)?"),
)


_KINDS: dict[int, ConnectionFailure] = {
    390100: "login",
    390144: "login",
    251005: "login",
    251006: "login",
    390195: "expired",
    390318: "expired",
    390422: "network",
    250001: "network",
    251001: "network",
    290404: "network",
}


def connection_failed(error: driver.Error) -> ConnectionFailedError:
    """Why there is no connection, in the driver's first line, and what to do. It holds no password."""
    text = str(error.raw_msg or error.msg or error)
    number = next((number for number, _ in _REASONS if number == error.errno or f"{number}" in text), 0)
    hint = dict(_REASONS).get(number, "Check the connection's settings.")
    if "Incorrect username or password" in text:
        number, hint = 390100, dict(_REASONS)[390100]
    shown = f"Snowflake could not be reached: {' '.join(text.split())[:500]}"
    return ConnectionFailedError(shown, hint, _KINDS.get(number, "other"))
