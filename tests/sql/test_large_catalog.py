"""What makes a catalog of 100,000 tables light answers as the plain one does."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speql_sql import Catalog, Column, Table
from speql_sql.catalog import _index
from speql_sql.column_index import MOST, ColumnIndex
from speql_sql.packed_columns import PackedColumns, TypeSpellings
from speql_sql.sorted_names import SortedNames

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
COLUMNS = st.lists(st.builds(Column, NAMES, st.sampled_from(["INTEGER", "VARCHAR", ""]), st.booleans()), max_size=6)


@settings(max_examples=60)
@given(st.lists(COLUMNS, max_size=5))
def test_packed_columns_are_the_columns(tables: list[list[Column]]) -> None:
    types = TypeSpellings()
    packed = [PackedColumns.of(columns, types) for columns in tables]
    read_again = [PackedColumns(one.data, TypeSpellings(types.from_number(0))) for one in packed]
    for columns, one, again in zip(tables, packed, read_again, strict=True):
        assert one.unpacked() == again.unpacked() == tuple(columns)
        assert len(one) == len(columns)
        table = Table("t", one)
        assert table == Table("t", tuple(columns))
        assert list(table.folded_columns()) == [column.name.lower() for column in columns]


def test_a_table_keeps_its_columns_packed() -> None:
    table = Table("t", PackedColumns.of([Column("a", "INTEGER")], TypeSpellings()), row_count=1)
    updated = table.updated(2, "unsafe")
    assert updated.packed is table.packed
    assert (updated.row_count, updated.unsafe, updated.columns) == (2, "unsafe", (Column("a", "INTEGER"),))
    with pytest.raises(TypeError):
        Table("t")  # type: ignore[call-arg]


LETTERS = st.sampled_from(["a", "A", "b", "main", "x"])
TABLES = st.lists(st.builds(Table, LETTERS, st.just(()), LETTERS, LETTERS), max_size=8)


@settings(max_examples=60)
@given(TABLES, st.lists(st.tuples(LETTERS, LETTERS), max_size=3))
def test_names_are_found_as_in_one_index_of_all(tables: list[Table], path: list[tuple[str, str]]) -> None:
    catalog = Catalog(tuple(tables), path=tuple(path))
    index = _index(tables, tuple(path))
    for database, schema, name in product(["", "a", "A", "main"], ["", "a", "b", "main"], ["a", "B", "x", "none"]):
        parts = tuple(part.lower() for part in (database, schema, name) if part)
        assert catalog.find(name, schema, database) is index.get(parts)
    assert catalog.named("a", "x") == tuple(table for table in tables if table.name.lower() in ("a", "x"))


def test_the_index_of_columns_finds_what_a_dictionary_does(monkeypatch: pytest.MonkeyPatch) -> None:
    types = TypeSpellings()
    tables = tuple(
        Table(f"t{number}", PackedColumns.of([Column("Id", "INTEGER"), Column(f"c{number % 7}", "DATE")], types))
        for number in range(40)
    )
    plain = Catalog(tables).tables_by_column
    monkeypatch.setattr("speql_sql.catalog.LARGE", 10)
    large = Catalog(tables).tables_by_column
    assert isinstance(large, ColumnIndex)
    assert {name: large[name] for name in large} == plain
    assert large.get("nothing") is None
    assert "ID" not in large
    again = ColumnIndex.from_data(tables, large.data)
    assert again["c3"] == plain["c3"]
    more = (*tables, Table("new", (Column("c3", "DATE"),)))
    assert large.with_more(more)["c3"] == (*plain["c3"], more[-1])


def test_a_column_of_every_table_gives_the_first_of_them() -> None:
    tables = [Table(f"t{number}", (Column("id", "INTEGER"),)) for number in range(MOST + 5)]
    assert ColumnIndex.of(tables)["id"] == tuple(tables[:MOST])


@settings(max_examples=60)
@given(st.lists(NAMES, max_size=12), NAMES)
def test_names_that_begin_with_something(names: list[str], beginning: str) -> None:
    index = SortedNames(names)
    expected = {name for name in names if name.lower().startswith(beginning.lower())}
    assert set(index.beginning(beginning)) == expected
    assert index.any_beginning(beginning) == bool(expected)


def test_names_like_one_share_their_beginning() -> None:
    names = SortedNames([f"order_{number:03}" for number in range(100)] + ["customers"])
    assert names.like("custoners", 5) == ["customers"]
    assert names.like("order_0127", 20) == [f"order_{number:03}" for number in range(10, 20)]
    assert names.like("zebra", 5) == []


def test_a_stale_catalog_is_another_version_and_proves_nothing() -> None:
    catalog = Catalog((Table("t", (Column("a", "INTEGER"),)),), version="1", loaded_at=50.0)
    stale = catalog.as_stale()
    assert catalog.certain
    assert not stale.certain
    assert stale.version != catalog.version
    assert stale.find("t") is catalog.find("t")
    assert (catalog.age(80.0), Catalog().age(80.0)) == (30.0, None)


def test_an_overlay_of_a_large_catalog_knows_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speql_sql.catalog.LARGE", 1)
    tables = tuple(Table(f"t{number}", (Column("a", "INTEGER"),)) for number in range(3))
    catalog = Catalog(tables).prepared()
    added = Table("new", (Column("b", "DATE"),))
    overlaid = catalog.with_tables([added], "2")
    assert overlaid.tables_by_column["b"] == (added,)
    assert overlaid.tables_by_column["a"] == tables
    assert overlaid.find("new") is added
    assert "b" not in catalog.tables_by_column
