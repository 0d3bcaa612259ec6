"""Whether what queries have read has changed, as Snowflake's own change marks tell."""

import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from speql_sql.parse import parse_query

_BELIEVED_SECONDS = 1.0

Rows = Callable[[str], list[dict[str, Any]]]
"""Runs a statement that costs nothing and gives its rows."""


class DataVersion:
    """A value that changes when a table or view that was read here has changed.

    Snowflake has no mark of the whole database, but one of each table and view, that every change of rows moves
    (SYSTEM$LAST_CHANGE_COMMIT_TIME). So the tables of each query are marked before it reads them: what they hold later,
    if their marks are the same, is what it has read. Marks are looked at once a second at most. Of what has no mark (a
    table of a share, a function's rows) nothing is known, and the value is another one each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, str] = {}
        self._changes = 0
        self._unmarked = False
        self._looked_at = float("-inf")
        self._numbers = itertools.count(1)

    def before_reading(self, sql: str, place: tuple[str, str], own: Collection[str], rows: Rows) -> None:
        """Mark the tables that ``sql`` reads, but for temp tables, whose full names are ``own``.

        ``place`` is the session's database and schema.
        """
        read = tables_read(sql, place)
        names = None if read is None else tuple(name for name in read if name not in own)
        with self._lock:
            fresh = () if names is None else tuple(name for name in names if name not in self._marks)
            if names is None:
                self._unmarked = True
        if fresh:
            found = _marks(fresh, rows)
            with self._lock:
                for name in fresh:
                    if name in found:
                        self._marks.setdefault(name, found[name])
                    else:
                        self._unmarked = True

    def read(self, rows: Rows) -> str:
        """The value now."""
        with self._lock:
            names = tuple(self._marks)
            if self._unmarked:
                return f"{self._changes}.{next(self._numbers)}"
            if not names or time.monotonic() < self._looked_at + _BELIEVED_SECONDS:
                return str(self._changes)
        looked_at = time.monotonic()
        found = _marks(names, rows)
        with self._lock:
            changed = [name for name in names if found.get(name) != self._marks.get(name)]
            for name in changed:
                self._marks.pop(name, None)
            self._changes += bool(changed)
            self._looked_at = looked_at
            return str(self._changes)


@lru_cache(1024)
def tables_read(sql: str, place: tuple[str, str]) -> tuple[str, ...] | None:
    """The full names of the tables and views that a query reads; None if that is not known.

    >>> tables_read('WITH c AS (SELECT * FROM t) SELECT * FROM c JOIN s."u v" ON TRUE', ("D", "P"))
    ('"D"."P"."T"', '"D"."S"."u v"')
    """
    query = parse_query(sql, "snowflake").query
    if query is None or query.find(exp.TableFromRows) is not None:
        return None
    try:
        scopes = traverse_scope(query)
    except SqlglotError:
        return None
    names: dict[str, None] = {}
    for source in (source for scope in scopes for source in scope.sources.values()):
        if not isinstance(source, exp.Table):
            continue
        if not all(isinstance(part, exp.Identifier) for part in source.parts):
            return None  # a function, or a name that is computed
        parts = [part.name if part.args.get("quoted") else part.name.upper() for part in source.parts]
        names[full_name(*place[: max(3 - len(parts), 0)], *parts)] = None
    return tuple(names)


def full_name(*parts: str) -> str:
    """A name as SQL that means it and no other.

    >>> full_name("SHOP", "my table")
    '"SHOP"."my table"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def _marks(names: Iterable[str], rows: Rows) -> dict[str, str]:
    """The marks of the tables that have one."""
    known = tuple(names)
    try:
        return _asked(known, rows)
    except ProgrammingError:
        if len(known) == 1:
            return {}
    found: dict[str, str] = {}
    for name in known:  # one that is gone makes the question about all of them fail
        found |= _marks((name,), rows)
    return found


def _asked(names: tuple[str, ...], rows: Rows) -> dict[str, str]:
    literals = [name.replace("\\", "\\\\").replace("'", "''") for name in names]
    items = ", ".join(f"SYSTEM$LAST_CHANGE_COMMIT_TIME('{one}') AS M{at}" for at, one in enumerate(literals))
    (row,) = rows(f"SELECT {items}")
    return {name: str(value) for name, value in zip(names, row.values(), strict=True) if value is not None}
