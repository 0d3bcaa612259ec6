"""Every rewriting at every place of whole queries, real and random ones: what is offered must keep the result."""

import random
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.edits import apply_edits
from speql_speculator.navigating.semantic_model import semantic_model
from speql_speculator.parsing.syntax_tree import Nested, Source, walk
from speql_speculator.rewriting.code_actions import code_actions
from speql_speculator.rewriting.places_in_tree import span_of
from speql_sql import Catalog, Span

from ..conftest import FIXTURES, read_cases
from ..filled_schemas import NAMES, filled_schemas, queries_of
from .database import ALL_KINDS, connect, same_result
from .random_queries import random_query

SHAPES = FIXTURES.parent / "rewriting" / "shapes.sql"
BROKEN = [case.typed for case in read_cases(FIXTURES / "cases_flights.txt")]
REFACTORINGS = tuple(kind for kind in ALL_KINDS if kind != "quickfix")


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[duckdb.DuckDBPyConnection, Catalog]]:
    connection, catalog = connect()
    yield connection, catalog
    connection.close()


def _places(text: str, catalog: Catalog, share: float) -> Iterator[Span]:
    """Tokens, and the queries in parentheses as selections."""
    model = semantic_model(text, catalog)
    seed = random.Random(len(text))
    for token in model.tokens:
        if token.text == "*" or (token.kind in ("word", "quoted") and seed.random() < share):
            yield Span(token.start, token.start)
    for node in walk(model.tree) if model.tree is not None else ():
        if isinstance(node, (Nested, Source)) and node.query is not None:
            yield span_of(model, node.query)


def _rewritten(text: str, catalog: Catalog, share: float) -> dict[str, str]:
    """The texts that rewritings make, each with the title of one that makes it."""
    found: dict[str, str] = {}
    for place in _places(text, catalog, share):
        for action in code_actions(text, place, catalog, REFACTORINGS):
            found.setdefault(apply_edits(text, action.edits), action.title)
    return found


@pytest.mark.parametrize("schema", NAMES)
def test_rewritings_of_real_queries(schema: str) -> None:
    made = 0
    with filled_schemas() as opened:
        connection, catalog = opened[schema]
        for title, text in queries_of(schema):
            for after, action in _rewritten(text, catalog, 0.5).items():
                assert same_result(connection, text, after) is None, (title, action, after)
                made += 1
    assert made


def test_rewritings_of_many_shapes(database: tuple[duckdb.DuckDBPyConnection, Catalog]) -> None:
    """One query a line, each with something that names could be lost in; all of them run."""
    connection, catalog = database
    made: set[str] = set()
    for text in SHAPES.read_text().splitlines():
        connection.execute(text)
        for after, action in _rewritten(text, catalog, 1.0).items():
            difference = same_result(connection, text, after)
            assert difference is None, f"{action}\n{text}\n{after}\n{difference}"
            made.add(action.split()[0])
    assert made == {"Qualify", "Expand", "Extract", "Inline"}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_rewritings_of_random_queries(database: tuple[duckdb.DuckDBPyConnection, Catalog], seed: int) -> None:
    connection, catalog = database
    text = random_query(random.Random(seed))
    for after, action in _rewritten(text, catalog, 0.3).items():
        difference = same_result(connection, text, after)
        assert difference is None, f"{action}\n{text}\n{after}\n{difference}"


def test_random_queries_are_worth_something(database: tuple[duckdb.DuckDBPyConnection, Catalog]) -> None:
    connection, catalog = database
    runs = rewritten = 0
    titles: set[str] = set()
    for seed in range(24):
        text = random_query(random.Random(seed))
        try:
            connection.execute(text)
        except duckdb.Error:
            continue
        runs += 1
        found = _rewritten(text, catalog, 0.2)
        rewritten += bool(found)
        titles.update(title.split()[0] for title in found.values())
    assert runs > 12
    assert rewritten > runs / 2
    assert titles == {"Qualify", "Expand", "Extract", "Inline"}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_text_is_answered(database: tuple[duckdb.DuckDBPyConnection, Catalog], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(BROKEN))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for action in code_actions(text, Span(start, end), database[1], ALL_KINDS):
        assert all(0 <= edit.span.start <= edit.span.end <= len(text) for edit in action.edits)
        assert apply_edits(text, action.edits) != text
