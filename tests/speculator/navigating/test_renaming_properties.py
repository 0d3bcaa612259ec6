"""Each name of each query of the fixtures is renamed, and the query is run before and after."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from speql_speculator.edits import apply_edits
from speql_speculator.navigating.renaming import rename
from speql_speculator.navigating.semantic_model import semantic_model
from speql_speculator.navigating.symbols import Occurrence
from speql_sql import Catalog

from ..filled_schemas import NAMES, filled_schemas, queries_of, rows_of

NEW_NAMES = ("renamed_one", "Filter", "ein Name")


@pytest.fixture(scope="module")
def filled() -> Iterator[dict[str, tuple[duckdb.DuckDBPyConnection, Catalog]]]:
    with filled_schemas() as opened:
        yield opened


def _one_place_of_each(text: str, catalog: Catalog) -> list[Occurrence]:
    """Each symbol at a place where the cursor would find it."""
    model = semantic_model(text, catalog)
    found = [occurrence for occurrence in model.occurrences if model.at(occurrence.span.start) is occurrence]
    return list({occurrence.symbol: occurrence for occurrence in found}.values())


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[str]]:
    """Types and rows of a query."""
    columns, rows = rows_of(connection, sql)
    return [kind for _, kind in columns], rows


@pytest.mark.parametrize("schema", NAMES)
def test_a_renamed_query_has_the_same_rows(schema: str, filled: dict[str, Any]) -> None:
    connection, catalog = filled[schema]
    renamed = refused = 0
    for title, text in queries_of(schema):
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
    for title, text in queries_of(schema):
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
