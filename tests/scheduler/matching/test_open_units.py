"""Which SELECTs a cursor, written as |, leaves open."""

import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.open_units import open_units
from speql_scheduler.matching.units import units_of
from speql_sql import Span

WITH = "WITH x AS (SELECT a FROM t WHERE b = 1"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("SELECT a FROM t WHERE b = 1|", {"main"}),
        ("SELECT a FROM t WHERE b = 1 \n  |", {"main"}),
        ("SELECT a FROM t WHERE b = 1 -- why, and wh|", {"main"}),
        ("SELECT a FROM t WHERE b = 1 -- why\n  /* more */ |", {"main"}),
        ("SELECT a FROM t WHERE b = 1 ORDER BY |a", set()),
        ("SELECT a FROM t WHERE b = 1 ORDER BY a -- this|", set()),
        (f"{WITH}|) SELECT a FROM x", {"CTE x", "main"}),
        (f"{WITH} -- of x\n|) SELECT a FROM x", {"CTE x", "main"}),
        (f"{WITH}) SELECT a FROM x|", {"main"}),
        (f"{WITH}) -- x is done\n SELECT a| FROM x", {"main"}),
    ],
)
def test_what_is_open(text: str, paths: set[str]) -> None:
    cursor, sql = text.index("|"), text.replace("|", "")
    query = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    found = open_units(units_of(sql, query), sql, cursor, "duckdb")
    assert {path[-1] for path in found} == paths


def test_what_a_repair_puts_in_closes_nothing() -> None:
    sql = "SELECT a, count(*) FROM t WHERE b = 1 GROUP BY a -- a note"
    query = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    units = units_of(sql, query)
    inserted = Span(sql.index(" GROUP"), sql.index(" --"))
    assert open_units(units, sql, len(sql), "duckdb", [inserted]) == {("main",)}


def test_a_select_that_is_the_repairs_own_is_open() -> None:
    typed = "WITH x AS (SELECT a FROM t GROUP BY a)"
    sql = f"{typed} SELECT * FROM x"
    query = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    found = open_units(units_of(sql, query), sql, len(typed), "duckdb", [Span(len(typed), len(sql))])
    assert found == {("main",)}
