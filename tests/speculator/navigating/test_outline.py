"""Outline, folds and selections of texts, whole and broken."""

from itertools import pairwise

import pytest

from speql_speculator.navigating.folds import folds
from speql_speculator.navigating.outline import OutlineItem, outline
from speql_speculator.navigating.selections import selections
from speql_sql import Span

from .test_places import CATALOG

TEXT = """-- what is late,
-- and by how much
WITH late AS (
  SELECT carrier, CASE WHEN delay > 60 THEN 1
    ELSE 2 END AS degree
  FROM flights
), counted(carrier, n) AS (
  SELECT carrier, count(*) FROM late GROUP BY 1 UNION ALL SELECT 'none', 0
)
SELECT d.carrier, (SELECT max(n) FROM counted) FROM (
  SELECT carrier FROM late
) d JOIN airlines a ON a.carrier IN (SELECT carrier FROM counted) /* and
so on */ WHERE f(d.carrier || ('x' || "y z")) > 'abc';
UPDATE flights SET delay = 1;
SELECT 1"""

EXPECTED = """
statement WITH late AS ( SELECT carrier, CASE WHEN delay > 60 THEN 1…
  cte late: carrier, degree
  cte counted: carrier, n
    select SELECT FROM late: carrier, count(*)
    select SELECT: 'none', 0
  select SELECT FROM d, a: d.carrier, (SELECT max(n) FROM counted)
    select SELECT FROM counted: max(n)
    derived table d
    select SELECT FROM counted: carrier
statement UPDATE flights SET delay = 1
statement SELECT 1: 1
"""


def _written(items: tuple[OutlineItem, ...], indent: str = "") -> str:
    text = ""
    for item in items:
        text += f"{indent}{item.kind} {item.name}" + (f": {item.detail}" if item.detail else "") + "\n"
        text += _written(item.children, indent + "  ")
    return text


def test_the_outline_is_a_tree_of_statements_ctes_and_selects() -> None:
    assert _written(outline(TEXT, CATALOG)) == EXPECTED.lstrip()


def _check_nesting(items: tuple[OutlineItem, ...], around: Span) -> None:
    for item in items:
        assert around.start <= item.span.start <= item.name_span.start <= item.name_span.end <= item.span.end
        assert item.span.end <= around.end
        _check_nesting(item.children, item.span)


def test_every_beginning_of_a_text_has_an_outline_folds_and_selections() -> None:
    for end in range(len(TEXT) + 1):
        text = TEXT[:end]
        _check_nesting(outline(text, CATALOG), Span(0, end))
        for fold in folds(text, CATALOG):
            assert 0 <= fold.span.start < fold.span.end <= end
        found = selections(text, end, CATALOG)
        assert found[-1] == Span(0, end)
        for inner, outer in pairwise(found):
            assert outer.start <= inner.start <= inner.end <= outer.end
            assert inner != outer


def test_statements_queries_cases_and_comments_fold() -> None:
    found = {(fold.kind, fold.span.of(TEXT)[:12].split("\n")[0]) for fold in folds(TEXT, CATALOG)}
    assert ("comment", "-- what is l") in found
    assert ("comment", "/* and") in found
    assert ("code", "WITH late AS") in found
    assert ("code", "CASE WHEN de") in found
    assert len([fold for fold in folds(TEXT, CATALOG) if fold.span.of(TEXT)[0] == "("]) == 5


SELECTIONS = [
    ("SELECT f(a + (1 * 2|)) FROM t WHERE x", ["2", "1 * 2", "(1 * 2)", "a + (1 * 2)", "f(a + (1 * 2))"]),
    ("SELECT 1 WHERE a = 'b c|'", ["b c", "'b c'", "a = 'b c'", "WHERE a = 'b c'"]),
    ("SELECT 1; SELECT x.y| FROM x -- z", ["y", "x.y", "SELECT x.y FROM x"]),
    ("SELECT 1; -- z|", []),
    ("SELECT CASE WHEN a| THEN b END", ["a", "WHEN a THEN b", "CASE WHEN a THEN b END"]),
    ("SELECT (a + b|", ["b", "a + b"]),
]


@pytest.mark.parametrize(("marked", "expected"), SELECTIONS)
def test_a_selection_grows_along_the_syntax_tree(marked: str, expected: list[str]) -> None:
    offset = marked.index("|")
    text = marked.replace("|", "")
    found = [span.of(text) for span in selections(text, offset, CATALOG)]
    assert found[: len(expected)] == expected
    assert found[-1] == text
