"""The values of a column with few different ones: how they are asked for, and how they are written."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlglot

from speql_speculator.completing.names_in_scope import NamedColumn
from speql_speculator.completing.proposal import Proposal
from speql_speculator.completing.quoting import quoted
from speql_speculator.completing.tiers import Tier
from speql_speculator.resolving.relations import type_family
from speql_sql import Catalog
from speql_sql.guard import GuardPolicy, speculation_problems
from speql_sql.parse import PARSE_ERRORS

MOST_VALUES = 50
"""A column with more different values than this has too many to choose from."""

MOST_ROWS = 1_000_000
"""So many rows are looked at."""

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column of a base table, its names folded: the key of what is known of its values."""

    database: str
    schema: str
    table: str
    column: str


def column_name(column: NamedColumn) -> ColumnName | None:
    """The base table's column that a column is; None of one that an expression makes."""
    if column.table is None or column.origin is None:
        return None
    table = column.table
    return ColumnName(table.database.lower(), table.schema.lower(), table.name.lower(), column.origin.name.lower())


def values_query(name: ColumnName, catalog: Catalog) -> str | None:
    """A query for the values of a column, the most frequent first, one more than `MOST_VALUES` at most.

    None where it may not be asked: of types that are not written as a plain constant, of views that may not be
    speculated, and where the guard refuses. It reads a column and nothing else, and at most `MOST_ROWS` rows.
    """
    table = catalog.find(name.table, name.schema, name.database) or catalog.find(name.table, name.schema)
    column = table.column(name.column) if table is not None else None
    if table is None or column is None or table.unsafe or not _is_plain(column.type):
        return None
    parts = [part for part in (table.database, table.schema, table.name) if part]
    source = ".".join(quoted(part, catalog.dialect, always=True) for part in parts)
    value = quoted(column.name, catalog.dialect, always=True)
    sql = (
        f"SELECT value FROM (SELECT {value} AS value FROM {source} LIMIT {MOST_ROWS}) AS looked_at "
        f"WHERE value IS NOT NULL GROUP BY value ORDER BY count(*) DESC, value LIMIT {MOST_VALUES + 1}"
    )
    try:
        tree = sqlglot.parse_one(sql, read=catalog.dialect)
    except PARSE_ERRORS:
        return None
    return None if speculation_problems(tree, GuardPolicy.for_catalog(catalog)) else sql


def literals(values: Sequence[object]) -> tuple[str, ...]:
    """The values as SQL writes them; nothing if one of them is too long or of a kind that has no plain constant, or if
    there are too many.

    >>> literals(["AA", "O'Hare"]), literals([2013, None]), literals([True])
    (("'AA'", "'O''Hare'"), ('2013',), ('true',))
    """
    if len(values) > MOST_VALUES:
        return ()
    written = [_literal(value) for value in values if value is not None]
    return tuple(one for one in written if one is not None) if None not in written else ()


def value_proposals(written: Sequence[str], have: Sequence[str], mark: str) -> Iterator[Proposal]:
    """Constants to compare a column with; those that the list has already are left out.

    ``mark``: inside a string that has been begun only strings come.
    """
    for literal in written:
        is_string = literal.startswith("'")
        if literal in have or (mark and not is_string):
            continue
        shown = literal[1:-1].replace("''", "'") if is_string else literal
        yield Proposal(shown or literal, "value", literal, Tier.WHOLE, "", "value")


def _is_plain(type_name: str) -> bool:
    family = type_family(type_name.split(" COLLATE ")[0])
    return family in ("text", "number", "boolean", "time")


def _literal(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime.date | datetime.datetime):
        return f"'{value}'"
    if isinstance(value, str) and len(value) <= _LONGEST and not any(ord(letter) < 32 for letter in value):
        return "'" + value.replace("'", "''") + "'"
    return None
