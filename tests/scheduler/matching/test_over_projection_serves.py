"""A temp table with a predicted column serves the query that filters by it, and without it does not: by execution."""

from collections import Counter

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import define_view
from speql_speculator.superset import superset
from speql_sql import Catalog, Column, Table

CATALOG = Catalog(
    (Table("flights", tuple(Column(name, "INTEGER") for name in ("id", "carrier", "origin", "delay", "day"))),)
)
TYPED = "SELECT f.id, f.delay FROM flights f WHERE f.delay > 5"

FINISHED = [
    ("SELECT f.id, f.delay FROM flights f WHERE f.delay > 5 AND f.origin = 2", ("origin",)),
    ("SELECT f.id, f.delay FROM flights f WHERE f.delay > 5 ORDER BY f.day, f.id", ("day",)),
    ("SELECT f.origin, sum(f.delay) AS late FROM flights f WHERE f.delay > 5 GROUP BY f.origin", ("origin", "day")),
]


def parsed(sql: str) -> exp.Query:
    query = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(query, exp.Query)
    return query


@pytest.mark.parametrize(("finished", "predicted"), FINISHED)
def test_the_finished_query_is_served_because_of_the_predicted_column(
    finished: str, predicted: tuple[str, ...]
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE flights AS SELECT i AS id, i % 3 AS carrier, i % 5 AS origin, i % 11 AS delay, i % 7 AS day"
            " FROM range(300) t(i)"
        )
        served = []
        for columns in ((), predicted):
            wide = superset(parsed(TYPED), CATALOG, columns)
            connection.execute(f"CREATE OR REPLACE TABLE held AS {wide.sql('duckdb')}")
            view = define_view("held", "held", wide, CATALOG)
            found = rewrite(parsed(finished), [view], CATALOG)
            served.append(found.temp_only)
            if found.sql is not None:
                expected = connection.execute(finished).fetchall()
                assert Counter(connection.execute(found.sql).fetchall()) == Counter(expected)
        assert served == [False, True]
