"""Every prefix of whole queries, as it is typed: repaired, and bound by a real DuckDB."""

import re
from itertools import pairwise
from typing import Any

import pytest

from speql_speculator.repair import Repair, repair
from speql_speculator.tokens import tokenize

TOLD = {
    "left-out", "unknown-alias", "unknown-column", "unknown-table", "missing-from", "not-grouped", "cannot-parse",
    "unexpected-text", "aggregate-grouped", "column-count",
}  # fmt: skip
"""Codes of what is left out away from the cursor; each comes with a problem that tells the user."""

RENAMED = {"name-completed", "name-corrected", "word-completed", "alias-added"}


def lost(typed: str, result: Repair, cursor: int) -> list[str]:
    """Tokens that a repair takes away and may not: neither a fragment at the cursor, nor told as a problem."""
    removed = {
        place for edit in result.edits if edit.code not in RENAMED for place in range(edit.span.start, edit.span.end)
    }
    told = {place for edit in result.edits if edit.code in TOLD for place in range(edit.span.start, edit.span.end)}
    tokens = tokenize(typed)
    gone = [token for token in tokens if token.start in removed]
    kept_before_cursor = [token for token in tokens if token.start not in removed and token.end <= cursor]
    edge = kept_before_cursor[-1].end if kept_before_cursor else 0
    # What follows the last token that stays is the fragment at the cursor.
    outside = [token for token in gone if token.end <= edge]
    if outside and result.problems:
        outside = [token for token in outside if token.start not in told and not _beside(token, told, typed)]
    return [token.text for token in outside]


def _beside(token: Any, told: set[int], typed: str) -> bool:
    """A separator or clause word next to something that is told as left out."""
    around = range(max(token.start - 3, 0), min(token.end + 3, len(typed)))
    return any(place in told for place in around)


@pytest.mark.parametrize("schema", ["flights", "shop", "demo", "saas"])
def test_every_prefix_binds(
    schema: str, schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]], record_property: Any
) -> None:
    database = schemas[schema]
    names = {table.name.lower() for table in database.catalog.tables}
    failures: list[str] = []
    lost_words: list[str] = []
    crossed: list[str] = []
    tried = 0
    for title, text in queries[schema]:
        assert database.binding_error(text) is None, title
        wants_product = database.has_cross_product(text)
        for length in range(1, len(text) + 1):
            typed = text[:length]
            result = repair(typed, database.catalog, length)
            names_a_table = any(token.name.lower() in names for token in tokenize(typed))
            tried += names_a_table
            error = database.binding_error(result.sql) if result.sql is not None else "nothing to run"
            if error and (names_a_table or result.sql is not None):
                failures.append(f"{title}: {typed[-50:]!r} -> {result.sql!r}: {error}")
            if result.sql is None:
                assert result.problems, typed
                continue
            missing = lost(typed, result, length)
            if missing:
                lost_words.append(f"{title}: {typed[-50:]!r} lost {missing}: {result.sql!r}")
            if error is None and not wants_product and database.has_cross_product(result.sql):
                crossed.append(f"{title}: {typed[-50:]!r} -> {result.sql!r}")
    record_property("prefixes", tried)
    assert tried > 900
    report = f"{len(failures)} of {tried} do not bind:\n" + "\n".join(failures)
    assert len(failures) <= tried // 100, report
    assert not lost_words, "\n".join(lost_words)
    assert not crossed, "\n".join(crossed)


@pytest.mark.parametrize("schema", ["flights", "shop", "demo", "saas"])
def test_whole_queries_get_no_edits(
    schema: str, schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]]
) -> None:
    for title, text in queries[schema]:
        for cursor in (None, len(text), len(text) + 1, 0):
            result = repair(text, schemas[schema].catalog, cursor)
            assert (result.sql, result.edits, result.problems, result.confidence) == (text, (), (), 1.0), title


@pytest.mark.parametrize("schema", ["flights", "shop", "demo", "saas"])
def test_repairing_a_repaired_query_changes_nothing(
    schema: str, schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]]
) -> None:
    catalog = schemas[schema].catalog
    for title, text in queries[schema]:
        for length in range(1, len(text) + 1, 3):
            result = repair(text[:length], catalog, length)
            if result.sql is not None:
                again = repair(result.sql, catalog, result.cursor)
                assert again.edits == (), (title, text[:length][-60:], result.sql, again.sql)


STRIDE = 13
"""Every so many characters, besides every line and every token: a sample that takes seconds."""


def cuts(text: str) -> list[int]:
    """Where the typing of a text is looked at."""
    ends = {token.end for token in tokenize(text)} | {match.start() for match in re.finditer("\n", text)}
    return sorted(ends | set(range(1, len(text), STRIDE)) | {len(text)})


def test_prefixes_over_tpcds_bind(
    schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]], record_property: Any
) -> None:
    database = schemas["tpcds"]
    names = {table.name.lower() for table in database.catalog.tables}
    failures: list[str] = []
    lost_words: list[str] = []
    crossed: list[str] = []
    tried = 0
    for title, text in queries["tpcds"]:
        tokens = tokenize(text)
        # A column may be called like a table: what is behind FROM is one.
        first = next(
            token.end for before, token in pairwise(tokens) if before.upper == "FROM" and token.name.lower() in names
        )
        for length in cuts(text):
            typed = text[:length]
            result = repair(typed, database.catalog, length)
            tried += length >= first
            error = database.binding_error(result.sql) if result.sql is not None else "nothing to run"
            if error and (length >= first or result.sql is not None):
                failures.append(f"{title}: {typed[-50:]!r} -> {result.sql!r}: {error}")
            if result.sql is not None and (missing := lost(typed, result, length)):
                lost_words.append(f"{title}: {typed[-50:]!r} lost {missing}: {result.sql!r}")
            if result.sql is not None and error is None and database.has_cross_product(result.sql):
                crossed.append(f"{title}: {typed[-50:]!r} -> {result.sql!r}")
    record_property("prefixes", tried)
    assert tried > 500
    assert len(failures) <= tried // 200, f"{len(failures)} of {tried} do not bind:\n" + "\n".join(failures)
    assert not lost_words, "\n".join(lost_words)
    assert not crossed, "\n".join(crossed)
