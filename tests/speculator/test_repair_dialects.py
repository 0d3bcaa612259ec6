"""The same suite in each dialect: whole queries stay, prefixes parse, and read the same when written again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlglot
from sqlglot.errors import SqlglotError

from speql_speculator.repair import repair
from speql_speculator.tokens import tokenize

DIALECTS = ["duckdb", "postgres", "redshift", "snowflake", "bigquery", "tsql", "spark"]
SCHEMAS = ["flights", "shop", "demo", "tpcds"]

EDITED = {("bigquery", "left_joins")}
"""Whole queries that get an edit: BigQuery groups by an output column's name where DuckDB groups by the table's."""


def texts(dialect: str, queries: dict[str, list[tuple[str, str]]]) -> Iterator[tuple[str, str, str]]:
    for schema in SCHEMAS:
        for title, text in queries[schema]:
            yield schema, title, sqlglot.transpile(text, read="duckdb", write=dialect, pretty=True)[0]


def reads_the_same(sql: str, dialect: str) -> bool:
    """Whether sqlglot parses a text in a dialect, and what it writes is what it reads from that again."""
    try:
        written = sqlglot.parse_one(sql, read=dialect).sql(dialect)
        return sqlglot.parse_one(written, read=dialect).sql(dialect) == written
    except SqlglotError:
        return False


@pytest.mark.parametrize("dialect", DIALECTS)
def test_prefixes_parse_in_the_dialect(
    dialect: str, schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]]
) -> None:
    tried = empty = 0
    broken: list[str] = []
    for schema, title, text in texts(dialect, queries):
        catalog = replace(schemas[schema].catalog, dialect=dialect)
        tokens = tokenize(text, dialect)
        named = next(token.end for token in tokens if token.upper == "FROM") + 20
        for token in tokens[::3]:
            result = repair(text[: token.end], catalog, token.end)
            tried += token.end > named
            empty += token.end > named and result.sql is None
            if result.sql is not None and not reads_the_same(result.sql, dialect):
                broken.append(f"{title}: {text[: token.end][-60:]!r} -> {result.sql!r}")
    assert tried > 500
    assert not broken, "\n".join(broken)
    assert empty <= tried // 100


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_queries_of_a_dialect_stay(
    dialect: str, schemas: dict[str, Any], queries: dict[str, list[tuple[str, str]]]
) -> None:
    edited = set()
    for schema, title, text in texts(dialect, queries):
        result = repair(text, replace(schemas[schema].catalog, dialect=dialect), len(text))
        if result.edits or result.sql != text:
            edited.add((dialect, title))
    assert edited == {found for found in EDITED if found[0] == dialect}


@pytest.mark.parametrize(
    ("dialect", "typed", "expected"),
    [
        ("tsql", "SELECT TOP 5 * FROM flights WHERE or", "SELECT TOP 5 * FROM flights"),
        ("tsql", "SELECT TOP (5) PERCENT origin FROM flights AND", "SELECT TOP (5) PERCENT origin FROM flights"),
        ("tsql", "SELECT [dep_delay], [de", "SELECT [dep_delay] FROM flights"),
        ("bigquery", "SELECT `dep_delay`, `de", "SELECT `dep_delay` FROM flights"),
        (
            "spark",
            "SELECT origin FROM flights WHERE dep_delay > 5 AND",
            "SELECT origin FROM flights WHERE dep_delay > 5",
        ),
        ("postgres", "SELECT dep_delay::tex", "SELECT dep_delay FROM flights"),
        ("snowflake", "SELECT origin FROM flights QUALIFY row_number() OVER (PARTITION BY dest", None),
    ],
)
def test_dialect(dialect: str, typed: str, expected: str | None, schemas: dict[str, Any]) -> None:
    result = repair(typed, replace(schemas["flights"].catalog, dialect=dialect), len(typed))
    assert result.sql is not None
    assert reads_the_same(result.sql, dialect)
    if expected is not None:
        assert " ".join(result.sql.split()) == expected
