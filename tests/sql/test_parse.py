"""Text into one query, and the names of its columns."""

import pytest
from sqlglot import exp

from speql_sql.output_names import hides, tells_names, with_column_list
from speql_sql.parse import parse_query


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT 1", None),
        ("SELECT 1 -- done\n;;", None),
        ("(SELECT 1) UNION ALL SELECT 2", None),
        ("", "empty"),
        (" ; -- nothing", "empty"),
        ("SELECT 1; SELECT 2", "several-statements"),
        ("DELETE FROM t", "not-a-query"),
        ("SELECT FROM WHERE (", "cannot-parse"),
        ("SELECT 'open", "cannot-parse"),
        ("\x00\x01", "not-a-query"),
        ("SELECT " + "(" * 5000, "cannot-parse"),
    ],
)
def test_a_text_is_one_query_or_a_problem(text: str, code: str | None) -> None:
    parsed = parse_query(text)
    assert (parsed.problem.code if parsed.problem else None) == code
    assert (parsed.query is None) == (code is not None)
    if parsed.problem:
        assert "\x1b" not in parsed.problem.message


def test_a_dialect_that_is_not_known_is_a_problem() -> None:
    assert parse_query("SELECT 1", "klingon").problem.code == "unknown-dialect"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT a, t.b, 1 AS c FROM t", True),
        ("SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u)", True),
        ("SELECT CAST(a AS INT) FROM t", False),
        ("SELECT count(*) FROM t", False),
        ("WITH c AS (SELECT a + 1 FROM t) SELECT * FROM c", False),
        ("SELECT a FROM t UNION SELECT b + 1 FROM u", False),
        ("SELECT (SELECT max(a) FROM t) AS m FROM u", True),
    ],
)
def test_names_of_columns_are_told_or_not(sql: str, told: bool) -> None:
    query = parse_query(sql).query
    assert isinstance(query, exp.Query)
    assert tells_names(query) == told


def test_a_cte_hides_a_table_of_its_name() -> None:
    query = parse_query("SELECT * FROM (WITH V AS (SELECT 1 AS a) SELECT a FROM v) t").query
    assert query is not None
    assert hides(query, "v")
    assert not hides(query, "t")


def test_columns_by_place_only_where_a_dialect_has_them() -> None:
    assert with_column_list("SELECT 1 FROM v", '"v"', ("a",), "bigquery") is None
