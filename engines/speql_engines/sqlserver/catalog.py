"""The tables that a session sees, in a few questions however many there are."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from speql_engines.sqlserver.server import Server
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table

DIALECT = "tsql"

TABLES = """
    SELECT o.object_id, SCHEMA_NAME(o.schema_id), o.name, o.type, m.definition, COALESCE(t.is_external, 0)
    FROM sys.objects o LEFT JOIN sys.tables t ON t.object_id = o.object_id
        LEFT JOIN sys.sql_modules m ON m.object_id = o.object_id
    WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
    ORDER BY SCHEMA_NAME(o.schema_id), o.name"""
COLUMNS = """
    SELECT c.object_id, c.column_id, c.name, TYPE_NAME(c.user_type_id), TYPE_NAME(c.system_type_id), c.max_length,
        c.precision, c.scale, c.is_nullable, c.collation_name
    FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id
    WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
    ORDER BY c.object_id, c.column_id"""
KEYS = """
    SELECT k.parent_object_id, k.object_id, k.type, i.column_id
    FROM sys.key_constraints k JOIN sys.index_columns i
        ON i.object_id = k.parent_object_id AND i.index_id = k.unique_index_id
    WHERE k.type IN ('PK', 'UQ') AND i.is_included_column = 0
    ORDER BY k.parent_object_id, k.object_id, i.key_ordinal"""
FOREIGN_KEYS = """
    SELECT f.parent_object_id, f.constraint_object_id, f.parent_column_id, f.referenced_object_id,
        f.referenced_column_id
    FROM sys.foreign_key_columns f
    ORDER BY f.parent_object_id, f.constraint_object_id, f.constraint_column_id"""
SIZES = """
    SELECT p.object_id, SUM(CASE WHEN p.index_id IN (0, 1) THEN p.rows ELSE 0 END), SUM(a.pages) * 8192
    FROM sys.partitions p LEFT JOIN (
        SELECT container_id, SUM(used_pages) AS pages FROM sys.allocation_units GROUP BY container_id
    ) a ON a.container_id = p.hobt_id
    GROUP BY p.object_id"""
POOL_SIZES = """
    SELECT m.object_id, SUM(s.row_count), SUM(s.used_page_count) * 8192
    FROM sys.pdw_table_mappings m JOIN sys.pdw_nodes_tables n ON n.name = m.physical_name
        JOIN sys.dm_pdw_nodes_db_partition_stats s ON s.object_id = n.object_id AND s.pdw_node_id = n.pdw_node_id
            AND s.distribution_id = n.distribution_id
    WHERE s.index_id IN (0, 1)
    GROUP BY m.object_id"""
FUNCTIONS = """
    SELECT DISTINCT LOWER(name) FROM sys.objects
    WHERE type IN ('FN', 'IF', 'TF', 'FS', 'FT', 'AF') AND is_ms_shipped = 0"""
_WITH_LENGTH = frozenset({"char", "varchar", "binary", "varbinary"})
_WIDE = frozenset({"nchar", "nvarchar"})
_WITH_DIGITS = frozenset({"decimal", "numeric"})
_WITH_SCALE = frozenset({"datetime2", "datetimeoffset", "time"})
_EXTERNAL = "It is an external table: reading it reaches files or another server."

Rows = Callable[[str], list[Sequence[Any]]]
"""Runs a statement and gives its rows."""


def read_catalog(rows: Rows, sizes: Rows, server: Server) -> Catalog:
    """All tables and views that the user may see, with columns, keys and the server's own numbers of rows.

    ``sizes`` may be refused, and then no sizes are known; ``rows`` may not. A pool of Synapse enforces no key, and
    anywhere a key may be disabled or not be trusted: they say how tables are meant to be joined, and prove nothing
    (matching is off on this dialect, `scheduler/speql_scheduler/matching/proved.py`).
    """
    columns: dict[int, list[Column]] = defaultdict(list)
    numbered: dict[tuple[int, int], str] = {}
    for table, number, name, type_, system, length, precision, scale, nullable, collation in rows(COLUMNS):
        other = collation if collation != server.collation else None
        columns[table].append(Column(str(name), _type(type_, system, length, precision, scale, other), bool(nullable)))
        numbered[table, number] = str(name)
    functions = frozenset(str(name) for (name,) in rows(FUNCTIONS))
    listed = rows(TABLES)
    names = {number: f"{schema}.{name}" for number, schema, name, *_ in listed}
    keys: dict[int, dict[int, tuple[str, list[str]]]] = defaultdict(dict)
    if not server.is_serverless_pool:
        for table, key, kind, column in rows(KEYS):
            keys[table].setdefault(key, (str(kind).strip(), []))[1].append(numbered.get((table, column), ""))
    foreign: dict[int, dict[int, tuple[int, list[str], list[str]]]] = defaultdict(dict)
    if not server.is_synapse:
        for table, key, column, target, there in rows(FOREIGN_KEYS):
            found = foreign[table].setdefault(key, (target, [], []))
            found[1].append(numbered.get((table, column), ""))
            found[2].append(numbered.get((target, there), ""))
    if server.is_serverless_pool:
        counted: dict[int, tuple[int, int]] = {}  # its tables are files
    else:
        asked = POOL_SIZES if server.is_dedicated_pool else SIZES
        counted = {table: (int(count or 0), int(size or 0)) for table, count, size in sizes(asked)}
    views = {
        (str(schema), str(name)): [str(text or "")]
        for _, schema, name, kind, text, _ in listed
        if str(kind).strip() == "V"
    }
    unsafe = unsafe_views(views, functions, DIALECT)
    tables = []
    for number, schema, name, kind, _, external in listed:
        is_view = str(kind).strip() == "V"
        of_kind = {
            which: [tuple(cols) for type_, cols in keys[number].values() if type_ == which] for which in ("PK", "UQ")
        }
        rows_and_bytes = counted.get(number, (None, None)) if not is_view and not external else (None, None)
        tables.append(
            Table(
                str(name),
                tuple(columns[number]),
                schema=str(schema),
                database=server.database,
                kind="view" if is_view else "table",
                primary_key=next(iter(of_kind["PK"]), ()),
                unique_keys=tuple(of_kind["UQ"]),
                foreign_keys=tuple(
                    ForeignKey(tuple(own), names[target], tuple(there))
                    for target, own, there in foreign[number].values()
                    if target in names and all(own) and all(there)
                ),
                row_count=rows_and_bytes[0],
                bytes=rows_and_bytes[1],
                unsafe=_EXTERNAL if external else unsafe.get((str(schema), str(name)), ""),
            )
        )
    return Catalog(
        tuple(tables),
        dialect=DIALECT,
        path=tuple(dict.fromkeys(((server.database, server.schema), (server.database, "dbo")))),
        version=_version(tables, functions, server),
        user_functions=functions,
        loaded_at=time.time(),
    )


def _type(name: str | None, system: str | None, length: int, precision: int, scale: int, collation: str | None) -> str:
    """A type as it is written; of a type that was given another name, the one that it is.

    >>> _type("nvarchar", "nvarchar", 40, 0, 0, "Latin1_General_CI_AS"), _type("decimal", "decimal", 5, 9, 2, None)
    ('nvarchar(20) COLLATE Latin1_General_CI_AS', 'decimal(9,2)')
    """
    base = str(system or name or "sql_variant")
    shown = base
    if base in _WITH_LENGTH or base in _WIDE:
        shown = f"{base}({'max' if length < 0 else length // 2 if base in _WIDE else length})"
    elif base in _WITH_DIGITS:
        shown = f"{base}({precision},{scale})"
    elif base in _WITH_SCALE:
        shown = f"{base}({scale})"
    return f"{shown} COLLATE {collation}" if collation else shown


def _version(tables: Sequence[Table], functions: frozenset[str], server: Server) -> str:
    """Another one when something but the rows has changed."""
    shapes = [(one.schema, one.name, one.columns, one.keys, one.foreign_keys, one.unsafe) for one in tables]
    told = (shapes, sorted(functions), server.database, server.schema, server.collation)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]
