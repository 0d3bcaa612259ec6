"""Questions that differ in the number of a LIMIT."""

import pytest
from sqlglot import parse_one

from speql_scheduler.running.question import ask, asked_again

QUERIES = [
    "SELECT carrier, sum(delay) AS d FROM flights GROUP BY carrier ORDER BY d LIMIT 1",
    "SELECT a FROM small UNION ALL SELECT b FROM small ORDER BY 1 LIMIT 1",
    "WITH late AS (SELECT * FROM flights LIMIT 5) SELECT carrier FROM late LIMIT 1",
    "(SELECT a FROM small ORDER BY a) LIMIT 1",
]


@pytest.mark.parametrize("sql", QUERIES)
async def test_a_question_with_another_limit_is_what_asking_anew_gives(desk, sql):
    longer = f"{sql}0"
    first = ask(sql, parse_one(sql, dialect="duckdb"), desk.catalog, ())
    anew = ask(longer, parse_one(longer, dialect="duckdb"), desk.catalog, ())
    again = asked_again(first, longer, 10)

    assert (again.sql, again.key, again.rows_key, again.limit) == (longer, anew.key, anew.rows_key, 10)
    assert again.key != first.key
    assert again.rows_key == first.rows_key
    assert again.query.sql("duckdb") == anew.query.sql("duckdb")
    assert again.qualified.sql("duckdb") == anew.qualified.sql("duckdb")
    assert again.bound == sql
    rest = ("refusals", "lasting", "base_rows", "shape")
    assert [getattr(again, name) for name in rest] == [getattr(anew, name) for name in rest]
