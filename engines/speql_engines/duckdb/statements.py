"""What kind of statement a text is, by DuckDB's own parser."""

import re
from dataclasses import dataclass
from typing import Literal

import duckdb
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from speql_engines.duckdb.errors import engine_error
from speql_engines.engine import EngineError
from speql_sql import Problem

Kind = Literal["query", "read", "setting", "write", "refused"]

_KINDS: dict[str, Kind] = {
    "SELECT": "query",
    # PIVOT without an IN list is several statements in one: a type of the pivoted values, then the SELECT.
    "MULTI": "read",
    "EXPLAIN": "read",
    "CALL": "read",
    "PRAGMA": "read",
    "COPY": "read",
    "SET": "setting",
}
_REFUSED = {
    "TRANSACTION": "SpeQL runs each statement in a transaction of its own, so one cannot be begun or ended by hand.",
    "PREPARE": "SpeQL runs each statement on a connection of its own, so a prepared statement would be gone at once.",
    "EXECUTE": "SpeQL runs each statement on a connection of its own, so there is no prepared statement to execute.",
    "ATTACH": "SpeQL serves one database a connection; name another one with `--database`.",
    "DETACH": "SpeQL attaches and releases the database itself.",
}


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """One statement: its text without what follows it, its kind, and the reason if it is refused.

    A ``query`` may still write: DuckDB takes INSERT, UPDATE and DELETE in a CTE. Run it in a read-only transaction.
    ``key`` names the setting that a ``setting`` is about. ``parsed`` is what DuckDB made of it: parsing a long text
    takes it milliseconds, so it is given that, and not the text again.
    """

    text: str
    kind: Kind
    parsed: duckdb.Statement
    reason: str = ""
    key: str = ""


def parse_statement(cursor: duckdb.DuckDBPyConnection, sql: str) -> ParsedStatement:
    """The one statement that ``sql`` is; :class:`EngineError` if it does not parse or is none or several."""
    if _depth(sql) > _DEEPEST:
        message = f"This is nested more than {_DEEPEST} parentheses deep."
        raise EngineError(message, "Close some, or name the inner queries in WITH.", Problem("too-deep", message))
    try:
        found = cursor.extract_statements(sql)
    except duckdb.Error as error:
        raise engine_error(error, sql) from error
    if len(found) != 1:
        message = "There is no statement to run." if not found else "This is more than one statement."
        code = "empty" if not found else "several-statements"
        raise EngineError(message, "Run one statement at a time.", Problem(code, message))
    name = found[0].type.name
    kind = _KINDS.get(name, "refused" if name in _REFUSED else "write")
    reason, key = _REFUSED.get(name, ""), ""
    if name == "SET":
        key = _setting_key(sql)
    if name == "CREATE" and _creates_temporary(sql):
        kind = "refused"
        reason = "SpeQL runs each statement on a connection of its own, so a TEMP table or view would be gone at once."
    return ParsedStatement(sql, kind, found[0], reason, key)


def is_bound_by_explain(statement: ParsedStatement) -> bool:
    """Whether EXPLAIN binds all of a statement that writes: rows, or a table or view of a query."""
    name = statement.parsed.type.name
    if name != "CREATE":
        return name in _WRITES_ROWS
    words = (word.upper() for word in _words(statement.text))
    return next((word for word in words if word not in _BEFORE_TABLE), "") in ("TABLE", "VIEW")


_WRITES_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE_INTO"})
_BEFORE_TABLE = frozenset({"CREATE", "OR", "REPLACE", "TEMP", "TEMPORARY"})

_DEEPEST = 500
"""DuckDB's parser takes seconds for a thousand parentheses and minutes for ten thousand, and cannot be interrupted."""

_STRING = re.compile(r"'(?:[^']|'')*+'")
_PARENTHESIS = re.compile(r"[()]")


def _depth(sql: str) -> int:
    """How many parentheses are open at most; 0 where there are few."""
    if sql.count("(") <= _DEEPEST:
        return 0
    deepest = depth = 0
    for match in _PARENTHESIS.finditer(_STRING.sub("", sql)):
        depth = depth + 1 if match.group() == "(" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


def _words(sql: str) -> list[str]:
    try:
        return [token.text for token in Dialect.get_or_raise("duckdb").tokenize(sql)]
    except SqlglotError:
        return []


def _creates_temporary(sql: str) -> bool:
    words = [word.upper() for word in _words(sql)[:4]]
    return bool({"TEMP", "TEMPORARY"} & set(words[1:2] if words[1:3] != ["OR", "REPLACE"] else words[3:4]))


def _setting_key(sql: str) -> str:
    """``SET x``, ``SET SESSION x`` and ``RESET x`` are about the same setting; ``USE`` is about one of its own."""
    words = [word.lower() for word in _words(sql)]
    if not words or words[0] == "use":
        return "use"
    rest = words[1:]
    prefix = ""
    if rest and rest[0] in {"session", "global", "local", "variable"} and len(rest) > 1:
        prefix = "variable " if rest[0] == "variable" else ""
        rest = rest[1:]
    return prefix + rest[0] if rest else sql
