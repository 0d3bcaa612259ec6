"""How engines differ in what matters to a match: the data agrees with those that can be asked, and is asked."""

from collections.abc import Callable

import duckdb
import pytest

from speql_scheduler.matching import proved
from speql_scheduler.matching.engine_semantics import engine_semantics
from speql_scheduler.matching.proved import proved_for
from speql_scheduler.matching.view import define_view
from speql_sql import Catalog, Column, Table
from speql_sql.parse import parse_query
from speql_sql.qualify import qualify_query

DIALECTS = ["duckdb", "postgres", "redshift", "snowflake", "bigquery", "tsql", "spark", "databricks"]
ORDERED = "SELECT x FROM (VALUES (1), (NULL)) AS t (x) ORDER BY x"
ASKED = "SELECT 7 / 2, '' IS NULL, 'a' = 'A', CAST('a ' AS CHAR(3)) = CAST('a' AS CHAR(2))"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_engine_is_described(dialect: str) -> None:
    semantics = engine_semantics(dialect)
    assert semantics is not None
    assert "http" in semantics.source
    assert semantics.compares("INTEGER")
    assert all(not semantics.compares(name) for name in semantics.not_compared)


def check(dialect: str, ordered: list[object], asked: tuple[object, ...]) -> None:
    semantics = engine_semantics(dialect)
    assert semantics is not None
    division, empty_is_null, folds_case, ignores_blanks = asked
    assert semantics.integer_division == ("integer" if division == 3 else "float")
    assert (semantics.empty_string == "value") is not empty_is_null
    assert semantics.text_equality.startswith("binary") is not folds_case
    assert (semantics.char_padding == "ignored") is ignores_blanks
    assert semantics.nulls in ({"last", "highest"} if ordered[-1] is None else {"first", "lowest"})


def test_duckdb_is_as_described() -> None:
    with duckdb.connect() as connection:
        ordered = [value for (value,) in connection.execute(ORDERED).fetchall()]
        asked = connection.execute(ASKED).fetchone()
    assert asked is not None
    check("duckdb", ordered, asked)


def test_postgres_is_as_described(postgres_database: Callable[[], str]) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres_database()) as connection:
        ordered = [value for (value,) in connection.execute(ORDERED).fetchall()]
        check("postgres", ordered, connection.execute(ASKED).fetchone())


@pytest.mark.parametrize(
    ("dialect", "type_name", "known"),
    [
        ("duckdb", "VARCHAR", True),
        ("postgres", "text", True),
        ("postgres", "numeric", False),
        ("postgres", "numeric(9, 2)", True),
        ("postgres", "character(3)", False),
        ("tsql", "nvarchar(10)", False),
        ("tsql", "text COLLATE Latin1_General_BIN2", False),
        ("tsql", "datetimeoffset(7)", False),
        ("tsql", "varbinary(8)", False),
        ("tsql", "int", True),
        ("bigquery", "STRING", False),
        ("mysql", "INTEGER", False),
    ],
)
def test_a_column_whose_comparison_is_not_known_is_not_reasoned_about(
    dialect: str, type_name: str, known: bool
) -> None:
    catalog = Catalog((Table("t", (Column("a", type_name),)),), dialect)
    query = parse_query("SELECT a FROM t", "duckdb").query
    assert query is not None
    qualified = qualify_query(query, catalog).query
    assert qualified is not None
    block = define_view("v", "v", qualified, catalog).block
    assert block is not None
    assert (block.column_type(("t", "a"))[0] is not None) is known


def test_an_engine_that_nothing_is_known_of_matches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proved, "_PROVED", frozenset({"duckdb", "mysql"}))
    assert proved_for("duckdb")
    assert not proved_for("mysql")
