"""Completion at every place: it never raises, what it replaces is in the text, and columns are those that bind."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.completing.completion import completions
from speql_speculator.tokens import tokenize
from speql_sql import Catalog

from ..conftest import FIXTURES, Schema, read_queries
from .test_completion_cases import CATALOG, FUNCTIONS

NAMES = ("flights", "shop", "demo", "tpcds")
QUERIES = [(name, text) for name in NAMES for _, text in read_queries(FIXTURES / f"queries_{name}.sql")]

BROKEN = [
    "WITH x AS (SELECT a.*, ')' FROM flights a JOIN (SELECT ) ; é😀 SELECT f. FROM ((x f, WHERE ( /* \n 'o\n BY",
    "SELECT f.carrier, (SELECT max( FROM flights f JOIN airlines a ON f. = a.carrier WHERE 'x IN (SELECT \"or FROM",
    "INSERT INTO flights (carrier, SELECT * FROM (SELECT carrier FROM airlines) x, y. WHERE CASE WHEN x. THEN",
    "UPDATE flights SET carrier = '', dep_delay = (SELECT FROM airlines WHERE ); DELETE FROM fl",
    "select * exclude (carrier, from flights where dep_delay::int between and [1, {a: ",
]


def check(text: str, offset: int, catalog: Catalog) -> None:
    found = completions(text, offset, catalog, FUNCTIONS, values={})
    assert 0 <= found.span.start <= offset <= found.insert_end <= len(text) or not found.proposals
    assert found.insert_end <= found.span.end <= len(text)
    known = {column.name.lower() for table in catalog.tables for column in table.columns}
    known |= {token.name.lower() for token in tokenize(text) if token.kind in ("word", "quoted", "string")}
    for one in found.proposals:
        if one.kind == "column":
            assert one.label.rpartition(".")[2].lower() in known
        assert one.text
        assert one.label
    assert len(found.proposals) <= 200


def test_every_place_of_broken_texts_is_answered() -> None:
    for text in BROKEN:
        for end in range(0, len(text) + 1, 3):
            for offset in {0, end // 2, end}:
                check(text[:end], offset, CATALOG)
        for offset in range(len(text) + 1):
            check(text, offset, CATALOG)


@settings(max_examples=150, deadline=None)
@given(query=st.sampled_from(QUERIES), where=st.floats(0, 1), gap=st.floats(0, 1), length=st.integers(0, 25))
def test_every_place_of_queries_with_a_gap_is_answered(
    schemas: dict[str, Schema], query: tuple[str, str], where: float, gap: float, length: int
) -> None:
    name, text = query
    start = int(gap * len(text))
    broken = text[:start] + text[start + length :]
    check(broken, int(where * len(broken)), schemas[name].catalog)


NOT_IN_SCOPE = re.compile(
    r"not found in FROM clause|not found!|does not have a column|Ambiguous reference|no table named"
)


@settings(max_examples=60, deadline=None)
@given(query=st.sampled_from(QUERIES), where=st.floats(0, 0.999))
def test_the_columns_that_are_proposed_bind(schemas: dict[str, Schema], query: tuple[str, str], where: float) -> None:
    """Put in the place of a column of a query, each of them is one that the engine finds, and finds once."""
    name, text = query
    opened = schemas[name]
    tokens = tokenize(text)
    columns = {column.name.lower() for table in opened.catalog.tables for column in table.columns}
    words = [
        (token, index)
        for index, token in enumerate(tokens)
        if token.kind == "word" and token.name.lower() in columns and (index == 0 or tokens[index - 1].upper != "AS")
    ]
    if not words:
        return
    token, index = words[int(where * len(words))]
    gap = text[: token.start] + text[token.end :]
    found = completions(gap, token.start, opened.catalog, FUNCTIONS)
    proposed = [one for one in found.proposals if one.kind == "column"]
    for one in proposed[:: max(1, len(proposed) // 8)]:
        written = found.span.of(gap)
        assert written == ""
        filled = gap[: found.span.start] + one.text + gap[found.span.end :]
        error = opened.binding_error(filled) or ""
        mine = one.label.rpartition(".")[2]
        assert not (NOT_IN_SCOPE.search(error) and f'"{mine.lower()}"' in error.lower()), (error, filled, index)
