"""The tables of a Spark catalog, in one question for each of its schemas."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from speql_engines.catalog_version import catalog_version
from speql_engines.spark.driver import PySparkException
from speql_engines.spark.names import full_name
from speql_engines.spark.table_text import TableText, table_text
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, Table

MOST_SCHEMAS = 500
"""Of a catalog with more schemas only so many are read, and the catalog is ``partial``."""

_FILES = frozenset(
    {"parquet", "orc", "csv", "json", "text", "avro", "xml", "delta", "iceberg", "hudi", "hive", "binaryfile", ""}
)

Rows = Callable[[str], list[dict[str, Any]]]
"""Runs a statement that asks about the catalog and gives its rows, by the names of their columns."""


def read_catalog(rows: Rows, place: tuple[str, str], dialect: str) -> Catalog:
    """All tables and views of the session's catalog; ``place`` are the names of that and of the session's schema.

    SHOW TABLE EXTENDED tells all of a schema at once, of the metastore alone: no file is listed and no query is run.
    A catalog of n schemas takes n + 2 questions, however many tables it has. Where Spark refuses it (a table whose
    metadata is broken), the names of the schema's tables are all that is known, and the catalog is ``partial``. Tables
    of files have no keys in Spark.
    """
    catalog, schema = place
    schemas = [str(row["namespace"]) for row in rows(f"SHOW NAMESPACES IN {full_name(catalog)}")]
    tables: list[Table] = []
    views: dict[tuple[str, str], list[str]] = {}
    partial = len(schemas) > MOST_SCHEMAS
    for name in sorted(schemas, key=lambda one: one != schema)[:MOST_SCHEMAS]:
        found = _told(rows, catalog, name)
        if found is None:
            partial = True
            tables += _listed(rows, catalog, name)
            continue
        for table, told in found:
            tables.append(table)
            if table.kind == "view":
                views[name, table.name] = [told.view_text]
    functions = frozenset(
        str(next(iter(row.values()))).rpartition(".")[2].lower() for row in rows("SHOW USER FUNCTIONS")
    )
    unsafe = unsafe_views(views, functions, dialect)
    checked = tuple(
        table.updated(table.row_count, table.unsafe or unsafe.get((table.schema, table.name), "")) for table in tables
    )
    return Catalog(
        checked,
        dialect=dialect,
        path=((catalog, schema),),
        version=catalog_version(checked, functions, schema, partial),
        user_functions=functions,
        loaded_at=time.time(),
        partial=partial,
    )


def why_not_files(provider: str) -> str:
    """Why a table of ``provider`` is not read ahead; empty if it is files."""
    if provider.lower().rpartition(".")[2] in _FILES:
        return ""
    return f"its rows come from {provider}, which may be another system"


def _told(rows: Rows, catalog: str, schema: str) -> list[tuple[Table, TableText]] | None:
    try:
        found = rows(f"SHOW TABLE EXTENDED IN {full_name(catalog, *schema.split('.'))} LIKE '*'")
    except PySparkException:
        return None
    return [
        (_table(str(row["tableName"]), told, catalog, schema, rows), told)
        for row in found
        if not row["isTemporary"]
        for told in [table_text(str(row["information"]))]
    ]


def _table(name: str, told: TableText, catalog: str, schema: str, rows: Rows) -> Table:
    columns = told.columns
    if columns is None:  # a name with a line feed in it, or another thing that the text does not tell
        columns = _described(rows(f"DESCRIBE TABLE {full_name(catalog, *schema.split('.'), name)}"))
    return Table(
        name,
        columns,
        schema=schema,
        database=catalog,
        kind="view" if told.is_view else "table",
        row_count=told.rows,
        bytes=told.bytes,
        unsafe="" if told.is_view else why_not_files(told.provider),
    )


def _described(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    found = []
    for row in rows:
        if not row["col_name"] or str(row["col_name"]).startswith("# "):
            break
        found.append(Column(str(row["col_name"]), str(row["data_type"])))
    return tuple(found)


def _listed(rows: Rows, catalog: str, schema: str) -> list[Table]:
    try:
        found = rows(f"SHOW TABLES IN {full_name(catalog, *schema.split('.'))}")
    except PySparkException:
        return []
    return [
        Table(str(row["tableName"]), (), schema=schema, database=catalog, listed_only=True)
        for row in found
        if not row["isTemporary"]
    ]
