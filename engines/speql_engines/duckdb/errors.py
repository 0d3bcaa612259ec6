"""DuckDB's errors as problems with a place."""

import json
import re
from typing import Any

import duckdb

from speql_engines.engine import EngineError
from speql_sql import Problem, Span

WRITE_HINT = "Open it for writing to run this: add `--writable`."

_CODES_BY_TYPE = {
    "Parser": "syntax-error",
    "Syntax": "syntax-error",
    "Conversion": "type-error",
    "Mismatch Type": "type-error",
    "Out of Range": "out-of-range",
    "Permission": "access-refused",
    "Out of Memory": "out-of-memory",
    "Interrupt": "cancelled",
    "Constraint": "constraint",
}
_CODES_BY_MISSING = {
    "Table": "unknown-table",
    "View": "unknown-table",
    "Schema": "unknown-schema",
    "Scalar Function": "unknown-function",
    "Aggregate Function": "unknown-function",
    "Table Function": "unknown-function",
    "Type": "unknown-type",
}
# DuckDB says these only in words. Matched against its message, never against SQL.
_CODES_BY_MESSAGE = (
    (re.compile(r"ambiguous reference", re.I), "ambiguous-column"),
    (
        re.compile(r"does not have a column (?:named|with name)|referenced (?:update )?column .* not found", re.I),
        "unknown-column",
    ),
    (re.compile(r"columns but \d+ values were supplied|more column names than query result", re.I), "value-count"),
    (re.compile(r"^values lists must all be the same length", re.I), "value-count"),
    (re.compile(r"referenced table .* not found", re.I), "unknown-table"),
    (re.compile(r"table with name .* does not exist", re.I), "unknown-table"),
    (re.compile(r"because schema .* does not exist", re.I), "unknown-table"),
    (re.compile(r"must appear in the GROUP BY", re.I), "not-grouped"),
    (re.compile(r"^set operations can only apply to expressions with the same number", re.I), "column-count"),
    (re.compile(r"^duplicate CTE name", re.I), "duplicate-cte"),
    (re.compile(r"no function matches|could not choose a best candidate", re.I), "type-error"),
    (re.compile(r"^values were not provided for the following parameters", re.I), "no-values"),
    (re.compile(r"read-only mode", re.I), "read-only"),
    (re.compile(r"disabled by configuration", re.I), "access-refused"),
    (re.compile(r"no space left on device", re.I), "disk-full"),
)
# How DuckDB begins the message of an error that it raises as plain text.
_ERROR_KIND = re.compile(r"^[A-Z][A-Za-z ]* Error: ")
_INTERNAL_NAME = re.compile(r"^(pg_|duckdb_|sqlite_|pragma_)|^(system|temp)\.", re.I)
_QUOTED_NAME = re.compile(r'"((?:[^"]|"")+)"')


def problem_from_error(error: duckdb.Error, sql: str, prefix: str = "", scratch: str = "") -> Problem:
    """What ``error`` says about ``sql``, which was run as ``prefix + sql``.

    DuckDB counts bytes from the beginning of the whole statement; the problem's span counts code points of ``sql``.
    Candidates that a user did not make (system tables, ``scratch`` tables) are not suggested.
    """
    details = _details(error)
    message = str(details.get("exception_message") or _ERROR_KIND.sub("", str(error)))
    first_line, _, rest = message.partition("\n")
    return Problem(
        code=_code(details, message),
        message=first_line.strip() or message.strip(),
        span=_span(details, prefix, sql),
        hint=_hint(details, message, rest, scratch),
    )


def engine_error(error: duckdb.Error, sql: str, prefix: str = "", scratch: str = "") -> EngineError:
    """The :class:`EngineError` to raise for ``error``, with its problem."""
    problem = problem_from_error(error, sql, prefix, scratch)
    hint = WRITE_HINT if problem.code == "read-only" else problem.hint
    return EngineError(problem.message, hint, problem)


def _details(error: duckdb.Error) -> dict[str, Any]:
    """The fields of an error raised under ``errors_as_json``; none for the few that DuckDB raises as plain text."""
    _, brace, body = str(error).partition("{")
    if not brace:
        return {}
    try:
        details = json.loads(brace + body)
    except json.JSONDecodeError:
        return {}
    return details if isinstance(details, dict) else {}


def _code(details: dict[str, Any], message: str) -> str:
    if details.get("error_subtype") == "COLUMN_NOT_FOUND":
        return "unknown-column"
    if details.get("error_subtype") == "MISSING_ENTRY":
        return _CODES_BY_MISSING.get(str(details.get("type")), "unknown-name")
    for pattern, code in _CODES_BY_MESSAGE:
        if pattern.search(message):
            return code
    return _CODES_BY_TYPE.get(str(details.get("exception_type")), "engine-error")


def _span(details: dict[str, Any], prefix: str, sql: str) -> Span | None:
    place = re.fullmatch(r"\[(\d+),(\d+)\]", str(details.get("location", "")))
    if place:
        start, length = int(place[1]), int(place[2])
    elif str(details.get("position", "")).isdecimal():
        start, length = int(details["position"]), 0
    else:
        return None
    encoded = sql.encode()
    start -= len(prefix.encode())
    if start < 0 or start > len(encoded):
        return None
    first = len(encoded[:start].decode(errors="ignore"))
    last = len(encoded[: start + length].decode(errors="ignore"))
    return Span(first, max(first, last))


def _hint(details: dict[str, Any], message: str, rest_of_message: str, scratch: str) -> str:
    if "Candidate functions" in rest_of_message:
        return " ".join(rest_of_message.split())
    listed = str(details.get("candidates", "")).split(", ")
    said = _QUOTED_NAME.findall(rest_of_message) if "andidate" in rest_of_message else []
    if "disabled by configuration" in message:
        return "Only the database and the files of the workspace can be reached."
    if "o space left on device" in message:
        return "What does not fit into memory is written there. Free some space, or ask for less."
    names = [name.strip().strip('"') for name in (said or listed)]
    wanted = [name for name in dict.fromkeys(names) if name and not _internal(name, scratch)]
    if wanted:
        return f"Did you mean {' or '.join(wanted[:3])}?"
    if "Did you mean" in rest_of_message or "andidate" in rest_of_message:
        return ""
    return " ".join(rest_of_message.split())


def _internal(name: str, scratch: str) -> bool:
    return bool(_INTERNAL_NAME.search(name)) or bool(scratch and name.startswith(f"{scratch}."))
