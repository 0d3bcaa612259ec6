"""Units: their spans, their breadcrumbs, and that each runs alone."""

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.units import KnownUnits, unit_at, units_of
from speql_sql import Catalog

# In each text «1 ... 1» marks the unit named below it.
CASES = [
    ("«1SELECT qty FROM sales1»;  ", {1: ("main",)}),
    ("  «1SELECT qty FROM sales ORDER BY qty LIMIT 31» -- end", {1: ("main",)}),
    (
        "WITH a AS («1SELECT qty FROM sales1»), b (x) AS (\n («2SELECT qty FROM a2») ) «3SELECT x FROM b3»",
        {1: ("main", "CTE a"), 2: ("main", "CTE b"), 3: ("main",)},
    ),
    (
        "«1SELECT d.qty FROM («2SELECT qty, '(' AS p FROM sales2» /* ( */) AS d"
        " WHERE d.qty IN («3SELECT id FROM items3»)1»",
        {1: ("main",), 2: ("main", "derived table d"), 3: ("main", "subquery")},
    ),
    (
        "«1«2SELECT qty FROM sales2» UNION ALL «3SELECT class FROM items3» ORDER BY 11» LIMIT 5",
        {2: ("main", "branch 1"), 3: ("main", "branch 2")},
    ),
    (
        "(«1SELECT qty FROM sales ORDER BY qty LIMIT 11») EXCEPT («2SELECT class FROM items2»)",
        {1: ("main", "branch 1"), 2: ("main", "branch 2")},
    ),
    ("«1FROM sales SELECT qty WHERE id > 31»", {1: ("main",)}),
    ("«1FROM («2FROM sales2») AS d1»", {1: ("main",), 2: ("main", "derived table d")}),
    (
        "WITH a AS («1SELECT qty FROM sales WHERE id = («2SELECT max(id) FROM sales2»)1») «3SELECT qty FROM a3»",
        {1: ("main", "CTE a"), 2: ("main", "CTE a", "subquery"), 3: ("main",)},
    ),
    (
        "«1SELECT qty, extract(year FROM day) AS y, trim('x' FROM note) FROM sales1»",
        {1: ("main",)},
    ),
    (
        "WITH a AS («1SELECT qty FROM sales1» UNION «2SELECT class FROM items2») «3SELECT * FROM a3»",
        {1: ("main", "CTE a", "branch 1"), 2: ("main", "CTE a", "branch 2"), 3: ("main",)},
    ),
    (
        "«1SELECT (SELECT max(qty) FROM sales s WHERE s.store = x.id) AS m FROM stores x1»",
        {1: ("main",)},
    ),
    (
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) «1SELECT n FROM r1»",
        {1: ("main",)},
    ),
]


def read(marked: str) -> tuple[str, dict[int, tuple[int, int]]]:
    """The text without marks, and the place of each marked piece."""
    text, starts, spans = "", {}, {}
    position = 0
    while position < len(marked):
        if marked[position] == "«":
            starts[int(marked[position + 1])] = len(text)
            position += 2
        elif marked[position : position + 1].isdigit() and marked[position + 1 : position + 2] == "»":
            spans[int(marked[position])] = (starts[int(marked[position])], len(text))
            position += 2
        else:
            text += marked[position]
            position += 1
    return text, spans


@pytest.mark.parametrize(("marked", "paths"), CASES)
def test_spans_and_breadcrumbs(marked: str, paths: dict[int, tuple[str, ...]], catalog: Catalog) -> None:
    text, spans = read(marked)
    units = units_of(text, sqlglot.parse_one(text, dialect="duckdb"), catalog)
    found = {unit.path: (unit.span.start, unit.span.end) for unit in units}
    for number, path in paths.items():
        assert text[slice(*found[path])] == text[slice(*spans[number])]
        assert found[path] == spans[number]
    assert [unit.span.start for unit in units] == sorted(unit.span.start for unit in units)


@pytest.mark.parametrize("marked", [case[0] for case in CASES])
def test_each_unit_runs_alone(marked: str, databases: list[duckdb.DuckDBPyConnection], catalog: Catalog) -> None:
    text, _ = read(marked)
    units = units_of(text, sqlglot.parse_one(text, dialect="duckdb"), catalog)
    for unit in units:
        if not unit.correlated:
            databases[2].sql(unit.query.sql("duckdb")).fetchall()


def test_a_correlated_unit_is_marked_and_climbed_out_of(catalog: Catalog) -> None:
    text = "SELECT city FROM stores x WHERE EXISTS (SELECT 1 FROM sales s WHERE s.store = x.id)"
    units = units_of(text, sqlglot.parse_one(text, dialect="duckdb"), catalog)
    inner = next(unit for unit in units if unit.kind == "subquery")
    assert inner.correlated
    at_inner = unit_at(units, text.index("s.store"))
    assert at_inner is not None
    assert at_inner.path == ("main",)


def test_a_correlation_without_table_names_needs_the_catalog(catalog: Catalog) -> None:
    text = "SELECT city FROM stores WHERE EXISTS (SELECT 1 FROM returns WHERE sale = opened)"
    tree = sqlglot.parse_one(text, dialect="duckdb")
    assert [unit.correlated for unit in units_of(text, tree, catalog)] == [False, True]


def test_the_innermost_unit_is_at_the_cursor(catalog: Catalog) -> None:
    text = "WITH a AS (SELECT qty FROM sales) SELECT qty FROM (SELECT qty FROM a) AS d"
    units = units_of(text, sqlglot.parse_one(text, dialect="duckdb"), catalog)
    places = {"sales": "CTE a", "qty FROM (": "main", "a) AS d": "derived table d"}
    for place, last in places.items():
        unit = unit_at(units, text.index(place))
        assert unit is not None
        assert unit.path[-1] == last
    outside = unit_at(units, 0)
    assert outside is not None
    assert outside.path == ("main",)


def test_another_text_than_the_trees_gives_the_main_unit_alone() -> None:
    tree = sqlglot.parse_one("SELECT a FROM (SELECT a FROM t) AS d", dialect="duckdb")
    units = units_of("SELECT b", tree)
    assert [unit.path for unit in units] == [("main",)]
    assert units_of("", exp.select("1"))[0].span.of("") == ""


def test_a_set_operation_is_a_unit_of_its_own(catalog: Catalog) -> None:
    text = "SELECT qty FROM sales UNION SELECT class FROM items ORDER BY 1"
    units = units_of(text, sqlglot.parse_one(text, dialect="duckdb"), catalog)
    main = next(unit for unit in units if unit.kind == "main")
    assert main.span.of(text) == text
    assert unit_at(units, len(text)) == main


TYPED = [
    "WITH x AS (SELECT a, b FROM t), y AS (SELECT a FROM x) SELECT a FROM y WHERE a IN (SELECT b FROM x)",
    "WITH x(b, a) AS (SELECT a, b FROM t), y AS (SELECT a FROM x) SELECT a FROM y WHERE a IN (SELECT b FROM x)",
    "WITH x AS (SELECT a, b FROM u), y AS (SELECT a FROM x) SELECT a FROM y WHERE a IN (SELECT b FROM x)",
    "WITH x AS (WITH z AS (SELECT a, b FROM u) SELECT * FROM z), y AS (SELECT a FROM x) SELECT a FROM y",
    "WITH x AS (WITH z AS (SELECT a, b FROM t) SELECT * FROM z), y AS (SELECT a FROM x) SELECT a FROM y",
    "WITH RECURSIVE x AS (SELECT a, b FROM t UNION SELECT b, a FROM x), y AS (SELECT a FROM x) SELECT a FROM y",
    "SELECT a FROM (SELECT a FROM t UNION ALL SELECT b FROM u) q WHERE a = (SELECT max(b) FROM u WHERE u.a = q.a)",
    "SELECT a FROM (SELECT a FROM t UNION ALL SELECT b FROM u) r WHERE a = (SELECT max(b) FROM u WHERE u.a = r.a)",
]
"""Texts that follow each other; parts that read the same may mean something else."""


@pytest.mark.parametrize("order", [TYPED, TYPED[::-1]])
def test_known_units_are_those_of_the_text_alone(order: list[str]) -> None:
    known = KnownUnits()
    for text in [*order, *order]:
        query = sqlglot.parse_one(text, read="duckdb")
        again = [(unit, unit.query.sql()) for unit in units_of(text, query, known=known)]
        alone = [(unit, unit.query.sql()) for unit in units_of(text, query)]
        shown = [[(u.path, u.span, u.correlated, u.kind, u.whole, sql) for u, sql in found] for found in (again, alone)]
        assert shown[0] == shown[1], text
        assert len(alone) >= 2
