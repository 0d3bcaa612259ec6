"""The tables that a Redshift session sees, in few round trips however many there are."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from speql_engines.catalog_version import catalog_version
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table

DIALECT = "redshift"

# Only what Redshift's catalog has in common with PostgreSQL's of today: that is where it can be tried.
_OURS = """n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pg_internal')
        AND n.nspname NOT LIKE 'pg!_temp%' ESCAPE '!'"""
_TABLES = f"""
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples,
        CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p') AND {_OURS} AND has_schema_privilege(n.oid, 'USAGE')
        AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname, c.relname"""
_COLUMNS = f"""
    SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'p') AND {_OURS}
    ORDER BY a.attrelid, a.attnum"""
_KEYS = """
    SELECT k.conrelid, k.contype, k.conkey, k.confrelid, k.confkey FROM pg_constraint k
    WHERE k.contype IN ('p', 'u', 'f') ORDER BY k.conrelid, k.contype, k.oid"""
_FUNCTIONS = """
    SELECT DISTINCT lower(p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_internal')"""
_PATH = "SELECT current_database(), current_schema()"

Rows = Callable[[str], list[Sequence[Any]]]
"""Runs a statement and gives its rows, each value as text."""


def read_catalog(rows: Rows) -> Catalog:
    """All tables that the user may read, with columns, keys and the server's estimate of their rows.

    Redshift enforces no key: here they say how tables are meant to be joined, and prove nothing (matching is off on its
    dialect, `scheduler/speql_scheduler/matching/proved.py`). External tables and views without schema binding are not
    in these tables of the server, so they are not in the catalog.
    """
    ((database, schema),) = rows(_PATH)
    columns: dict[str, list[Column]] = defaultdict(list)
    numbered: dict[tuple[str, str], str] = {}
    for table, number, name, type_, not_null in rows(_COLUMNS):
        columns[table].append(Column(name, type_, nullable=not_null != "t"))
        numbered[table, number] = name
    functions = frozenset(str(name) for (name,) in rows(_FUNCTIONS))
    listed = rows(_TABLES)
    names = {oid: f"{place}.{name}" for oid, place, name, *_ in listed}
    keys: dict[str, list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]] = defaultdict(list)
    for table, kind, numbers, target, there in rows(_KEYS):
        own = tuple(numbered.get((table, one), "") for one in _numbers(numbers))
        other = tuple(numbered.get((target, one), "") for one in _numbers(there))
        if all(own) and all(other) and (kind != "f" or target in names):
            keys[table].append((kind, own, names.get(target, ""), other))
    views = {(place, name): [text] for _, place, name, _, _, text in listed if text}
    unsafe = unsafe_views(views, functions, DIALECT)
    tables = []
    for oid, place, name, kind, count, _ in listed:
        found = keys[oid]
        tables.append(
            Table(
                name,
                tuple(columns[oid]),
                schema=place,
                database=str(database),
                kind="view" if kind == "v" else "table",
                primary_key=next((one[1] for one in found if one[0] == "p"), ()),
                unique_keys=tuple(one[1] for one in found if one[0] == "u"),
                foreign_keys=tuple(ForeignKey(one[1], one[2], one[3]) for one in found if one[0] == "f"),
                row_count=int(float(count)) if kind in "rm" and float(count) >= 0 else None,
                unsafe=unsafe.get((place, name), ""),
            )
        )
    return Catalog(
        tuple(tables),
        dialect=DIALECT,
        path=((str(database), str(schema)),) if schema else (),
        version=catalog_version(tables, functions, str(schema)),
        user_functions=functions,
        loaded_at=time.time(),
    )


def _numbers(array: str | None) -> list[str]:
    """The items of an array of numbers in the server's text.

    >>> _numbers("{1,3}")
    ['1', '3']
    """
    return array.strip("{}").split(",") if array and array != "{}" else []
