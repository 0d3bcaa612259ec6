"""A large catalog is not gone through, and repairs come out the same; while it is being loaded nothing is corrected."""

import pytest

from speql_speculator.completing.completion import completions
from speql_speculator.hot_columns import hot_columns
from speql_speculator.language_model.schema_linking import linked_schema
from speql_speculator.navigating.semantic_model import semantic_model
from speql_speculator.predicting.schema_facts import SchemaFacts
from speql_speculator.repair import repair
from speql_speculator.rewriting.action import ActionKind
from speql_speculator.rewriting.code_actions import code_actions
from speql_sql import Catalog, Column, ForeignKey, Span, Table

TABLES = (
    Table("airlines", (Column("carrier", "VARCHAR"), Column("name", "VARCHAR")), primary_key=("carrier",)),
    Table(
        "flights",
        (Column("id", "INTEGER"), Column("carrier", "VARCHAR"), Column("dep_delay", "INTEGER"), Column("day", "DATE")),
        primary_key=("id",),
        foreign_keys=(ForeignKey(("carrier",), "main.airlines", ("carrier",)),),
    ),
    Table("weather", (Column("station", "VARCHAR"), Column("degrees", "DOUBLE"))),
)
CASES = [
    "SELECT carrier, count(*) FROM flights GROUP BY",
    "SELECT dep_delay, degrees",
    "SELECT degrees FROM wheather",
    "SELECT degrees FROM weat",
    "SELECT f.dep_delay, a.name FROM flights f JOIN airlines a",
    "SELECT f.dep_delay, a.name FROM flights f",
    "SELECT name FROM airlines, flights WHERE dep_delay > ",
    "SELECT nosuch FROM weather",
    "WITH late AS (SELECT * FROM flights WHERE dep_delay > 5) SELECT carier FROM late",
]


@pytest.mark.parametrize("text", CASES)
def test_a_large_catalog_repairs_as_a_small_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = repair(text, Catalog(TABLES, version="small"), None)
    monkeypatch.setattr("speql_sql.catalog.LARGE", 1)
    large = repair(text, Catalog(TABLES, version="large"), None)
    assert (large.sql, large.edits) == (small.sql, small.edits)
    assert [problem.code for problem in large.problems] == [problem.code for problem in small.problems]


def test_what_may_be_meant_is_looked_for_without_going_through_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speql_sql.catalog.LARGE", 1)
    catalog = Catalog(TABLES)
    assert linked_schema("average degrees of a station", catalog) == "weather(station VARCHAR, degrees DOUBLE)"
    assert "airlines(" in linked_schema("SELECT dep_delay FROM flights", catalog)
    assert hot_columns("SELECT 1 FROM flights WHERE day = '2024-01-01' ORDER BY id", None, catalog).likely == ("day",)
    facts = SchemaFacts(catalog)
    assert facts.stem("dep_delay") == "dep_delay"
    assert facts.likely_tables(()) == []


def test_a_table_of_which_only_the_name_is_known_has_any_column() -> None:
    listed = (*TABLES, Table("bookings", (), listed_only=True))
    repaired = repair("SELECT price FROM bookings WHERE price >", Catalog(listed, partial=True), None)
    assert repaired.sql is not None
    assert repaired.sql.startswith("SELECT price FROM bookings")
    names = [one.label for one in completions("SELECT * FROM b", 15, Catalog(listed, partial=True)).proposals]
    assert "bookings" in names


@pytest.mark.parametrize("large", [False, True])
def test_no_table_is_inferred_that_its_name_alone_does_not_mean(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speql_sql.catalog.LARGE", 0 if large else 5_000)
    elsewhere = Table("visits", (Column("visitor", "VARCHAR"),), schema="stage")
    catalog = Catalog((*TABLES, elsewhere), version=f"stage {large}")
    assert "visits" not in (repair("SELECT visitor", catalog, None).sql or "")
    both = Catalog((*TABLES, Table("weather", (Column("wind", "DOUBLE"),), schema="stage")), version=f"both {large}")
    assert repair("SELECT degrees", both, None).sql == "SELECT degrees FROM weather"
    assert "FROM" not in (repair("SELECT wind", both, None).sql or "")


def test_a_table_of_which_only_the_name_is_known_may_have_the_column() -> None:
    listed = (*TABLES, Table("bookings", (), listed_only=True))
    text = "WITH seen AS (SELECT 1 AS price) SELECT (SELECT max(price) FROM bookings) FROM seen"
    assert semantic_model(text, Catalog(listed, partial=True)).at(text.rindex("price")) is None
    known = (*TABLES, Table("bookings", (Column("id", "INTEGER"),)))
    assert semantic_model(text, Catalog(known)).at(text.rindex("price")) is not None, "that of the query around it"


@pytest.mark.parametrize("catalog", [Catalog(TABLES), Catalog(TABLES, partial=True), Catalog(TABLES, stale=True)])
def test_what_is_not_certain_proves_no_refactoring(catalog: Catalog) -> None:
    text = "SELECT * FROM airlines"
    kinds: tuple[ActionKind, ...] = ("quickfix", "refactor.rewrite")
    titles = [action.title for action in code_actions(text, Span(7, 7), catalog, kinds)]
    assert bool(titles) is catalog.certain
