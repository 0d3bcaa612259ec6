"""The schemas of the fixtures with rows that join, without their keys; and their queries."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from speql_sql import Catalog, Column

from .conftest import FIXTURES, open_schema, read_queries

NAMES = ("flights", "shop", "demo", "tpcds")


@contextmanager
def filled_schemas() -> Iterator[dict[str, tuple[duckdb.DuckDBPyConnection, Catalog]]]:
    opened = {}
    for name in NAMES:
        schema = open_schema(name)
        connection = duckdb.connect()
        for table in schema.catalog.tables:
            columns = ", ".join(
                f'{_value(column, place)} AS "{column.name}"' for place, column in enumerate(table.columns)
            )
            connection.execute(f'CREATE TABLE "{table.name}" AS SELECT {columns} FROM range(60) r(i)')
        schema.connection.close()
        opened[name] = connection, schema.catalog
    yield opened
    for connection, _ in opened.values():
        connection.close()


def _value(column: Column, place: int) -> str:
    """Values of a column: keys cover the same few numbers in all tables, so that joins find partners."""
    if column.type.endswith("[]"):
        return f"[{_value(Column(column.name, column.type[:-2]), place)}]"
    family = column.type.split("(")[0].upper()
    if "CHAR" in family or family == "TEXT":
        return f"(['AA', 'UA', 'M', 'S', 'TN'])[1 + (i * {place + 1}) % 5]::{column.type}"
    if family == "DATE":
        return "(DATE '2001-01-01' + (i % 40)::INTEGER)"
    if family.startswith("TIMESTAMP"):
        return f"(TIMESTAMP '2001-01-01 00:00:00' + to_hours((i * {place + 1}) % 48))::{column.type}"
    if family == "BOOLEAN":
        return f"(i % {place + 2} = 0)"
    return f"((i * {place % 3 + 1}) % 12)::{column.type}"


def queries_of(schema: str) -> list[tuple[str, str]]:
    """The queries of a schema; without LIMIT, which takes any of the rows that are ordered alike."""
    found = read_queries(FIXTURES / f"queries_{schema}.sql")
    return [(title, re.sub(r"\bLIMIT \d+\s*$", "", text)) for title, text in found]


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Names and types of a query's columns, and its rows in no order, since ties may come in any."""
    found: Any = connection.execute(sql)
    columns = [(str(column[0]), str(column[1])) for column in found.description]
    return columns, sorted(map(repr, found.fetchall()))
