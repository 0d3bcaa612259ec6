"""SQL Server's errors as problems with a place."""

import re
from dataclasses import dataclass

import mssql_python.exceptions as driver

from speql_engines.engine import ConnectionFailedError, ConnectionFailure, EngineError
from speql_engines.server_session import LOST
from speql_engines.statement_results import WRITE_HINT
from speql_sql import Problem, Span
from speql_sql.sql_tokens import sql_tokens

DRIVER_ERRORS = (driver.Exception, driver.ConnectionStringParseError, RuntimeError, OSError)
"""What the driver raises: its own errors, those of its native part, those of the network."""

# The driver gives the words of SQLSTATE instead of it.
_STATES = {
    known.driver_error: state
    for state in ("08001", "08003", "08004", "08007", "08S01", "HYT01", "28000", "HY008", "HYT00", "42S02", "42S22")
    if (known := driver.sqlstate_to_exception(state, "")) is not None
}
SNAPSHOT_REFUSED = 3952
"""Another database that the query reads allows no snapshots."""

_BEFORE = re.compile(r"^(?:\[[^\]]*\]\s*)+")

# By number, with the English text: https://learn.microsoft.com/sql/relational-databases/errors-events
_KNOWN: tuple[tuple[int, str, str], ...] = (
    (102, r"Incorrect syntax near '(?P<name>[^']*)'", "syntax-error"),
    (156, r"Incorrect syntax near the keyword '(?P<name>[^']*)'", "syntax-error"),
    (105, r"Unclosed quotation mark", "syntax-error"),
    (195, r"'(?P<name>[^']*)' is not a recognized (?:built-in )?function name", "unknown-function"),
    (207, r"Invalid column name '(?P<name>[^']*)'", "unknown-column"),
    (208, r"Invalid object name '(?P<name>[^']*)'", "unknown-table"),
    (209, r"Ambiguous column name '(?P<name>[^']*)'", "ambiguous-column"),
    (4104, r"The multi-part identifier \"(?P<name>[^\"]*)\" could not be bound", "unknown-column"),
    (4121, r"Cannot find either column \"[^\"]*\" or the user-defined function or aggregate \"(?P<name>[^\"]*)\"",
     "unknown-function"),
    (8120, r"Column '(?P<name>[^']*)' is invalid in the select list because", "not-grouped"),
    (8121, r"Column '(?P<name>[^']*)' is invalid in the HAVING clause because", "not-grouped"),
    (8127, r"Column \"?'?(?P<name>[^'\"]*)'?\"? is invalid in the ORDER BY clause because", "not-grouped"),
    (1011, r"The correlation name '(?P<name>[^']*)' is specified multiple times", "duplicate-alias"),
    (1013, r"The objects \"(?P<name>[^\"]*)\" and \"[^\"]*\" in the FROM clause have the same exposed names",
     "duplicate-alias"),
    (1033, r"The ORDER BY clause is invalid in views", "syntax-error"),
    (8155, r"No column name was specified for column", "unnamed-column"),
    (8156, r"The column '(?P<name>[^']*)' was specified multiple times for", "duplicate-alias"),
    (206, r"Operand type clash", "type-error"),
    (402, r"The data types .* are incompatible", "type-error"),
    (8117, r"Operand data type .* is invalid for", "type-error"),
    (241, r"Conversion failed when converting date and/or time", "type-error"),
    (245, r"Conversion failed when converting", "type-error"),
    (8114, r"Error converting data type", "type-error"),
    (8134, r"Divide by zero error", "type-error"),
    (8115, r"Arithmetic overflow error converting", "out-of-range"),
    (220, r"Arithmetic overflow error for data type", "out-of-range"),
    (229, r"permission was denied on the object '(?P<name>[^']*)'", "access-refused"),
    (262, r"permission denied in database", "access-refused"),
    (916, r"is not able to access the database", "access-refused"),
    (911, r"Database '(?P<name>[^']*)' does not exist", "unknown-schema"),
    (1205, r"was deadlocked on", "deadlock"),
    (1222, r"Lock request time out period exceeded", "locked"),
    (2714, r"There is already an object named '(?P<name>[^']*)'", "exists-already"),
    (3906, r"because the database is read-only", "read-only"),
    (3952, r"Snapshot isolation transaction failed", "snapshot-refused"),
    (11526, r"uses a temp table", "temporary-table"),
    (8152, r"would be truncated", "out-of-range"),
    (2627, r"Violation of .* constraint", "constraint"),
    (515, r"Cannot insert the value NULL", "constraint"),
    (547, r"conflicted with the .* constraint", "constraint"),
)  # fmt: skip
_BY_NUMBER = {number: code for number, _, code in _KNOWN} | {2601: "constraint", 11501: "several-statements"}
_PATTERNS = tuple((number, re.compile(pattern), code) for number, pattern, code in _KNOWN)
_BY_STATE = {"HY008": "cancelled", "HYT00": "timed-out", "42S02": "unknown-table", "42S22": "unknown-column"}
_LOST_STATES = frozenset({"08001", "08003", "08004", "08007", "08S01", "HYT01"})
_LOST_NUMBERS = frozenset({40197, 40501, 40613, 49918, 10053, 10054, 10060, 233, 64})
_LOST_WORDS = re.compile(
    r"TCP Provider|Communication link failure|is not currently available|Connection is closed", re.I
)
_HINTS = {
    "locked": "Another session holds what the query reads; SpeQL waits five seconds for that ahead of a submit.",
    "timed-out": "It took longer than it may: what works ahead is stopped after five minutes.",
    "access-refused": "Ask for the permission (GRANT SELECT, and GRANT SHOWPLAN for estimates).",
    "unnamed-column": "Give the column a name: ... AS name.",
    "read-only": WRITE_HINT,
}


@dataclass(frozen=True, slots=True)
class ServerError:
    """What is told of an error: the server's number, state and words, where it says so, and SQLSTATE."""

    message: str
    number: int = 0
    state: int = 0
    sql_state: str = ""


def told_by(error: Exception, number: int = 0) -> ServerError:
    """What an error of the driver's tells; ``number`` is what the server has said to ``@@ERROR``.

    The driver keeps neither the server's number nor the line, so the number is found by the words where it was not
    asked for.
    """
    words = str(getattr(error, "ddbc_error", "") or error)
    message = " ".join(_BEFORE.sub("", words).split())
    state = _STATES.get(str(getattr(error, "driver_error", "")), "")
    return ServerError(message, number or _number(message), 0, state)


def is_lost(error: Exception) -> bool:
    """Whether the server, or the way to it, is gone."""
    told = told_by(error)
    return told.sql_state in _LOST_STATES or told.number in _LOST_NUMBERS or bool(_LOST_WORDS.search(told.message))


def engine_error(told: ServerError, sql: str = "") -> EngineError:
    """The :class:`EngineError` to raise for what happened to ``sql``; the server's number and state are kept behind the
    message.
    """
    numbers = f"Msg {told.number}" + (f", state {told.state}" if told.state else "") if told.number else told.sql_state
    shown = f"{told.message} [{numbers}]" if numbers else told.message
    if told.sql_state in _LOST_STATES or told.number in _LOST_NUMBERS or _LOST_WORDS.search(told.message):
        shown, hint = f"The connection to the server was lost: {shown}", "The next statement connects again."
        return EngineError(shown, hint, Problem(LOST, shown, hint=hint))
    code = _BY_NUMBER.get(told.number) or _BY_STATE.get(told.sql_state, "engine-error")
    hint = _HINTS.get(code, "")
    return EngineError(shown, hint, Problem(code, shown, _span(told.message, sql), hint=hint))


def _number(message: str) -> int:
    return next((number for number, pattern, _ in _PATTERNS if pattern.search(message)), 0)


def _span(message: str, sql: str) -> Span | None:
    """Where the name first stands that the message tells, the last part of it: the driver gives no line."""
    for _, pattern, code in _PATTERNS:
        if (found := pattern.search(message)) and "name" in pattern.groupindex:
            name = found["name"].rpartition(".")[2].strip('[]"') or found["name"]
            places = [token for token in sql_tokens(sql, "tsql") if token.text.lower() == name.lower()]
            if not places or (code == "syntax-error" and len(places) > 1):
                return None
            return Span(places[0].start, places[0].end + 1)
    return None


_REASONS: tuple[tuple[str, ConnectionFailure, str], ...] = (
    ("Login failed for user", "login", "The user or the password is wrong, or the user may not open this database."),
    ("Cannot open database", "other", "Check the name of the database; may the user open it?"),
    ("Cannot open server", "network", "Your address may not connect: it is a matter of the server's firewall."),
    ("Login timeout expired", "network", "The server does not answer. Are host and port right, and may you reach it?"),
    ("expired", "expired", "The token has expired: log in again (az login)."),
    ("retrieve a token", "login", "Log in first (az login), or use authentication=ActiveDirectoryInteractive."),
    ("access token", "login", "Log in first (az login), or use authentication=ActiveDirectoryInteractive."),
    ("certificate", "other", "The server's certificate is not trusted: install it, or write ?trust_certificate=yes."),
    ("SSL", "other", "Check encrypt=: a server of old may need ?encrypt=no."),
    ("TCP Provider", "network", "The server does not answer. Are host and port right, and is it running?"),
    ("network-related", "network", "The server does not answer. Are host and port right, and is it running?"),
    ("is not currently available", "network", "The database is paused and wakes up now: try again in a minute."),
    ("Failed to load the driver", "driver", "It lacks a library of the system (Debian: apt-get install libltdl7)."),
)  # fmt: skip


def connection_failed(error: Exception) -> ConnectionFailedError:
    """Why there is no connection, in the driver's words, and what to do. It holds no password."""
    text = told_by(error).message[:500] or type(error).__name__
    found = next(((kind, hint) for sign, kind, hint in _REASONS if sign.lower() in text.lower()), None)
    kind, hint = found or ("other", "Check the connection's settings.")
    return ConnectionFailedError(f"SQL Server could not be reached: {text}", hint, kind)
