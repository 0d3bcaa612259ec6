"""The catalog that an engine reads."""

import duckdb
import pytest

from speql_sql import Column, ForeignKey
from speql_sql.guard import GuardPolicy

SCHEMA = """
    CREATE TABLE region (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE NOT NULL, note VARCHAR);
    CREATE TABLE shop (a INTEGER, b INTEGER, region INTEGER REFERENCES region (id),
        PRIMARY KEY (a, b), UNIQUE (b, region));
    CREATE TABLE visit (shop_a INTEGER, shop_b INTEGER, moment TIMESTAMPTZ, price DECIMAL(7, 2), tags VARCHAR[],
        FOREIGN KEY (shop_a, shop_b) REFERENCES shop (a, b));
    CREATE SCHEMA stage;
    CREATE TABLE stage.region AS SELECT range AS id FROM range(7);
    CREATE TABLE "Odd Name" ("Odd Column" MAP(VARCHAR, INTEGER), mood ENUM ('ok', 'bad'));
    INSERT INTO region SELECT range, 'r' || range, NULL FROM range(5);
    CREATE VIEW names AS SELECT name, length(name) AS n FROM region;
    CREATE VIEW drawn AS SELECT *, random() AS r FROM region;
    CREATE VIEW drawn_too AS SELECT count(*) AS n FROM drawn;
    CREATE VIEW counted AS SELECT count(*) AS n FROM names;
    CREATE TABLE lucky (a INTEGER, b DOUBLE GENERATED ALWAYS AS (a * random()));
    CREATE TABLE doubled (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2));
    CREATE MACRO plus_one(x) AS x + 1;
    CREATE MACRO some_rows() AS TABLE SELECT 1 AS a;
    CREATE VIEW macroed AS SELECT plus_one(id) AS n FROM region;
"""


@pytest.fixture
async def catalog(open_duckdb, tmp_path):
    path = tmp_path / "world.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA)
    engine = await open_duckdb(path)
    await engine.create_temp_table("scratch_table", "SELECT 1 AS a")
    return await engine.catalog()


async def test_tables_and_views_of_all_schemas(catalog) -> None:
    assert sorted((table.schema, table.name, table.kind) for table in catalog.tables) == [
        ("main", "Odd Name", "table"),
        ("main", "counted", "view"),
        ("main", "doubled", "table"),
        ("main", "drawn", "view"),
        ("main", "drawn_too", "view"),
        ("main", "lucky", "table"),
        ("main", "macroed", "view"),
        ("main", "names", "view"),
        ("main", "region", "table"),
        ("main", "shop", "table"),
        ("main", "visit", "table"),
        ("stage", "region", "table"),
    ]
    assert {table.database for table in catalog.tables} == {"world"}
    assert catalog.dialect == "duckdb"
    assert catalog.path == (("world", "main"),)
    assert catalog.find("region").schema == "main"
    assert catalog.find("region", "stage").row_count == 7


async def test_columns(catalog) -> None:
    assert catalog.find("region").columns == (
        Column("id", "INTEGER", False),
        Column("name", "VARCHAR", False),
        Column("note", "VARCHAR", True),
    )
    assert [column.type for column in catalog.find("visit").columns] == [
        "INTEGER",
        "INTEGER",
        "TIMESTAMP WITH TIME ZONE",
        "DECIMAL(7,2)",
        "VARCHAR[]",
    ]
    assert catalog.find("odd name").columns == (
        Column("Odd Column", "MAP(VARCHAR, INTEGER)"),
        Column("mood", "ENUM('ok', 'bad')"),
    )
    assert [(column.name, column.type) for column in catalog.find("names").columns] == [
        ("name", "VARCHAR"),
        ("n", "BIGINT"),
    ]


async def test_keys(catalog) -> None:
    region, shop, visit = (catalog.find(name) for name in ("region", "shop", "visit"))
    assert (region.primary_key, region.unique_keys) == (("id",), (("name",),))
    assert region.keys == (frozenset({"id"}), frozenset({"name"}))
    assert (shop.primary_key, shop.unique_keys) == (("a", "b"), (("b", "region"),))
    assert shop.keys == (frozenset({"a", "b"}),)
    assert shop.foreign_keys == (ForeignKey(("region",), "main.region", ("id",)),)
    assert visit.foreign_keys == (ForeignKey(("shop_a", "shop_b"), "main.shop", ("a", "b")),)


async def test_row_counts(catalog) -> None:
    assert catalog.find("region").row_count == 5
    assert catalog.find("visit").row_count == 0
    assert catalog.find("names").row_count is None


async def test_what_may_not_be_speculated_is_known(catalog) -> None:
    assert {table.name for table in catalog.tables if table.unsafe} == {"drawn", "drawn_too", "lucky", "macroed"}
    assert catalog.user_functions == {"plus_one", "some_rows"}
    policy = GuardPolicy.for_catalog(catalog)
    assert policy.unsafe_tables == {"drawn", "drawn_too", "lucky", "macroed"}


async def test_the_catalog_is_read_once_for_a_version(engine) -> None:
    first = await engine.catalog()
    await engine.execute("SELECT 1")
    await engine.create_temp_table("x", "SELECT 1 AS a")
    assert await engine.catalog() is first
    await engine.submit("SET integer_division = true")
    assert await engine.catalog() is not first


async def test_a_broken_view_hides_nothing_else(open_duckdb, tmp_path) -> None:
    path = tmp_path / "broken.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT 1 AS a; CREATE VIEW v AS SELECT a FROM t; CREATE TABLE u AS SELECT 2 AS b"
        )
        connection.execute("DROP TABLE t")
    catalog = await (await open_duckdb(path)).catalog()
    assert [table.name for table in catalog.tables] == ["u", "v"]


async def test_collations_are_part_of_the_type(open_duckdb, tmp_path) -> None:
    """Equal values need not be the same under a collation, and DuckDB's own lists of columns leave it out."""
    path = tmp_path / "collated.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t (a VARCHAR COLLATE NOCASE, b VARCHAR DEFAULT 'collate x', n INTEGER)")
        connection.execute("CREATE VIEW v AS SELECT a, n FROM t")
    catalog = await (await open_duckdb(path)).catalog()
    types = {f"{table.name}.{column.name}": column.type for table in catalog.tables for column in table.columns}
    assert types == {
        "t.a": "VARCHAR COLLATE NOCASE",
        "t.b": "VARCHAR",
        "t.n": "INTEGER",
        "v.a": "VARCHAR COLLATE UNKNOWN",
        "v.n": "INTEGER",
    }


async def test_a_default_collation_is_part_of_every_type_of_text(open_duckdb) -> None:
    engine = await open_duckdb()
    await engine.submit("CREATE TABLE t (a VARCHAR, n INTEGER)")
    await engine.submit("SET default_collation = 'NOCASE'")
    catalog = await engine.catalog()
    assert [column.type for column in catalog.tables[0].columns] == ["VARCHAR COLLATE NOCASE", "INTEGER"]
