"""Whether a query is served only because of columns that nobody had written."""

import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.needed_columns import needs_added_columns
from speql_scheduler.matching.view import define_view
from speql_speculator.superset import superset
from speql_sql import Catalog, Column, Table

CATALOG = Catalog((Table("flights", tuple(Column(name, "INTEGER") for name in ("id", "origin", "delay", "day"))),))
TYPED = "SELECT f.id, f.delay FROM flights f WHERE f.delay > 5"


def parsed(sql: str) -> exp.Query:
    query = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(query, exp.Query)
    return query


@pytest.mark.parametrize(
    ("predicted", "finished", "needs"),
    [
        (("origin",), f"{TYPED} AND f.origin = 2", True),
        (("origin",), f"{TYPED} AND f.id = 2", False),
        (("origin",), TYPED, False),
        (("origin",), f"{TYPED} AND f.day = 2", False),
        ((), f"{TYPED} AND f.origin = 2", False),
    ],
)
def test_it_is_so_if_it_is_not_served_without_them(predicted: tuple[str, ...], finished: str, needs: bool) -> None:
    view = define_view("held", "held", superset(parsed(TYPED), CATALOG, predicted), CATALOG)
    assert needs_added_columns(parsed(finished), [view], CATALOG) is needs
