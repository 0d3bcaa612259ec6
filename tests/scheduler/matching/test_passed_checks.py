"""What a view has passed before the check that it fails: the user sees how near it was."""

import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import define_view
from speql_sql import Catalog, Column, Table

TABLES, JOINED = "the query reads its tables", "they are joined as in the query"
ROWS, GROUPS = "every row that the query needs is in it", "its groups can be used"


@pytest.fixture
def catalog() -> Catalog:
    columns = tuple(Column(name, "INTEGER") for name in ("a", "b", "c"))
    return Catalog((Table("t", columns), Table("s", columns)))


def parsed(sql: str) -> exp.Query:
    query = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    return query


@pytest.mark.parametrize(
    ("view", "query", "passed", "told"),
    [
        ("SELECT a FROM s", "SELECT a FROM t", (), "reads s"),
        ("SELECT a, b FROM t WHERE a = 1", "SELECT a FROM t WHERE a = 2", (TABLES,), "a = 1"),
        (
            "SELECT t.a FROM t JOIN s ON t.a = s.a WHERE t.b = 1",
            "SELECT t.a FROM t JOIN s ON t.a = s.a",
            (TABLES, JOINED),
            "b = 1",
        ),
        ("SELECT a, count(*) AS n FROM t GROUP BY a", "SELECT a, b FROM t", (TABLES, ROWS), "grouped"),
        ("SELECT a FROM t", "SELECT b FROM t", (TABLES, ROWS), "b"),
        ("SELECT a, sum(b) AS x FROM t GROUP BY a", "SELECT a, sum(c) FROM t GROUP BY a", (TABLES, ROWS, GROUPS), "c"),
    ],
)
def test_what_was_passed_before_the_check_that_fails(
    catalog: Catalog, view: str, query: str, passed: tuple[str, ...], told: str
) -> None:
    found = rewrite(parsed(query), [define_view("v", "v", parsed(view), catalog)], catalog)
    (decision,) = found.decisions
    assert not decision.used
    assert decision.passed == passed
    assert told in decision.reason


def test_a_view_that_serves_needs_no_list(catalog: Catalog) -> None:
    found = rewrite(parsed("SELECT a FROM t"), [define_view("v", "v", parsed("SELECT a, b FROM t"), catalog)], catalog)
    assert [(decision.used, decision.passed) for decision in found.decisions] == [(True, ())]
