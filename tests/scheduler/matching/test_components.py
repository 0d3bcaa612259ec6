"""What finer groups must hold: the list, and that the SELECT is answered from groups that hold it."""

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from speql_engines.compare import rows_differ
from speql_scheduler.matching.canonical import no_names
from speql_scheduler.matching.components import components_of, finer_select
from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.spjg import Block
from speql_scheduler.matching.view import define_view
from speql_sql import Catalog
from speql_sql.qualify import qualify_query


def block_of(sql: str, catalog: Catalog) -> Block:
    qualified = qualify_query(sqlglot.parse_one(sql, dialect="duckdb"), catalog).query
    assert isinstance(qualified, exp.Select)
    return Block(qualified, no_names(), catalog)


def shown(items: tuple[exp.Expr, ...]) -> str:
    return ", ".join(item.sql("duckdb") for item in items).replace("sales.", "")


SQUARES = "SUM(CAST(qty AS BIGINT) * CAST(qty AS BIGINT))"


@pytest.mark.parametrize(
    ("select", "aggregates", "keys"),
    [
        ("month, sum(qty) FROM sales GROUP BY month", "SUM(qty)", "month"),
        ("sum(qty), min(day), count(*) FROM sales", "SUM(qty), MIN(day), COUNT(*)", ""),
        ("month, avg(qty) FROM sales GROUP BY month", "SUM(qty), COUNT(qty)", "month"),
        ("avg(qty) AS a, sum(qty), count(qty) FROM sales", "SUM(qty), COUNT(qty)", ""),
        ("stddev_samp(qty) FROM sales", f"SUM(qty), COUNT(qty), {SQUARES}", ""),
        ("var_pop(price) FROM sales", "SUM(price), COUNT(price), SUM(price * price)", ""),
        ("month, count(DISTINCT store) FROM sales GROUP BY month", "", "month, store"),
        (
            "avg(qty) FILTER (WHERE paid) FROM sales",
            "SUM(qty) FILTER(WHERE paid), COUNT(qty) FILTER(WHERE paid)",
            "",
        ),
        ("count(DISTINCT store) FILTER (WHERE month > 2) FROM sales", "", "store, month > 2"),
        (
            "sum(CASE WHEN paid THEN qty ELSE 0 END) / count(*) FROM sales",
            "SUM(CASE WHEN paid THEN qty ELSE 0 END), COUNT(*)",
            "",
        ),
        ("month FROM sales GROUP BY month HAVING max(qty) > 2 ORDER BY min(qty)", "MAX(qty), MIN(qty)", "month"),
        ("month, sum(qty), grouping(month) FROM sales GROUP BY ROLLUP (month, store)", "SUM(qty)", "month, store"),
        ("month, sum(qty) FROM sales GROUP BY GROUPING SETS ((month, id), (day), ())", "SUM(qty)", "month, id, day"),
        ("month, sum(qty) FROM sales GROUP BY store, CUBE (month)", "SUM(qty)", "store, month"),
        ("month, sum(sum(qty)) OVER (PARTITION BY store) FROM sales GROUP BY month, store", "SUM(qty)", "month, store"),
        ("DISTINCT month, store + 1 AS s FROM sales", "", "month, store + 1"),
        ("month, 1 AS one, sum(qty) FROM sales GROUP BY 1, 2", "SUM(qty)", "month"),
    ],
)  # fmt: skip
def test_components(select: str, aggregates: str, keys: str, catalog: Catalog) -> None:
    found = components_of(block_of(f"SELECT {select}", catalog))
    assert not isinstance(found, str), found
    assert (shown(found.aggregates), shown(found.keys)) == (aggregates, keys)


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ("month FROM sales", "no groups"),
        ("median(qty) FROM sales", "MEDIAN(sales.qty) cannot be computed from groups"),
        ("stddev(weight) FROM sales", "its argument is DOUBLE"),
        ("stddev(total) FROM sales", "its argument is BIGINT"),
        ("avg(day) FROM sales", "not known to be a number"),
        ("product(qty) FROM sales", "product()"),
        ("any_value(qty) FROM sales", "cannot be computed from groups"),
        ("quantile_cont(qty, 0.5) FROM sales", "cannot be computed from groups"),
        ("DISTINCT row_number() OVER () FROM sales", "DISTINCT over window functions"),
        ("s.month, count(*) FROM sales s FULL JOIN items i ON s.item = i.id GROUP BY 1", "a FULL JOIN"),
    ],
)
def test_why_there_are_no_components(select: str, reason: str, catalog: Catalog) -> None:
    found = components_of(block_of(f"SELECT {select}", catalog))
    assert isinstance(found, str)
    assert reason in found


@pytest.mark.parametrize(
    ("query", "edits"),
    [
        ("SELECT month, avg(qty) AS a, count(*) AS n FROM sales WHERE store = 2 GROUP BY month", ["store > 3"]),
        (
            "SELECT stddev(qty) AS d, var_pop(price) AS v, var_samp(item) AS w FROM sales WHERE store = 2",
            ["store = 3", "store IS NULL", "store > 100"],
        ),
        (
            "SELECT i.brand, count(DISTINCT s.store) AS c, sum(s.qty * s.price) AS s FROM sales s, items i"
            " WHERE s.store = 2 AND s.item = i.id AND i.class > 1 GROUP BY i.brand",
            ["s.store IN (1, 4)"],
        ),
        (
            "SELECT x.region, stddev_pop(s.qty) FILTER (WHERE s.paid) AS d, avg(s.qty) FILTER (WHERE s.store > 2) AS a"
            " FROM sales s LEFT JOIN stores x ON s.store = x.id WHERE s.store = 2 GROUP BY x.region",
            ["s.store BETWEEN 2 AND 9", "s.store IS NULL"],
        ),
        (
            "SELECT month, day, grouping(month) AS g, avg(qty) AS a, rank() OVER (PARTITION BY grouping(month)"
            " ORDER BY sum(qty)) AS r FROM sales WHERE store = 2 GROUP BY ROLLUP (month, day) HAVING count(*) > 0",
            ["store >= 2"],
        ),
    ],
)  # fmt: skip
def test_finer_groups_serve_other_constants(
    query: str, edits: list[str], databases: list[duckdb.DuckDBPyConnection], catalog: Catalog
) -> None:
    block = block_of(query, catalog)
    hot = [node for node in block.clause.where if "store = 2" in node.sql()]
    finer = finer_select(block, [], hot)
    assert isinstance(finer, exp.Select), finer
    view = define_view("v", "memory.main.v", finer, catalog)
    for edit in ["store = 2", *edits]:
        edited = query.replace("s.store = 2" if "s.store = 2" in query else "store = 2", edit)
        found = rewrite(sqlglot.parse_one(edited, dialect="duckdb"), [view], catalog)
        assert found.sql, [decision.reason for decision in found.decisions]
        for con in databases:
            con.execute(f"CREATE OR REPLACE TABLE {view.sql_name} AS {view.create_sql()}")
            direct, served = con.sql(edited).to_arrow_table(), con.sql(found.sql).to_arrow_table()
            assert rows_differ(direct, served) is None, found.sql
            con.execute(f"DROP TABLE {view.sql_name}")


def test_a_finer_select_needs_a_key_and_keeps_joins(catalog: Catalog) -> None:
    block = block_of("SELECT count(*) AS n FROM sales s, items i WHERE s.item = i.id", catalog)
    assert finer_select(block, []) == "the SELECT is one group"
    assert finer_select(block, [], block.clause.where) == "a condition on several tables is part of the join"
    finer = finer_select(block, [exp.column("month", table="s")])
    assert isinstance(finer, exp.Select)
    assert "JOIN memory.main.items AS i ON s.item = i.id" in finer.sql("duckdb")
