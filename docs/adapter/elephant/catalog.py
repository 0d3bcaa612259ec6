"""The tables of the server, in two round trips however many there are."""

import json
import time
from collections import defaultdict

from elephant.session import Session
from speql_sql import Catalog, Column, ForeignKey, Table

# Whatever SpeQL is not to read ahead is `unsafe`: a view that calls what it likes, a table on another server. The
# template leaves out all but plain tables.
_COLUMNS = """
    SELECT current_database(), n.nspname, c.relname, c.reltuples, pg_table_size(c.oid), a.attname,
        format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND NOT c.relrowsecurity
        AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY n.nspname, c.relname, a.attnum"""
_KEYS = """
    SELECT n.nspname, c.relname, k.contype::text, k.conkey::text, m.nspname || '.' || d.relname,
        (SELECT json_agg(a.attname ORDER BY u.n)::text FROM unnest(k.conkey) WITH ORDINALITY u(c, n)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c),
        (SELECT json_agg(a.attname ORDER BY u.n)::text FROM unnest(k.confkey) WITH ORDINALITY u(c, n)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.c)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_class d ON d.oid = k.confrelid LEFT JOIN pg_namespace m ON m.oid = d.relnamespace
    WHERE k.contype IN ('p', 'f') AND k.convalidated AND NOT k.condeferrable"""


def read_catalog(session: Session) -> Catalog:
    """Tables with columns, keys and sizes. Its version is another one as soon as anything of it is."""
    columns: dict[tuple[str, ...], list[Column]] = defaultdict(list)
    for database, schema, table, rows, size, name, type_, not_null in session.rows(_COLUMNS):
        columns[database, schema, table, rows, size].append(Column(name, type_, nullable=not_null != "t"))
    primary: dict[tuple[str, str], tuple[str, ...]] = {}
    foreign: dict[tuple[str, str], list[ForeignKey]] = defaultdict(list)
    for schema, table, kind, _, target, names, there in session.rows(_KEYS):
        if kind == "p":
            primary[schema, table] = tuple(json.loads(names))
        else:
            foreign[schema, table].append(ForeignKey(tuple(json.loads(names)), target, tuple(json.loads(there))))
    tables = tuple(
        Table(
            name,
            tuple(found),
            schema=schema,
            database=database,
            primary_key=primary.get((schema, name), ()),
            foreign_keys=tuple(foreign[schema, name]),
            row_count=max(int(float(rows)), 0),
            bytes=int(size),
        )
        for (database, schema, name, rows, size), found in columns.items()
    )
    path = tuple((database, schema) for database, schema in session.rows("SELECT current_database(), current_schema()"))
    return Catalog(tables, dialect="postgres", path=path, version=str(hash(tables)), loaded_at=time.time())
