"""The tables of a dataset by queries over its INFORMATION_SCHEMA: few round trips, each of which is billed."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from speql_engines.bigquery.catalog import EXTERNAL, LEGACY, FoundTables
from speql_engines.bigquery.location import Dataset
from speql_sql import Column, ForeignKey, Table

Rows = Callable[[str], list[dict[str, Any]]]
"""Runs a query and gives its rows, by the names of their columns."""

_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable
    FROM {dataset}.INFORMATION_SCHEMA.COLUMNS WHERE is_hidden = 'NO' ORDER BY table_name, ordinal_position"""
_TABLES = """
    SELECT table_id, row_count, size_bytes, type FROM {dataset}.__TABLES__ ORDER BY table_id"""
_VIEWS = """
    SELECT table_name, view_definition, use_standard_sql FROM {dataset}.INFORMATION_SCHEMA.VIEWS"""
_KEYS = """
    SELECT k.table_name, k.column_name, k.constraint_name, t.constraint_type, k.position_in_unique_constraint, u.target
    FROM {dataset}.INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS k
    JOIN {dataset}.INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS t USING (constraint_name)
    LEFT JOIN (
        SELECT constraint_name, ANY_VALUE(CONCAT(table_schema, '.', table_name)) AS target
        FROM {dataset}.INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE GROUP BY constraint_name
    ) AS u USING (constraint_name)
    ORDER BY k.constraint_name, k.ordinal_position"""
_VIEW_TYPE, _EXTERNAL_TYPE = 2, 3
"""What __TABLES__ calls views and external tables."""


def read_tables(rows: Rows, dataset: Dataset) -> FoundTables:
    """The tables and views of a dataset, in four queries however many there are.

    Each view of INFORMATION_SCHEMA that is read is billed as ten million bytes, six in all; ``__TABLES__`` is free.
    """
    name = f"`{dataset[0]}`.`{dataset[1]}`"
    columns: dict[str, list[Column]] = defaultdict(list)
    for row in rows(_COLUMNS.format(dataset=name)):
        columns[row["table_name"]].append(
            Column(row["column_name"], row["data_type"], nullable=row["is_nullable"] != "NO")
        )
    views = {row["table_name"]: row for row in rows(_VIEWS.format(dataset=name))}
    primary, foreign = _keys(rows(_KEYS.format(dataset=name)))
    found = FoundTables()
    for row in rows(_TABLES.format(dataset=name)):
        table = str(row["table_id"])
        view = views.get(table)
        unsafe = EXTERNAL if row["type"] == _EXTERNAL_TYPE else ""
        if view is not None and view["use_standard_sql"] != "YES":
            unsafe = LEGACY
        elif view is not None:
            found.views[(*dataset, table)] = [str(view["view_definition"] or "")]
        is_view = view is not None or row["type"] == _VIEW_TYPE
        found.tables.append(
            Table(
                table,
                tuple(columns.get(table, ())),
                schema=dataset[1],
                database=dataset[0],
                kind="view" if is_view else "table",
                primary_key=primary.get(table, ()),
                foreign_keys=tuple(foreign.get(table, ())),
                row_count=None if is_view else row["row_count"],
                bytes=None if is_view else row["size_bytes"],
                unsafe=unsafe,
            )
        )
    return found


def _keys(rows: list[dict[str, Any]]) -> tuple[dict[str, tuple[str, ...]], dict[str, list[ForeignKey]]]:
    """The primary key and the references of each table; a reference tells a place in the key that it is to."""
    primary: dict[str, tuple[str, ...]] = defaultdict(tuple)
    references: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["constraint_type"] == "PRIMARY KEY":
            primary[row["table_name"]] += (row["column_name"],)
        else:
            references[row["constraint_name"]].append(row)
    foreign: dict[str, list[ForeignKey]] = defaultdict(list)
    for parts in references.values():
        target = str(parts[0]["target"] or "")
        keys = primary.get(target.rpartition(".")[2], ())
        places = [int(part["position_in_unique_constraint"] or 0) for part in parts]
        if target and all(0 < place <= len(keys) for place in places):
            columns = tuple(str(part["column_name"]) for part in parts)
            foreign[parts[0]["table_name"]].append(
                ForeignKey(columns, target, tuple(keys[place - 1] for place in places))
            )
    return dict(primary), dict(foreign)
