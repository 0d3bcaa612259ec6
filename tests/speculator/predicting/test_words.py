"""Statements as words: what a token means, also in text that does not parse."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speql_speculator.predicting.words import read

SHAPES = [
    ("SELECT a.x AS y, z w FROM t a", "SELECT x <name> , z <name> FROM t <name>"),
    (
        "select sum(x) total from t where y in (1, 'a')",
        "SELECT sum( ( x ) <name> FROM t WHERE y IN ( <number> , <string> )",
    ),
    ("WITH c AS (SELECT 1) SELECT * FROM c", "WITH <name> AS ( SELECT <number> ) SELECT * FROM c"),
    ("SELECT cast(x AS date), DATE '2000-01-01' FROM t", "SELECT cast( ( x DATE ) , DATE <string> FROM t"),
    ("SELECT x FROM t ORDER BY x NULLS FIRST", "SELECT x FROM t ORDER BY x NULLS FIRST"),
    ('SELECT "First Name" FROM s."Odd T" o', "SELECT first name FROM odd t <name>"),
]


@pytest.mark.parametrize(("text", "expected"), SHAPES)
def test_shapes(text: str, expected: str) -> None:
    assert " ".join(word.shape for word in read(text).words) == expected


CLAUSES = [
    (
        "SELECT a FROM t WHERE b = (SELECT max(c) FROM u WHERE d",
        {"a": "select", "b": "where", "c": "select", "d": "where"},
    ),
    ("SELECT rank() OVER (PARTITION BY a ORDER BY b) FROM t GROUP BY c", {"a": "select", "c": "group"}),
    ("SELECT extract(year FROM a) FROM t WHERE b", {"a": "select", "b": "where"}),
    ("SELECT a FROM t JOIN u ON t.b = u.c WHERE d", {"b": "on", "c": "on", "d": "where"}),
]


@pytest.mark.parametrize(("text", "expected"), CLAUSES)
def test_each_column_knows_its_clause(text: str, expected: dict[str, str]) -> None:
    found = {word.name: word.clause for word in read(text).words if word.kind == "column"}
    assert {name: found[name] for name in expected} == expected


def test_each_select_has_its_number_and_set_operations_begin_another() -> None:
    words = read("WITH c AS (SELECT a FROM t) SELECT b FROM c UNION SELECT d FROM u").words
    assert {word.name: word.select for word in words if word.kind == "column"} == {"a": 0, "b": 1, "d": 2}


@given(st.text(alphabet=st.sampled_from("selct from wher(),.'\"-*/=\n1x_;$"), max_size=60))
def test_any_text_is_read_in_order_and_within_its_bounds(text: str) -> None:
    words = read(text).words
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert all(left.end <= right.start for left, right in itertools.pairwise(words))
