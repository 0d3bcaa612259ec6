"""Spellings that must share a key, and changes that must not."""

import pytest
import sqlglot

from speql_scheduler.matching.canonical import canonical_key
from speql_sql import Catalog
from speql_sql.qualify import qualify_query

SAME = [
    ("SELECT month FROM sales", "SELECT s.month FROM sales AS s"),
    ("SELECT month FROM sales WHERE qty > 1 AND month = 2", "SELECT month FROM sales WHERE 2 = month AND (1 < qty)"),
    ("SELECT month FROM sales WHERE qty BETWEEN 1 AND 2", "SELECT month FROM sales WHERE qty >= 1 AND qty <= 2"),
    ("SELECT month FROM sales WHERE NOT NOT qty > 1", "SELECT month FROM sales WHERE ((qty > 1))"),
    ("SELECT month FROM sales WHERE NOT qty = 1", "SELECT month FROM sales WHERE qty <> 1"),
    ("SELECT month FROM sales WHERE qty IN (2, 1, 2)", "SELECT month FROM sales WHERE qty IN (1, 2)"),
    ("SELECT month FROM sales WHERE qty IN (2)", "SELECT month FROM sales WHERE qty = 2"),
    ("SELECT month FROM sales WHERE qty = 1 OR qty = 2", "SELECT month FROM sales WHERE 2 = qty OR qty = 1 OR 2 = qty"),
    ("SELECT month FROM sales WHERE true AND qty = 1", "SELECT month FROM sales WHERE qty = 1"),
    (
        "SELECT s.qty, i.brand FROM sales s, items i WHERE s.item = i.id",
        "SELECT b.qty, a.brand FROM items a JOIN sales b ON a.id = b.item",
    ),
    (
        "SELECT s.qty, i.brand FROM sales s CROSS JOIN items i",
        "SELECT s.qty, i.brand FROM items i, sales s",
    ),
    (
        "SELECT s.qty, x.city FROM sales s LEFT JOIN stores x ON s.store = x.id",
        "SELECT s.qty, x.city FROM stores x RIGHT OUTER JOIN sales s ON x.id = s.store",
    ),
    (
        "SELECT s.qty FROM sales s LEFT JOIN stores x ON s.store = x.id WHERE x.city = 'a'",
        "SELECT s.qty FROM sales s JOIN stores x ON s.store = x.id WHERE x.city = 'a'",
    ),
    ("SELECT month, store FROM sales GROUP BY month, store", "SELECT month, store FROM sales GROUP BY 2, sales.month"),
    ("SELECT month, count(*) AS n FROM sales GROUP BY ALL", "SELECT month, count(1) AS n FROM sales GROUP BY month"),
    ("SELECT sum(qty) AS s FROM sales HAVING s > 1", "SELECT sum(qty) AS s FROM sales HAVING 1 < sum(qty)"),
    ("WITH x AS (SELECT qty FROM sales) SELECT qty FROM x", "SELECT y.qty FROM (SELECT s.qty FROM sales s) AS y"),
    (
        "SELECT a.qty AS p, b.qty AS q FROM sales a JOIN sales b ON a.month = b.store",
        "SELECT y.qty AS p, x.qty AS q FROM sales x JOIN sales y ON x.store = y.month",
    ),
    (
        "SELECT qty FROM sales s WHERE EXISTS (SELECT 1 FROM stores x WHERE x.id = s.store)",
        "SELECT qty FROM sales WHERE EXISTS (SELECT 1 FROM stores WHERE store = stores.id)",
    ),
    ("SELECT * FROM stores", "SELECT id, city, region, opened FROM stores AS t"),
    ("SELECT item FROM sales JOIN returns USING (item)", "SELECT s.item FROM returns r, sales s WHERE r.item = s.item"),
    (
        "SELECT qty FROM sales UNION SELECT class FROM items",
        "(SELECT a.qty FROM sales a) UNION (SELECT class FROM items)",
    ),
]
DIFFERENT = [
    ("SELECT month FROM sales", "SELECT month AS m FROM sales"),
    ("SELECT month, qty FROM sales", "SELECT qty, month FROM sales"),
    ("SELECT month FROM sales", "SELECT DISTINCT month FROM sales"),
    ("SELECT month FROM sales", "SELECT month FROM sales LIMIT 5"),
    ("SELECT month FROM sales LIMIT 6", "SELECT month FROM sales LIMIT 5"),
    ("SELECT month FROM sales ORDER BY qty", "SELECT month FROM sales ORDER BY qty DESC"),
    ("SELECT month FROM sales ORDER BY qty", "SELECT month FROM sales ORDER BY qty NULLS FIRST"),
    ("SELECT month FROM sales WHERE qty > 1", "SELECT month FROM sales WHERE qty >= 1"),
    ("SELECT month FROM sales WHERE qty > 1", "SELECT month FROM sales WHERE 1 > qty"),
    ("SELECT month FROM sales WHERE qty = 1", "SELECT month FROM sales WHERE qty = 1.0"),
    ("SELECT month FROM sales WHERE qty = 1", "SELECT month FROM sales WHERE qty = '1'"),
    ("SELECT month FROM sales WHERE note = 'a  b;c'", "SELECT month FROM sales WHERE note = 'a b;c'"),
    ("SELECT month FROM sales WHERE day = '2000-1-5'", "SELECT month FROM sales WHERE day = '2000-01-05'"),
    ("SELECT month FROM sales WHERE note = 'a'", "SELECT month FROM sales WHERE note = 'A'"),
    ("SELECT month FROM sales WHERE qty = 1 AND store = 2", "SELECT month FROM sales WHERE qty = 1 OR store = 2"),
    ("SELECT month FROM sales WHERE qty NOT IN (1)", "SELECT month FROM sales WHERE qty IN (1)"),
    ("SELECT month FROM sales WHERE NOT paid", "SELECT month FROM sales WHERE paid"),
    ("SELECT qty - store AS x FROM sales", "SELECT store - qty AS x FROM sales"),
    ("SELECT sum(qty) AS s FROM sales", "SELECT sum(DISTINCT qty) AS s FROM sales"),
    ("SELECT count(*) AS s FROM sales", "SELECT count(qty) AS s FROM sales"),
    ("SELECT count(NULL) AS s FROM sales", "SELECT count(*) AS s FROM sales"),
    ("SELECT sum(qty) AS s FROM sales", "SELECT sum(qty) FILTER (WHERE paid) AS s FROM sales"),
    ("SELECT CAST(qty AS BIGINT) AS x FROM sales", "SELECT TRY_CAST(qty AS BIGINT) AS x FROM sales"),
    ("SELECT CAST(qty AS BIGINT) AS x FROM sales", "SELECT CAST(qty AS INTEGER) AS x FROM sales"),
    ("SELECT count(*) AS n FROM sales GROUP BY month", "SELECT count(*) AS n FROM sales"),
    ("SELECT count(*) AS n FROM sales GROUP BY month", "SELECT count(*) AS n FROM sales GROUP BY month, store"),
    (
        "SELECT month FROM sales GROUP BY ROLLUP (month, store)",
        "SELECT month FROM sales GROUP BY ROLLUP (store, month)",
    ),
    ("SELECT month FROM sales GROUP BY ROLLUP (month, store)", "SELECT month FROM sales GROUP BY month, store"),
    (
        "SELECT s.qty FROM sales s JOIN items i ON s.item = i.id",
        "SELECT s.qty FROM sales s LEFT JOIN items i ON s.item = i.id",
    ),
    (
        "SELECT s.qty FROM sales s LEFT JOIN items i ON s.item = i.id AND s.qty > 1",
        "SELECT s.qty FROM sales s LEFT JOIN items i ON s.item = i.id WHERE s.qty > 1",
    ),
    (
        "SELECT s.qty FROM sales s SEMI JOIN items i ON s.item = i.id",
        "SELECT s.qty FROM sales s ANTI JOIN items i ON s.item = i.id",
    ),
    (
        "SELECT a.qty FROM sales a JOIN sales b ON a.month = b.store",
        "SELECT b.qty FROM sales a JOIN sales b ON a.month = b.store",
    ),
    ("SELECT s.qty FROM sales s, items i", "SELECT s.qty FROM sales s"),
    ("SELECT qty FROM sales UNION SELECT class FROM items", "SELECT qty FROM sales UNION ALL SELECT class FROM items"),
    (
        "SELECT qty FROM sales EXCEPT SELECT class FROM items",
        "SELECT class AS qty FROM items EXCEPT SELECT qty FROM sales",
    ),
    (
        "WITH x AS (SELECT qty FROM sales LIMIT 1) SELECT a.qty FROM x a, x b",
        "SELECT a.qty FROM (SELECT qty FROM sales LIMIT 1) a, (SELECT qty FROM sales LIMIT 1) b",
    ),
    (
        "SELECT qty FROM sales s WHERE EXISTS (SELECT 1 FROM stores x WHERE x.id = s.store)",
        "SELECT qty FROM sales s WHERE EXISTS (SELECT 1 FROM stores x WHERE x.id = s.item)",
    ),
    (
        "SELECT sum(qty) OVER (ORDER BY id) AS s FROM sales",
        "SELECT sum(qty) OVER (ORDER BY id ROWS 1 PRECEDING) AS s FROM sales",
    ),
]


def key(sql: str, catalog: Catalog) -> str:
    qualified = qualify_query(sqlglot.parse_one(sql, dialect="duckdb"), catalog)
    assert qualified.query is not None, qualified.problems
    return canonical_key(qualified.query)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_share_a_key(one: str, other: str, catalog: Catalog) -> None:
    assert key(one, catalog) == key(other, catalog)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_changes_change_the_key(one: str, other: str, catalog: Catalog) -> None:
    assert key(one, catalog) != key(other, catalog)


def test_nested_tables_do_not_depend_on_their_depth(catalog: Catalog) -> None:
    inner = "SELECT a.qty FROM sales a JOIN sales b ON a.id = b.id"
    one = f"SELECT qty FROM ({inner}) AS x"
    other = f"SELECT qty FROM (SELECT qty FROM ({inner}) AS y) AS x"
    assert key(one, catalog) != key(other, catalog)
    deep = "SELECT qty FROM sales s WHERE qty IN (SELECT qty FROM ({}) AS z WHERE z.qty < s.month)"
    assert key(deep.format(inner), catalog) == key(
        deep.format(inner.replace("a.", "q.").replace("sales a", "sales q")), catalog
    )
