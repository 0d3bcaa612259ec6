"""The tables that a PostgreSQL session sees, in few round trips however many there are."""

import json
import time
from collections import defaultdict

import psycopg

from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table
from speql_sql.guard_operators import DOMAIN

# Of partitions only the table that they are parts of: that is what queries name.
_TABLES = """
    SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.reltuples, c.relrowsecurity,
        CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) END,
        CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp_'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname, c.relname"""
_COLUMNS = """
    SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN o.oid IS NULL THEN ''
        ELSE ' COLLATE ' || quote_ident(o.collname) END, a.attnotnull
    FROM pg_attribute a LEFT JOIN pg_collation o ON o.oid = a.attcollation AND NOT o.collisdeterministic
        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp_'
    ORDER BY a.attrelid, a.attnum"""
# Under a collation that is not deterministic, equal texts need not be the same: the type tells.
# A key that is only checked at the end of a transaction, or not valid yet, proves nothing.
_KEYS = """
    SELECT k.conrelid, k.contype::text,
        (SELECT json_agg(a.attname ORDER BY u.n)::text FROM unnest(k.conkey) WITH ORDINALITY u(c, n)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c),
        CASE WHEN k.confrelid <> 0 THEN
            (SELECT n.nspname || '.' || c.relname FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.confrelid) END,
        (SELECT json_agg(a.attname ORDER BY u.n)::text FROM unnest(k.confkey) WITH ORDINALITY u(c, n)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.c)
    FROM pg_constraint k WHERE k.contype IN ('p', 'u', 'f') AND k.convalidated AND NOT k.condeferrable
    ORDER BY k.conrelid, k.contype, k.oid"""
# Functions, and the operators and casts that call them, which no built-in name tells from PostgreSQL's own.
_FUNCTIONS = """
    SELECT DISTINCT lower(p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')"""
_OPERATORS = """
    SELECT o.oprname::text FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
        WHERE o.oid >= 16384 AND p.provolatile <> 'i'
    UNION SELECT 'cast' FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc
        WHERE c.oid >= 16384 AND p.provolatile <> 'i'"""
# What a value has to hold that becomes one of a domain's.
_DOMAIN_CHECKS = "SELECT 'SELECT ' || pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid <> 0 AND contype = 'c'"

# Which rows of the system catalogs there are, and which transaction wrote each: far less to read than the catalog.
# What is below 16384 came with the server; our own temp tables are left out.
_FINGERPRINT = """
    WITH mine AS (SELECT oid, xmin FROM pg_class WHERE oid >= 16384 AND relpersistence <> 't'),
    written AS (
        SELECT 1 AS part, oid::bigint AS item, 0 AS sub, xmin::text FROM mine
        UNION ALL SELECT 2, attrelid::bigint, attnum, xmin::text FROM pg_attribute
            WHERE attrelid >= 16384 AND attrelid IN (SELECT oid FROM mine)
        UNION ALL SELECT 3, oid::bigint, 0, xmin::text FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT 4, oid::bigint, 0, xmin::text FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT 5, oid::bigint, 0, xmin::text FROM pg_rewrite WHERE oid >= 16384
        UNION ALL SELECT 6, oid::bigint, 0, xmin::text FROM pg_operator WHERE oid >= 16384
        UNION ALL SELECT 7, oid::bigint, 0, xmin::text FROM pg_cast WHERE oid >= 16384
        UNION ALL SELECT 8, oid::bigint, 0, xmin::text FROM pg_namespace
            WHERE nspname !~ '^pg_(toast_)?temp_'
    )
    SELECT count(*)::text || '.' || coalesce(sum(hashtextextended(concat_ws(',', part, item, sub, xmin), 0)), 0)::text
        || '.' || md5(concat_ws(',', current_user, current_schemas(false)::text)) FROM written"""

DIALECT = "postgres"


def catalog_fingerprint(connection: psycopg.Connection) -> str:
    """A value that changes when the tables that the session sees have changed, and not when their rows have."""
    row = connection.execute(_FINGERPRINT).fetchone()
    assert row is not None, "an aggregate has a row"
    return str(row[0])


def read_catalog(connection: psycopg.Connection, version: str) -> Catalog:
    """All tables that the user may read, with columns, keys and the server's estimate of their rows."""
    path = connection.execute("SELECT current_database(), unnest(current_schemas(false))").fetchall()
    database = path[0][0] if path else connection.info.dbname
    columns: dict[str, list[Column]] = defaultdict(list)
    for table, name, type_, not_null in connection.execute(_COLUMNS).fetchall():
        columns[table].append(Column(name, type_, nullable=not_null != "t"))
    keys: dict[str, list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]] = defaultdict(list)
    for table, kind, names, target, there in connection.execute(_KEYS).fetchall():
        keys[table].append((kind, _names(names), target or "", _names(there)))
    operators = {f"operator {name}" for (name,) in connection.execute(_OPERATORS).fetchall()}
    functions = frozenset(name for (name,) in connection.execute(_FUNCTIONS).fetchall()) | operators
    checks = {("check", str(at)): row for at, row in enumerate(connection.execute(_DOMAIN_CHECKS).fetchall())}
    if unsafe_views(checks, functions, DIALECT):
        functions |= {DOMAIN}
    listed = connection.execute(_TABLES).fetchall()
    views = {(schema, name): [text] for _, schema, name, _, _, _, _, text in listed if text}
    unsafe = unsafe_views(views, functions, DIALECT)
    tables = []
    for oid, schema, name, kind, rows, secured, size, _ in listed:
        found = keys[oid]
        tables.append(
            Table(
                name,
                tuple(columns[oid]),
                schema=schema,
                database=database,
                kind="view" if kind == "v" else "table",
                primary_key=next((one[1] for one in found if one[0] == "p"), ()),
                unique_keys=tuple(one[1] for one in found if one[0] == "u"),
                foreign_keys=tuple(ForeignKey(one[1], one[2], one[3]) for one in found if one[0] == "f"),
                row_count=int(float(rows)) if kind in "rm" and float(rows) >= 0 else None,
                bytes=int(size) if size is not None else None,
                unsafe=_why_unsafe(kind, secured == "t") or unsafe.get((schema, name), ""),
            )
        )
    return Catalog(
        tuple(tables),
        dialect=DIALECT,
        path=tuple((database, schema) for _, schema in path),
        version=version,
        user_functions=functions,
        loaded_at=time.time(),
    )


def _why_unsafe(kind: str, secured: bool) -> str:
    """Why reading a table may not be speculated, or nothing."""
    if kind == "f":
        return "it is a foreign table, which may change at any time and be on another server"
    if secured:
        return "its row security may call any function"
    return ""


def _names(listed: str | None) -> tuple[str, ...]:
    return tuple(json.loads(listed)) if listed else ()
