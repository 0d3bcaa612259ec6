"""The superset query: executed beside the query that it is made of."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from speql_speculator.superset import superset
from speql_sql import Catalog


@pytest.fixture(scope="module")
def filled(schemas: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The flights schema with rows that are small and full of ties and NULLs."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE airlines AS SELECT 'C' || i AS carrier, 'Line ' || i AS name FROM range(4) t(i)")
    connection.execute(
        "CREATE TABLE airports AS SELECT 'A' || i AS faa, 'Port ' || (i % 3) AS name, i * 1.5 AS lat, -i * 2.0 AS lon,"
        " (i * 37) % 11 AS alt, -(i % 4) AS tz, 'A' AS dst, 'Zone/' || i AS tzone FROM range(6) t(i)"
    )
    connection.execute(
        "CREATE TABLE planes AS SELECT 'N' || i AS tailnum, 1990 + i % 5 AS year, 'Maker ' || (i % 2) AS manufacturer,"
        " 'M' || (i % 3) AS model, 50 * (i % 5) AS seats FROM range(10) t(i)"
    )
    connection.execute(
        "CREATE TABLE flights AS SELECT 2013 AS year, 1 + i % 12 AS month, 1 + i % 28 AS day,"
        " CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 13) % 60 - 10 END AS dep_delay, (i * 7) % 50 AS arr_delay,"
        " 'C' || (i % 5) AS carrier, 'N' || (i % 12) AS tailnum, 'A' || (i % 3) AS origin, 'A' || (i % 7) AS dest,"
        " 100 * (i % 9) AS distance FROM range(500) t(i)"
    )
    yield connection
    connection.close()


QUERIES = [
    # Plain: ORDER BY columns are kept in the rows.
    ("SELECT name FROM airports WHERE alt > 3 ORDER BY lat DESC LIMIT 2", {"lat", "alt"}),
    ("SELECT f.carrier, a.name FROM flights f JOIN airlines a ON a.carrier = f.carrier WHERE f.dep_delay > 20"
     " ORDER BY f.distance LIMIT 5 OFFSET 2", {"distance", "dep_delay"}),
    ("SELECT f.origin o FROM flights f LEFT JOIN planes p ON p.tailnum = f.tailnum WHERE p.year IS NULL", {"year"}),
    # CTEs and derived tables that are taken by name.
    ("WITH c AS (SELECT origin, dest FROM flights WHERE month = 2) SELECT c.origin, count(*) FROM c GROUP BY 1", set()),
    ("SELECT x.n FROM (SELECT f.dest AS n FROM flights f WHERE f.dep_delay > 30) x WHERE x.n <> 'A1'", set()),
    # Nothing may be added: stars, NATURAL, USING, set operations, DISTINCT, aggregates, windows, EXISTS, IN, scalars.
    ("WITH c AS (SELECT origin FROM flights WHERE month = 2) SELECT * FROM c", set()),
    ("WITH c AS (SELECT DISTINCT origin FROM flights WHERE month = 2) SELECT c.origin FROM c", set()),
    ("WITH c AS (SELECT carrier FROM flights WHERE month = 2) SELECT name FROM c NATURAL JOIN airlines", set()),
    ("WITH c AS (SELECT carrier FROM flights WHERE month = 2) SELECT name FROM c JOIN airlines USING (carrier)", set()),
    ("WITH c(k) AS (SELECT carrier FROM flights WHERE month = 2) SELECT c.k FROM c", set()),
    ("WITH c AS (SELECT origin FROM flights WHERE month = 2) SELECT c FROM c", set()),
    ("SELECT origin FROM flights WHERE day = 1 UNION SELECT dest FROM flights WHERE day = 2 ORDER BY 1 LIMIT 3", set()),
    ("SELECT DISTINCT origin FROM flights WHERE dep_delay > 3 ORDER BY origin LIMIT 1", set()),
    ("SELECT carrier, avg(dep_delay) AS d FROM flights WHERE month > 3 GROUP BY carrier ORDER BY d LIMIT 2", set()),
    ("SELECT max(dep_delay) FROM flights WHERE month = 4", set()),
    ("SELECT carrier, rank() OVER (PARTITION BY origin ORDER BY dep_delay) r"
     " FROM flights WHERE month = 3 ORDER BY r", set()),
    ("SELECT name FROM airlines WHERE carrier IN (SELECT carrier FROM flights WHERE month = 1)", {"carrier"}),
    ("SELECT name FROM airlines a WHERE EXISTS (SELECT 1 FROM flights f WHERE f.carrier = a.carrier)"
     " ORDER BY a.carrier", {"carrier"}),
    ("SELECT name, (SELECT count(*) FROM flights f WHERE f.carrier = a.carrier AND f.month = 1) n FROM airlines a"
     " ORDER BY n", set()),
    # LIMIT inside chooses rows, and stays.
    ("SELECT count(*) FROM (SELECT carrier FROM flights WHERE month = 1 ORDER BY day, distance LIMIT 3) x", set()),
    # A name that is taken gets another one.
    ("SELECT round(dep_delay) AS dep_delay FROM flights f ORDER BY f.dep_delay LIMIT 4", {"dep_delay_2"}),
    ("SELECT f.year, f.month FROM flights f JOIN planes p ON p.tailnum = f.tailnum WHERE p.year = 1992", {"year_2"}),
    ("WITH c AS (SELECT f.carrier AS k FROM flights f WHERE f.year = 2013) SELECT year, c.k FROM c JOIN planes ON true"
     " WHERE year = 1990", set()),
    ("SELECT a.name FROM airports a SEMI JOIN flights f ON f.dest = a.faa WHERE a.alt > 1 ORDER BY a.lat",
     {"alt", "lat"}),
]  # fmt: skip


def rows(connection: duckdb.DuckDBPyConnection, sql: str, width: int | None = None) -> Counter[Any]:
    return Counter(repr(row[:width]) for row in connection.execute(sql).fetchall())


@pytest.mark.parametrize(("sql", "added"), QUERIES)
def test_rows_are_those_of_the_query(
    sql: str, added: set[str], filled: duckdb.DuckDBPyConnection, schemas: dict[str, Any]
) -> None:
    query = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(query, exp.Query)
    before = query.sql("duckdb")
    result = superset(query, schemas["flights"].catalog)
    assert query.sql("duckdb") == before, "the argument was changed"
    whole = query.copy()
    for name in ("order", "limit", "offset"):
        whole.set(name, None)
    width = len(filled.execute(f"DESCRIBE {whole.sql('duckdb')}").fetchall())
    columns = [row[0] for row in filled.execute(f"DESCRIBE {result.sql('duckdb')}").fetchall()]
    assert rows(filled, result.sql("duckdb"), width) == rows(filled, whole.sql("duckdb"))
    assert added <= set(columns[width:])
    assert not result.args.get("limit")
    assert not result.args.get("order")


def test_order_that_chooses_rows_stays(schemas: dict[str, Any]) -> None:
    for sql in (
        "SELECT DISTINCT ON (origin) origin, dest FROM flights ORDER BY origin, day",
        "SELECT origin FROM flights ORDER BY day FETCH FIRST 3 ROWS WITH TIES",
    ):
        query = sqlglot.parse_one(sql, read="duckdb")
        assert isinstance(query, exp.Query)
        assert superset(query, schemas["flights"].catalog).args.get("order") is not None


def test_wide_columns_are_not_added() -> None:
    from speql_sql import Column, Table

    catalog = Catalog((Table("t", (Column("a", "INTEGER"), Column("doc", "JSON"), Column("list", "INTEGER[]"))),))
    query = sqlglot.parse_one("SELECT a FROM t WHERE doc IS NOT NULL AND list IS NOT NULL", read="duckdb")
    assert isinstance(query, exp.Query)
    assert [column.alias_or_name for column in superset(query, catalog).selects] == ["a"]


def test_few_columns_are_added(schemas: dict[str, Any]) -> None:
    names = [column.name for column in schemas["flights"].catalog.find("flights").columns]
    condition = " AND ".join(f"f.{name} IS NOT NULL" for name in names)
    query = sqlglot.parse_one(f"SELECT 1 FROM flights f WHERE {condition}", read="duckdb")
    assert isinstance(query, exp.Query)
    assert len(superset(query, schemas["flights"].catalog).selects) == 1 + 8


PREDICTED = [
    # The columns that are wanted next are in the rows, whatever else is there.
    ("SELECT f.carrier FROM flights f WHERE f.month > 3", ("distance", "dest"), {"distance", "dest"}),
    ("SELECT f.carrier, a.name FROM flights f JOIN airlines a ON a.carrier = f.carrier", ("origin",), {"origin"}),
    (
        "WITH c AS (SELECT origin, dest FROM flights) SELECT c.origin FROM c WHERE c.dest = 'A1'",
        ("distance",),
        {"distance"},
    ),
    # Not where another column changes the rows, is of two tables, or of none.
    ("SELECT carrier, count(*) FROM flights GROUP BY carrier", ("origin",), set()),
    ("SELECT DISTINCT carrier FROM flights", ("origin",), set()),
    ("SELECT origin FROM flights UNION SELECT dest FROM flights", ("month",), set()),
    ("SELECT rank() OVER (ORDER BY distance) AS place FROM flights", ("origin",), set()),
    ("SELECT f.origin FROM flights f JOIN planes p ON p.tailnum = f.tailnum", ("year",), set()),
    ("SELECT a.name FROM airlines a", ("distance", "no_such_column"), set()),
]


@pytest.mark.parametrize(("sql", "predicted", "expected"), PREDICTED)
def test_predicted_columns_are_added_and_change_no_row(
    filled: duckdb.DuckDBPyConnection, schemas: dict[str, Any], sql: str, predicted: tuple[str, ...], expected: set[str]
) -> None:
    query = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(query, exp.Query)
    plain = superset(query, schemas["flights"].catalog)
    larger = superset(query, schemas["flights"].catalog, predicted)
    identifiers = {column.name.lower() for column in larger.find_all(exp.Column)}
    before = {column.name.lower() for column in plain.find_all(exp.Column)}
    assert identifiers - before == expected - before
    assert expected <= identifiers
    count = len(plain.named_selects)
    rows = filled.execute(larger.sql("duckdb")).fetchall()
    assert Counter(row[:count] for row in rows) == Counter(filled.execute(plain.sql("duckdb")).fetchall())
