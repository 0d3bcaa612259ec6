"""Queries that give the same rows, and queries that look so."""

from collections import Counter

import duckdb
import pytest
import sqlglot

from speql_scheduler.matching.canonical import canonical_key
from speql_scheduler.matching.rows_key import rows_key
from speql_sql import Catalog
from speql_sql.qualify import qualify_query

GROUPED = "SELECT qty, sum(month) AS m FROM sales GROUP BY qty"

SAME = [
    ("SELECT qty FROM sales", "SELECT qty AS q FROM sales"),
    ("SELECT qty AS a, month AS b FROM sales", "SELECT qty AS b, month AS a FROM sales"),
    ("SELECT sum(qty) FROM sales GROUP BY month", 'SELECT sum(qty) AS "x y" FROM sales GROUP BY month'),
    ("SELECT qty AS a FROM sales ORDER BY sales.qty", "SELECT qty AS b FROM sales ORDER BY sales.qty"),
    (
        "WITH x AS (SELECT qty AS a FROM sales) SELECT a FROM x",
        "WITH x AS (SELECT qty AS a FROM sales) SELECT a AS b FROM x",
    ),
]

DIFFERENT = [
    (GROUPED, f"SELECT m, qty FROM ({GROUPED}) AS x"),
    (GROUPED, f"SELECT qty FROM ({GROUPED}) AS x"),
    (GROUPED, f"SELECT qty, qty AS m FROM ({GROUPED}) AS x"),
    (GROUPED, f"SELECT * FROM ({GROUPED}) AS x WHERE m > 0"),
    (GROUPED, f"SELECT DISTINCT * FROM ({GROUPED}) AS x"),
    (GROUPED, f"SELECT * FROM ({GROUPED}) AS x, sales"),
    (GROUPED, f"SELECT x.* FROM ({GROUPED}) AS x TABLESAMPLE 50%"),
    (GROUPED, f"SELECT x.* FROM ({GROUPED}) AS x GROUP BY ALL"),
    (GROUPED, f"SELECT * FROM ({GROUPED} LIMIT 2) AS x"),
    (f"{GROUPED} ORDER BY sum(month)", f"SELECT * FROM ({GROUPED} ORDER BY sum(month)) AS x"),
    ("SELECT qty AS a, month AS b FROM sales ORDER BY a", "SELECT qty AS b, month AS a FROM sales ORDER BY a"),
    (
        "SELECT DISTINCT ON (a) qty AS a, month AS b FROM sales ORDER BY sales.id",
        "SELECT DISTINCT ON (a) qty AS b, month AS a FROM sales ORDER BY sales.id",
    ),
    ("SELECT qty AS a, month AS b FROM sales", "SELECT month AS b, qty AS a FROM sales"),
    (
        "SELECT qty AS a, month AS b FROM sales UNION ALL BY NAME SELECT month AS b, qty AS a FROM sales",
        "SELECT qty AS b, month AS a FROM sales UNION ALL BY NAME SELECT month AS b, qty AS a FROM sales",
    ),
    (
        "SELECT a FROM (SELECT qty AS a, month AS b FROM sales) x",
        "SELECT a FROM (SELECT qty AS b, month AS a FROM sales) x",
    ),
    ("SELECT {'a': qty} AS s FROM sales", "SELECT {'b': qty} AS s FROM sales"),
]


def keys(sql: str, catalog: Catalog) -> tuple[str, str]:
    qualified = qualify_query(sqlglot.parse_one(sql, dialect="duckdb"), catalog)
    assert qualified.query is not None, qualified.problems
    return rows_key(qualified.query), canonical_key(qualified.query)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_rows_share_a_key(
    one: str, other: str, catalog: Catalog, databases: list[duckdb.DuckDBPyConnection]
) -> None:
    (rows, key), (other_rows, other_key) = keys(one, catalog), keys(other, catalog)
    assert rows == other_rows
    assert key != other_key
    for database in databases:
        assert Counter(database.execute(one).fetchall()) == Counter(database.execute(other).fetchall())


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_rows_have_another_key(one: str, other: str, catalog: Catalog) -> None:
    assert keys(one, catalog)[0] != keys(other, catalog)[0]
