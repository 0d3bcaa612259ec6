"""The tables of a catalog of Databricks' Unity Catalog, in a few questions however many there are."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from speql_engines.catalog_version import catalog_version
from speql_engines.spark.catalog import Rows, why_not_files
from speql_engines.spark.names import full_name
from speql_engines.unsafe_views import unsafe_views
from speql_sql import Catalog, Column, ForeignKey, Table

WITHOUT_INFORMATION = frozenset({"hive_metastore", "spark_catalog"})
"""Catalogs that have no information schema."""

_TABLES = "SELECT table_schema, table_name, table_type, data_source_format FROM {at}.tables WHERE {mine}"
_COLUMNS = (
    "SELECT table_schema, table_name, column_name, full_data_type, is_nullable FROM {at}.columns WHERE {mine} "
    "ORDER BY table_schema, table_name, ordinal_position"
)
_VIEWS = "SELECT table_schema, table_name, view_definition FROM {at}.views WHERE {mine}"
_KEYS = (
    "SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name, c.constraint_type "
    "FROM {at}.key_column_usage k JOIN {at}.table_constraints c "
    "ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name "
    "AND c.table_name = k.table_name ORDER BY k.ordinal_position"
)
_REFERENCES = (
    "SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name, u.table_schema AS target_schema, "
    "u.table_name AS target_name, u.column_name AS target_column "
    "FROM {at}.referential_constraints r "
    "JOIN {at}.key_column_usage k ON k.constraint_schema = r.constraint_schema "
    "AND k.constraint_name = r.constraint_name "
    "JOIN {at}.key_column_usage u ON u.constraint_schema = r.unique_constraint_schema "
    "AND u.constraint_name = r.unique_constraint_name AND u.ordinal_position = k.position_in_unique_constraint "
    "ORDER BY k.ordinal_position"
)
_ROUTINES = "SELECT routine_name FROM {at}.routines"
_MINE = "table_schema <> 'information_schema'"

Row = Mapping[str, Any]


def read_unity_catalog(rows: Rows, place: tuple[str, str], dialect: str) -> Catalog:
    """All tables and views of the session's catalog that the user may see; six questions to its information schema.

    Keys of Unity Catalog are not enforced: they say how tables are meant to be joined, and prove nothing (matching is
    off on this dialect, `scheduler/speql_scheduler/matching/proved.py`). Rows and bytes are not told.
    """
    catalog, schema = place
    at = f"{full_name(catalog)}.information_schema"

    def asked(question: str) -> list[dict[str, Any]]:
        return rows(question.format(at=at, mine=_MINE))

    columns: dict[tuple[str, str], list[Column]] = defaultdict(list)
    for row in asked(_COLUMNS):
        columns[_place(row)].append(
            Column(str(row["column_name"]), str(row["full_data_type"]), nullable=row["is_nullable"] != "NO")
        )
    keys = asked(_KEYS)
    primary = _keys([row for row in keys if row["constraint_type"] == "PRIMARY KEY"])
    unique = _keys([row for row in keys if row["constraint_type"] == "UNIQUE"])
    references = _references(asked(_REFERENCES))
    definitions = {_place(row): [str(row["view_definition"] or "")] for row in asked(_VIEWS)}
    functions = frozenset(str(row["routine_name"]).lower() for row in asked(_ROUTINES))
    unsafe = unsafe_views(definitions, functions, dialect)
    tables = [
        Table(
            name,
            tuple(columns[schema_name, name]),
            schema=schema_name,
            database=catalog,
            kind="view" if is_view else "table",
            primary_key=next(iter(primary.get((schema_name, name), ())), ()),
            unique_keys=tuple(unique.get((schema_name, name), ())),
            foreign_keys=tuple(references.get((schema_name, name), ())),
            unsafe=unsafe.get((schema_name, name), "")
            if is_view
            else _why_not(str(row["table_type"]), str(row["data_source_format"] or "")),
        )
        for row in asked(_TABLES)
        for schema_name, name in [_place(row)]
        for is_view in [(schema_name, name) in definitions and str(row["table_type"]).endswith("VIEW")]
        if (schema_name, name) in columns
    ]
    return Catalog(
        tuple(tables),
        dialect=dialect,
        path=((catalog, schema),),
        version=catalog_version(tables, functions, schema),
        user_functions=functions,
        loaded_at=time.time(),
    )


def _place(row: Row) -> tuple[str, str]:
    return str(row["table_schema"]), str(row["table_name"])


def _why_not(kind: str, source: str) -> str:
    return "it is a table of another system" if kind == "FOREIGN" else why_not_files(source)


def _keys(rows: Sequence[Row]) -> dict[tuple[str, str], list[tuple[str, ...]]]:
    """The columns of each key of each table, in their order."""
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[_place(row)][str(row["constraint_name"])].append(str(row["column_name"]))
    return {place: [tuple(names) for names in keys.values()] for place, keys in found.items()}


def _references(rows: Sequence[Row]) -> dict[tuple[str, str], list[ForeignKey]]:
    found: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[_place(row)][str(row["constraint_name"])].append(row)
    return {
        place: [
            ForeignKey(
                tuple(str(row["column_name"]) for row in pairs),
                f"{pairs[0]['target_schema']}.{pairs[0]['target_name']}",
                tuple(str(row["target_column"]) for row in pairs),
            )
            for pairs in keys.values()
        ]
        for place, keys in found.items()
    }
