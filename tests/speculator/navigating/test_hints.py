"""Which hints a text has, as data; what the engine says for them is tested with the server."""

import pytest

from speql_speculator.navigating.document import models_of
from speql_speculator.navigating.hints import ColumnHints, CteHint, Item, TableHint, hints, type_labels
from speql_sql import Catalog, Column, Table

CATALOG = Catalog(
    (
        Table("t", (Column("a", "INTEGER"), Column("b", "VARCHAR")), row_count=5000),
        Table("v", (Column("a", "INTEGER"),), kind="view"),
    ),
    version="1",
)

CASES = [
    ("WITH x AS (SELECT a, b AS c FROM t) SELECT * FROM x", ["WITH x AS (SELECT a, b AS c FROM t) SELECT * FROM x"]),
    (
        "WITH x AS (SELECT 1 AS a), y AS (SELECT d.a FROM (SELECT a FROM x) d) FROM y",
        [
            "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
            "WITH x AS (SELECT 1 AS a), y AS (SELECT d.a FROM (SELECT a FROM x) d) SELECT * FROM y",
            "WITH x AS (SELECT 1 AS a) SELECT * FROM (SELECT a FROM x)",
        ],
    ),
    ("SELECT * FROM (SELECT a FROM t) AS d (n)", ["SELECT * FROM (SELECT a FROM t) AS d(n)"]),
    # A CTE of an inner WITH is not in the sight of a query that stands alone, nor a recursive one of itself.
    (
        "SELECT * FROM (WITH t AS (SELECT 1 AS a) SELECT e.a FROM (SELECT a FROM t) e) d",
        ["SELECT * FROM (WITH t AS (SELECT 1 AS a) SELECT e.a FROM (SELECT a FROM t) e)"],
    ),
    (
        "WITH RECURSIVE t AS (SELECT d.a FROM (SELECT a FROM t) d) SELECT * FROM t",
        ["WITH RECURSIVE t AS (SELECT d.a FROM (SELECT a FROM t) d) SELECT * FROM t"],
    ),
    ("SELECT a FROM t", []),
    ("SELECT (SELECT a FROM t) AS s", []),
    ("WITH x AS (", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "queries"), CASES, ids=[case[0] for case in CASES])
def test_columns_are_asked_for_by_queries_that_stand_alone(text: str, queries: list[str]) -> None:
    found = [
        hint.sql for located in models_of(text, CATALOG) for hint in hints(located) if isinstance(hint, ColumnHints)
    ]
    assert found == queries


def test_places_are_behind_items_and_names() -> None:
    text = "SELECT 1;\nWITH x AS (SELECT a, count(*) AS n, t.* FROM t), y AS (SELECT a FROM v) SELECT * FROM x, y, t u"
    found = [hint for located in models_of(text, CATALOG) for hint in hints(located)]
    columns = [hint for hint in found if isinstance(hint, ColumnHints)]
    assert [[text[: item.end].split()[-1] for item in hint.items] for hint in columns] == [["a", "n", "t.*"], ["a"]]
    assert [item.star for item in columns[0].items] == [False, False, True]
    assert [(hint.span.of(text), hint.rows) for hint in found if isinstance(hint, TableHint)] == [("t", 5000)] * 2
    ctes = [hint for hint in found if isinstance(hint, CteHint)]
    assert [(hint.span.of(text), hint.defined) for hint in ctes] == [
        ("x", "WITH x AS (SELECT a, count(*) AS n, t.* FROM t"),
        ("y", "WITH x AS (SELECT a, count(*) AS n, t.* FROM t), y AS (SELECT a FROM v"),
    ]


ONE = Item(0)
STAR = Item(0, star=True)
LABELS = [
    ([ONE, ONE], ["INTEGER", "DATE"], [(0, ": INTEGER"), (1, ": DATE")]),
    ([STAR, ONE], ["INTEGER", "DATE", "BLOB"], [(0, ": c0 INTEGER, c1 DATE"), (1, ": BLOB")]),
    ([ONE, STAR], ["INTEGER"] * 6, [(0, ": INTEGER"), (1, ": c1 INTEGER, c2 INTEGER, c3 INTEGER, and 2 more")]),
    ([ONE, STAR], ["INTEGER"], [(0, ": INTEGER")]),
    ([ONE], ["INTEGER", "DATE"], []),
    ([ONE, ONE], ["INTEGER"], []),
    ([STAR, STAR], ["INTEGER"] * 2, []),
    ([ONE, ONE, STAR], ["INTEGER"], []),
    ([ONE], ["STRUCT(" + "a INTEGER, " * 9 + "b DATE)"], [(0, ": STRUCT(a INTEGER, a INTEGER, a INTEGER,…")]),
]


@pytest.mark.parametrize(("items", "types", "labels"), LABELS)
def test_a_type_is_told_where_it_is_certain_whose_it_is(
    items: list[Item], types: list[str], labels: list[tuple[int, str]]
) -> None:
    columns = [(f"c{number}", type_name) for number, type_name in enumerate(types)]
    found = type_labels(items, columns)
    assert [(number, label) for number, label, _ in found] == labels
    assert all(full for _, label, full in found if "…" in label or "more" in label)


def test_what_may_be_several_columns_beside_a_star_is_not_told() -> None:
    text = "WITH x AS (SELECT *, COLUMNS('a') FROM t) SELECT * FROM x"
    found = [hint for located in models_of(text, CATALOG) for hint in hints(located)]
    assert not [hint for hint in found if isinstance(hint, ColumnHints)]
