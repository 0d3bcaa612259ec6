"""The tables of a Snowflake database, in few questions however many there are, and without a warehouse."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from speql_engines.catalog_version import catalog_version
from speql_engines.snowflake.data_version import full_name
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table

DIALECT = "snowflake"
SHOW_LIMIT = 10_000
"""Snowflake cuts the answer of SHOW after so many rows, whatever there is."""

_EXTERNAL = "it is an external table, which may change at any time"
_COLUMNS = """
    SELECT table_schema AS "schema_name", table_name AS "table_name", column_name AS "column_name", data_type AS "type",
        numeric_precision AS "precision", numeric_scale AS "scale", character_maximum_length AS "length",
        CASE is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END AS "null?"
    FROM {database}.information_schema.columns WHERE table_schema <> 'INFORMATION_SCHEMA'
    ORDER BY table_schema, table_name, ordinal_position"""
_TABLES = """
    SELECT table_schema AS "schema_name", table_name AS "name", row_count AS "rows", bytes AS "bytes",
        CASE table_type WHEN 'EXTERNAL TABLE' THEN 'Y' ELSE 'N' END AS "is_external",
        CASE WHEN is_temporary = 'YES' THEN 'TEMPORARY' ELSE 'TABLE' END AS "kind"
    FROM {database}.information_schema.tables
    WHERE table_schema <> 'INFORMATION_SCHEMA' AND table_type NOT LIKE '%VIEW%'
    ORDER BY table_schema, table_name"""

Row = Mapping[str, Any]
Rows = Callable[[str], list[dict[str, Any]]]
"""Runs a statement and gives its rows, by the names of their columns."""


def read_catalog(rows: Rows, database: str, schema: str, may_query: bool) -> Catalog:
    """All tables and views of ``database`` that the role may see, with columns and keys.

    SHOW costs nothing and wakes no warehouse up, but its answers are cut (:data:`SHOW_LIMIT`); what is cut is asked of
    the information schema if the warehouse runs (``may_query``), and else the catalog is ``partial``. Of keys that are
    cut away nothing is known. Snowflake enforces no key: here they say how tables are meant to be joined, and prove
    nothing (matching is off on its dialect, `scheduler/speql_scheduler/matching/proved.py`).
    """
    name = full_name(database)
    tables, all_tables = _listed(rows, f"SHOW TABLES IN DATABASE {name}", _TABLES.format(database=name), may_query)
    columns, all_columns = _listed(rows, f"SHOW COLUMNS IN DATABASE {name}", _COLUMNS.format(database=name), may_query)
    views = [row for row in rows(f"SHOW VIEWS IN DATABASE {name}") if row["schema_name"] != "INFORMATION_SCHEMA"]
    primary, unique = rows("SHOW PRIMARY KEYS"), rows("SHOW UNIQUE KEYS")
    foreign = rows("SHOW IMPORTED KEYS")
    functions = rows(f"SHOW USER FUNCTIONS IN DATABASE {name}")
    found = _tables(tables, views, _columns_by_table(columns), database, primary, unique, foreign)
    names = frozenset(str(row["name"]).lower() for row in functions)
    texts = {(str(view["schema_name"]), str(view["name"])): [str(view.get("text") or "")] for view in views}
    unsafe = unsafe_views(texts, names, DIALECT)
    checked = [
        table.updated(table.row_count, table.unsafe or unsafe.get((table.schema, table.name), "")) for table in found
    ]
    partial = not (all_tables and all_columns and len(views) < SHOW_LIMIT and len(functions) < SHOW_LIMIT)
    return Catalog(
        tuple(checked),
        dialect=DIALECT,
        path=((database, schema),) if schema else (),
        version=catalog_version(checked, names, schema, partial),
        user_functions=names,
        loaded_at=time.time(),
        partial=partial,
    )


def _listed(rows: Rows, show: str, query: str, may_query: bool) -> tuple[list[dict[str, Any]], bool]:
    """The rows, and whether these are all there are."""
    found = rows(show)
    if len(found) < SHOW_LIMIT:
        return found, True
    return (rows(query), True) if may_query else (found, False)


def _tables(
    tables: Sequence[Row],
    views: Sequence[Row],
    columns: Mapping[tuple[str, str], list[Column]],
    database: str,
    primary: Sequence[Row],
    unique: Sequence[Row],
    foreign: Sequence[Row],
) -> list[Table]:
    primary_keys = _keys(primary, "schema_name", "table_name", "column_name", "constraint_name")
    unique_keys = _keys(unique, "schema_name", "table_name", "column_name", "constraint_name")
    references = _references(foreign)
    found = []
    for row, kind in [*((row, "table") for row in tables), *((row, "view") for row in views)]:
        place = (str(row["schema_name"]), str(row["name"]))
        if place not in columns or row.get("kind") == "TEMPORARY":
            continue  # a column that nobody may see, or a temp table of our own
        found.append(
            Table(
                place[1],
                tuple(columns[place]),
                schema=place[0],
                database=database,
                kind="view" if kind == "view" else "table",
                primary_key=next(iter(primary_keys.get(place, ())), ()),
                unique_keys=tuple(unique_keys.get(place, ())),
                foreign_keys=tuple(references.get(place, ())),
                row_count=_number(row.get("rows")) if kind == "table" else None,
                bytes=_number(row.get("bytes")) if kind == "table" else None,
                unsafe=_EXTERNAL if row.get("is_external") == "Y" else "",
            )
        )
    return found


def _columns_by_table(rows: Sequence[Row]) -> dict[tuple[str, str], list[Column]]:
    columns: dict[tuple[str, str], list[Column]] = defaultdict(list)
    for row in rows:
        if row["schema_name"] != "INFORMATION_SCHEMA":
            column = Column(str(row["column_name"]), _type(row), nullable=str(row["null?"]).lower() == "true")
            columns[str(row["schema_name"]), str(row["table_name"])].append(column)
    return columns


def _type(row: Row) -> str:
    """The type, of SHOW's JSON or of the information schema's columns.

    >>> _type({"data_type": '{"type":"FIXED","precision":9,"scale":2}'}), _type({"type": "TEXT", "length": 20})
    ('NUMBER(9,2)', 'VARCHAR(20)')
    """
    told = json.loads(row["data_type"]) if "data_type" in row else row
    kind = str(told["type"]).upper()
    if kind in ("FIXED", "NUMBER"):
        return f"NUMBER({told.get('precision') or 38},{told.get('scale') or 0})"
    if kind == "TEXT":
        length = told.get("length")
        return f"VARCHAR({length})" if length else "VARCHAR"
    if kind == "TIME" or kind.startswith("TIMESTAMP"):
        scale = told.get("scale")
        return kind if scale is None else f"{kind}({scale})"
    return "FLOAT" if kind == "REAL" else kind


def _keys(
    rows: Sequence[Row], schema: str, table: str, column: str, name: str
) -> dict[tuple[str, str], list[tuple[str, ...]]]:
    """The columns of each key of each table."""
    found: dict[tuple[str, str], dict[str, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        at = (str(row[schema]), str(row[table]))
        found[at][str(row[name])].append((int(row["key_sequence"]), str(row[column])))
    return {at: [tuple(one for _, one in sorted(key)) for key in keys.values()] for at, keys in found.items()}


def _references(rows: Sequence[Row]) -> dict[tuple[str, str], list[ForeignKey]]:
    here = _keys(rows, "fk_schema_name", "fk_table_name", "fk_column_name", "fk_name")
    there = _keys(rows, "fk_schema_name", "fk_table_name", "pk_column_name", "fk_name")
    targets: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        at = (str(row["fk_schema_name"]), str(row["fk_table_name"]))
        targets[at][str(row["fk_name"])] = f"{row['pk_schema_name']}.{row['pk_table_name']}"
    return {
        at: [
            ForeignKey(columns, target, others)
            for columns, others, target in zip(keys, there[at], targets[at].values(), strict=True)
            if target != "."
        ]
        for at, keys in here.items()
    }


def _number(value: object) -> int | None:
    return int(str(value)) if value is not None and str(value).isdecimal() else None
