"""What a query may choose from, by execution: every answer of the engine is among it, and it has what is as right."""

from collections import Counter

import duckdb
import pytest

from speql_sql.choices import choices

ROWS = "CREATE TABLE t AS SELECT i % 3 AS a, i % 2 AS b, i AS c FROM range(20) AS r(i)"


@pytest.mark.parametrize(
    ("sql", "as_right"),
    [
        ("SELECT a, c FROM t ORDER BY a LIMIT 3 OFFSET 2", (0, 18)),
        ("FROM t LIMIT 1", (0, 0, 18)),
        ("SELECT DISTINCT ON (a) a, b AS d, c FROM t ORDER BY a, d", (0, 0, 18)),
        ("SELECT DISTINCT ON (1) a AS x, c FROM t", (2, 17)),
        ("SELECT DISTINCT ON (x) a % 2 AS x, b, c FROM t ORDER BY 1, b DESC LIMIT 1", (0, 1, 17)),
        ("SELECT DISTINCT ON (a, b) * FROM t", (2, 1, 17)),
        ("SELECT DISTINCT ON (a) a, max(c) AS m FROM t GROUP BY a, b QUALIFY count(*) OVER () > 1", (2, 14)),
    ],
)
def test_what_a_query_may_choose_from(sql: str, as_right: tuple[int, ...]) -> None:
    found = choices(sql)
    assert found is not None
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        given, allowed = (Counter(connection.execute(text).fetchall()) for text in (sql, found))
    assert not given - allowed
    assert as_right in allowed


def test_rows_that_come_later_in_their_group_are_no_choice() -> None:
    found = choices("SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b")
    assert found is not None
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        assert {row[1] for row in connection.execute(found).fetchall()} == {0}


@pytest.mark.parametrize(
    "sql", ["SELECT a FROM (SELECT a FROM t LIMIT 3) AS s", "SELECT DISTINCT a FROM t", "not sql (", "DROP TABLE t"]
)
def test_queries_without_a_choice(sql: str) -> None:
    assert choices(sql) is None
