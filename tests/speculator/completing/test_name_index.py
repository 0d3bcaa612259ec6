"""Names are looked up by their beginnings, in catalogs of any size."""

import pytest

from speql_speculator.completing import name_index as module
from speql_speculator.completing.completion import LIMIT, completions
from speql_speculator.completing.name_index import NameIndex, name_index
from speql_sql import Catalog, Column, ForeignKey, Table

WORDS = ("orders", "order_lines", "fact_orders", "Customers", "dim_customer", "zebra")


def large(count: int) -> Catalog:
    """Tables in ten schemas, one of which is searched; all but the first refer to the first."""
    keys = (ForeignKey(("root_id",), "main.dim_root_0", ("id",)),)
    tables = [
        Table(
            f"{'dim' if number % 2 == 0 else 'fact'}_{('root', 'leaf')[number > 0]}_{number}",
            (Column("id", "BIGINT"), Column("root_id", "BIGINT"), Column(f"own_{number}", "VARCHAR")),
            "main" if number % 10 == 0 else f"schema_{number % 10}",
            primary_key=("id",),
            foreign_keys=keys if number else (),
        )
        for number in range(count)
    ]
    return Catalog(tuple(tables), path=(("", "main"),))


@pytest.mark.parametrize("chunk", [1, 2, 8_192])
def test_names_are_found_by_their_beginning(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(module, "_CHUNK", chunk)
    index = NameIndex(Catalog(tuple(Table(name, (Column("a", "INTEGER"),)) for name in WORDS)))
    assert [table.name for table in index.beginning("ord")] == ["order_lines", "orders"]
    assert [table.name for table in index.beginning("")] == sorted(WORDS, key=str.lower)
    assert [table.name for table in index.beginning("zz")] == []
    assert [table.name for table in index.with_word("cust")] == ["dim_customer"]
    assert [table.name for table in index.with_word("orders")] == ["fact_orders"]


def test_names_are_found_in_their_schema() -> None:
    index = name_index(large(200))
    assert {table.schema for table in index.beginning("fact", ("schema_3",))} == {"schema_3"}
    assert [table.name for table in index.beginning("fact_leaf_13", ("", "SCHEMA_3"))] == [
        "fact_leaf_13",
        "fact_leaf_133",
    ]
    assert list(index.beginning("fact", ("nowhere",))) == []


def test_columns_are_found_by_their_beginning() -> None:
    index = name_index(large(20))
    found = [(column.name, count) for column, _, count in index.columns_beginning("ro")]
    assert found == [("root_id", 20)]
    assert [column.name for column, _, _ in index.columns_beginning("own_1")][:2] == ["own_1", "own_10"]


def test_what_refers_to_a_table_is_known() -> None:
    catalog = large(20)
    assert len(name_index(catalog).referring_to(catalog.tables[0])) == 19


def test_a_large_catalog_is_completed_within_bounds() -> None:
    catalog = large(12_000)
    every = completions("SELECT * FROM ", 14, catalog)
    assert len(every.proposals) == LIMIT
    assert every.incomplete
    some = completions("SELECT * FROM fact_leaf_1199", 28, catalog)
    names = [one.text for one in some.proposals]
    numbers = (1199, 11991, 11993, 11995, 11997, 11999)
    assert names == [f"schema_{number % 10}.fact_leaf_{number}" for number in numbers]
    assert "dim_leaf_11990" in [one.text for one in completions("FROM leaf_1199", 14, catalog).proposals]
    inside = completions("SELECT * FROM schema_7.fact_leaf_119", 36, catalog)
    assert {one.text for one in inside.proposals} >= {"fact_leaf_1197", "fact_leaf_11907"}
    assert all(one.subject.schema == "schema_7" for one in inside.proposals if isinstance(one.subject, Table))
    partners = [one for one in completions("FROM dim_root_0 AS d JOIN ", 26, catalog).proposals if " ON " in one.text]
    assert len(partners) == 20
    assert partners[0].text.endswith(".root_id = d.id")
    assert [one.text for one in completions("SELECT own_1199", 15, catalog).proposals][:2] == ["own_1199", "own_11990"]
