"""Forms that are DuckDB's own: accepted as they are, and mended or refused wherever they are cut."""

from pathlib import Path
from typing import Any

import duckdb

from speql_server.cli.bench_repair.lost_words import lost_words
from speql_speculator.parsing.keywords import COLLATIONS, DUCKDB_VIEWS
from speql_speculator.repair import repair
from speql_speculator.tokens import tokenize

FIXTURES = Path(__file__).parent.parent / "fixtures" / "repair"

NOT_BOUND = {
    # A field and a method look alike until the parenthesis of the method is there.
    "SELECT (SELECT a FROM t LIMIT 1).abs",
    "SELECT extract(year FROM d), date_part('month', d), date_trunc('day', d), year(d), d.year",
    # One name for two values at once.
    "FROM (UNPIVOT sales ON (jan, feb) AS q1, (mar, feb) AS q2 INTO NAME q VALUE x",
}
"""Cuts whose repair DuckDB refuses."""


def accepted() -> list[str]:
    """The queries of the file."""
    lines = (FIXTURES / "accepted_friendly.sql").read_text(encoding="utf-8").splitlines()
    return [line.removesuffix(";") for line in lines if not line.startswith("--")]


def test_what_the_engine_accepts_stays_as_it_is(schemas: dict[str, Any]) -> None:
    schema = schemas["friendly"]
    texts = accepted()
    assert len(texts) > 240
    for text in texts:
        assert schema.binding_error(text) is None, text
        for cursor in (None, len(text), len(text) + 1):
            result = repair(text, schema.catalog, cursor)
            assert (result.sql, result.edits, result.problems) == (text, (), ()), text


def test_cuts_bind_or_are_refused(schemas: dict[str, Any]) -> None:
    schema = schemas["friendly"]
    tried = {text[: token.end] for text in accepted() for token in tokenize(text, "duckdb")}
    bound, not_bound, lost = 0, set(), []
    for text in sorted(tried):
        result = repair(text, schema.catalog, len(text))
        if result.sql is None:
            assert result.problems, text
            continue
        lost += [text] if lost_words(result, len(text)).silently else []
        if schema.binding_error(result.sql) is None:
            bound += 1
        else:
            not_bound.add(text)
    assert not_bound == NOT_BOUND
    assert not lost
    assert bound > len(tried) * 0.6


def test_names_that_every_duckdb_has_are_known() -> None:
    connection = duckdb.connect()
    collations = {name.upper() for (name,) in connection.execute("FROM pragma_collations()").fetchall()}
    assert collations == COLLATIONS
    views = connection.execute(
        "SELECT DISTINCT upper(view_name) FROM duckdb_views() WHERE internal AND (schema_name = 'information_schema' "
        "OR view_name SIMILAR TO '(duckdb|pragma|sqlite)_.*')"
    ).fetchall()
    assert {name for (name,) in views} == DUCKDB_VIEWS
