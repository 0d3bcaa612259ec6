"""Each name of each query of the fixtures is renamed, and the query is run before and after."""

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from speql_speculator.edits import apply_edits
from speql_speculator.navigating.renaming import rename
from speql_speculator.navigating.semantic_model import semantic_model
from speql_speculator.navigating.symbols import Occurrence
from speql_sql import Catalog, Column

from ..conftest import FIXTURES, open_schema, read_queries

NAMES = ("flights", "shop", "demo", "tpcds")
NEW_NAMES = ("renamed_one", "Filter", "ein Name")


@pytest.fixture(scope="module")
def filled() -> Iterator[dict[str, tuple[duckdb.DuckDBPyConnection, Catalog]]]:
    """The schemas of the fixtures with rows that join, and without their keys."""
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


def _queries(schema: str) -> list[tuple[str, str]]:
    """The queries of a schema; without LIMIT, which takes any of the rows that are ordered alike."""
    found = read_queries(FIXTURES / f"queries_{schema}.sql")
    return [(title, re.sub(r"\bLIMIT \d+\s*$", "", text)) for title, text in found]


def _one_place_of_each(text: str, catalog: Catalog) -> list[Occurrence]:
    """Each symbol at a place where the cursor would find it."""
    model = semantic_model(text, catalog)
    found = [occurrence for occurrence in model.occurrences if model.at(occurrence.span.start) is occurrence]
    return list({occurrence.symbol: occurrence for occurrence in found}.values())


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[str]]:
    """Types and rows of a query; the rows in no order, since ties may come in any."""
    found: Any = connection.execute(sql)
    return [str(column[1]) for column in found.description], sorted(map(repr, found.fetchall()))


@pytest.mark.parametrize("schema", NAMES)
def test_a_renamed_query_has_the_same_rows(schema: str, filled: dict[str, Any]) -> None:
    connection, catalog = filled[schema]
    renamed = refused = 0
    for title, text in _queries(schema):
        expected = _rows(connection, text)
        for occurrence in _one_place_of_each(text, catalog):
            new_name = NEW_NAMES[occurrence.span.start % len(NEW_NAMES)]
            edits = rename(text, occurrence.span.start, new_name, catalog)
            if isinstance(edits, str):
                assert occurrence.symbol.kind in ("table", "column") or "USING" in edits, (title, edits)
                refused += 1
                continue
            assert edits, title
            again = apply_edits(text, edits)
            assert _rows(connection, again) == expected, (title, occurrence.symbol.name, again)
            assert any(found.symbol.name == new_name for found in semantic_model(again, catalog).occurrences)
            renamed += 1
    assert renamed > 20
    assert refused > 20


@pytest.mark.parametrize("schema", NAMES)
def test_a_clash_is_refused_or_changes_nothing(schema: str, filled: dict[str, Any]) -> None:
    """Each symbol is renamed to the names of others, which must not change what anything means."""
    connection, catalog = filled[schema]
    taken = 0
    for title, text in _queries(schema):
        expected = _rows(connection, text)
        places = _one_place_of_each(text, catalog)
        names = list(dict.fromkeys(occurrence.symbol.name for occurrence in places))
        for number, occurrence in enumerate(places):
            if occurrence.symbol.kind in ("table", "column"):
                continue
            for step in (1, 2, 5):
                other = names[(number + step) % len(names)]
                edits = rename(text, occurrence.span.start, other, catalog)
                if isinstance(edits, str) or other == occurrence.symbol.name:
                    continue
                again = apply_edits(text, edits)
                assert _rows(connection, again) == expected, (title, occurrence.symbol.name, other, again)
                taken += 1
    assert taken
