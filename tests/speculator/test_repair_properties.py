"""Repair of anything: it never raises, and what it says holds together."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.edits import apply_edits
from speql_speculator.repair import Repair, _known_queries, _repair, repair
from speql_speculator.tokens import tokenize
from speql_sql import Catalog

WORDS = """SELECT FROM WHERE GROUP BY ORDER HAVING QUALIFY WINDOW LIMIT OFFSET UNION ALL EXCEPT WITH RECURSIVE
AS JOIN LEFT ON USING CROSS NATURAL AND OR NOT IN IS NULL LIKE BETWEEN CASE WHEN THEN ELSE END OVER
PARTITION ROWS PRECEDING FILTER EXISTS DISTINCT CAST EXTRACT INTERVAL DATE VALUES LATERAL UNNEST * (
) [ ] { } , . ; ' " $$ -- /* */ = <> + - :: -> || 1 2.5e 'a' f flights carrier dep_delay a airlines
name x count sum rank w nosuch é 😀"""
PIECES = st.sampled_from([*WORDS.split(), "\n"])
BROKEN = st.one_of(st.text(), st.lists(PIECES, max_size=40).map(" ".join))


def check(text: str, catalog: Catalog, cursor: int | None) -> Repair:
    """Repair, and what must hold of any result."""
    result = repair(text, catalog, cursor)
    assert result.typed == text
    if result.sql is None:
        assert result.problems
        assert result.query is None
    else:
        assert result.query is not None
        assert apply_edits(text, result.edits) == result.sql
        assert 0 < result.confidence <= 1
        assert (result.confidence == 1.0) == (not result.edits)
        position = 0
        for edit in result.edits:
            assert position <= edit.span.start <= edit.span.end <= len(text)
            position = edit.span.end
        assert result.cursor is None or 0 <= result.cursor <= len(result.sql)
    for problem in result.problems:
        assert problem.span is None or 0 <= problem.span.start <= problem.span.end <= len(text)
    return result


@settings(max_examples=300, deadline=None)
@given(BROKEN, st.integers(min_value=0, max_value=200) | st.none(), st.booleans())
def test_any_text(schemas: dict[str, Any], text: str, cursor: int | None, known: bool) -> None:
    check(text, schemas["flights"].catalog if known else Catalog(), cursor)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT sum(NULL (a, sum(CASE WHEN x THEN y ELSE NULL END) b, sum(z) c FROM t",
        "SELECT sum(CASE WHEN b ELSE NULL (c, CASE WHEN d THEN 1 END) FROM t",
    ],
)
def test_what_reads_nothing_ends_a_list(text: str) -> None:
    check(text, Catalog(), len(text))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_known_changes_nothing(
    schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]], data: Any
) -> None:
    """Texts that share most of their SELECTs, one after the other: each is repaired as if it were the first one."""
    schema = data.draw(st.sampled_from(["flights", "shop", "tpcds"]))
    catalog = schemas[schema].catalog
    nested = [text for _, text in queries[schema] if text.lower().count("select") > 1]
    text = data.draw(st.sampled_from(nested))
    for _ in range(4):
        first = data.draw(st.integers(0, len(text)))
        last = data.draw(st.integers(first, min(first + 30, len(text))))
        inserted = data.draw(st.one_of(st.just(""), PIECES, st.just("("), st.just(")")))
        edited, cursor = text[:first] + inserted + text[last:], first + len(inserted)
        for typed, place in ((text, None), (text[:last], None), (edited, cursor)):
            _repair.cache_clear()
            after_others = repair(typed, catalog, place)
            _repair.cache_clear()
            _known_queries.cache_clear()
            assert repair(typed, catalog, place) == after_others
            _repair.cache_clear()
            repair(text, catalog, None)  # makes the SELECTs of the whole text known again


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_edits_in_the_middle(schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]], data: Any) -> None:
    schema = data.draw(st.sampled_from(["flights", "shop"]))
    _, text = data.draw(st.sampled_from(queries[schema]))
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(first + 30, len(text))))
    inserted = data.draw(st.one_of(st.just(""), st.text(max_size=5), PIECES))
    check(text[:first] + inserted + text[last:], schemas[schema].catalog, first + len(inserted))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_deleting_a_word_keeps_the_others(
    schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]], data: Any
) -> None:
    """A word half deleted at the cursor: if the rest still makes a query, it binds far more often than not.

    Here: that it is repaired to something at all, or that a problem says why not.
    """
    schema = data.draw(st.sampled_from(["flights", "shop"]))
    _, text = data.draw(st.sampled_from(queries[schema]))
    token = data.draw(st.sampled_from(tokenize(text)))
    kept = data.draw(st.integers(0, len(token.text) - 1))
    cursor = token.start + kept
    check(text[:cursor] + text[token.end :], schemas[schema].catalog, cursor)


def test_edits_in_the_middle_bind(schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]]) -> None:
    """Every word of every query half typed, the rest complete: what share binds. The next version aims at 97 %."""
    tried = bound = 0
    failures = []
    for schema in ("flights", "shop"):
        for title, text in queries[schema]:
            for token in tokenize(text)[::2]:
                cursor = token.start + (len(token.text) + 1) // 2
                if cursor == token.end:
                    continue
                result = check(text[:cursor] + text[token.end :], schemas[schema].catalog, cursor)
                error = schemas[schema].binding_error(result.sql) if result.sql else "nothing to run"
                tried += 1
                bound += error is None
                if error:
                    failures.append(f"{title}: {text[max(cursor - 40, 0) : cursor]!r}: {error}")
    assert tried > 400
    assert bound >= 0.95 * tried, f"{bound} of {tried}:\n" + "\n".join(failures)
