"""A catalog from DDL text: equal to the one that the engine reads after the same statements."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from speql_engines import DuckDBEngine
from speql_sql import Catalog, Column, ForeignKey, Table
from speql_sql.ddl import catalog_of_ddl

FIXTURES = Path(__file__).parents[1] / "fixtures"

TYPES = """
    CREATE TABLE plain (a INT, b INT8, c SHORT, d TINYINT, e HUGEINT, f UINTEGER, g UHUGEINT, h BOOL, i DATE, j TIME,
        k TIMESTAMP, l DATETIME, m TIMESTAMPTZ, n TIMETZ, o TIMESTAMP_S, p TIMESTAMP_NS, q TIMESTAMP(3), r INTERVAL,
        s UUID, t GUID, u BLOB, v BYTEA, w BIT, x JSON, y OID);
    CREATE TABLE numbers (a DECIMAL, b NUMERIC(5), c DECIMAL(38, 10), d REAL, e FLOAT, f FLOAT8, g DOUBLE PRECISION,
        h FLOAT(53), i FLOAT(3));
    CREATE TABLE texts (a VARCHAR(10), b CHAR(3), c TEXT, d STRING, e BPCHAR, f VARCHAR COLLATE NOCASE NOT NULL);
    CREATE TABLE nested (a INT[], b DECIMAL(7, 2)[][], c VARCHAR[3], d MAP(VARCHAR, INT), e ENUM ('a', 'b''c'),
        f STRUCT(a INT, "B c" VARCHAR[], "select" DATE, Upper REAL), g UNION(n INT, s VARCHAR), h INT ARRAY);
"""
KEYS = """
    -- Keys of columns; a comment with ; in it.
    CREATE TABLE region (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE NOT NULL DEFAULT 'a;b', note VARCHAR NULL);
    CREATE TABLE shop (PRIMARY KEY (a, b), a INTEGER, b INTEGER, region INTEGER REFERENCES region, CHECK (a > b),
        UNIQUE (b, region), CONSTRAINT named UNIQUE (region, a));
    CREATE TABLE visit (shop_a INTEGER NOT NULL, shop_b INTEGER, parent INT REFERENCES region (id),
        CONSTRAINT to_shop FOREIGN KEY (shop_a, shop_b) REFERENCES shop (a, b));
    CREATE SCHEMA stage;
    CREATE TABLE stage.region ("Odd ID" INTEGER PRIMARY KEY, up INTEGER REFERENCES stage.region ("Odd ID"));
    CREATE TABLE "Odd ""Name" ("Odd Column" INTEGER, "ünï" INTEGER UNIQUE);
    CREATE UNIQUE INDEX by_note ON region (note);
"""
CHANGES = """
    CREATE TABLE a (x INTEGER, y VARCHAR);
    CREATE TABLE IF NOT EXISTS a (z INTEGER);
    CREATE TABLE b (x INTEGER);
    CREATE OR REPLACE TABLE b (x DATE, y DATE);
    CREATE TABLE c (x INTEGER);
    DROP TABLE c;
    ALTER TABLE a ADD PRIMARY KEY (x);
    ALTER TABLE b ADD COLUMN z BIGINT;
    ALTER TABLE b ADD COLUMN IF NOT EXISTS z DATE;
    ALTER TABLE b ALTER COLUMN y SET NOT NULL;
    INSERT INTO b VALUES ('2024-01-01', '2024-01-01', 1);
    CREATE TYPE mood AS ENUM ('ok', 'bad');
    CREATE TABLE d (m mood, n mood[]);
    CREATE SEQUENCE s;
"""
DERIVED = """
    CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR, "C" DECIMAL(5, 1));
    CREATE VIEW plain AS SELECT * FROM t WHERE a > 1;
    CREATE VIEW renamed (x, "Y") AS SELECT "c", B AS q FROM t;
    CREATE VIEW counted AS SELECT b, count(*) AS n, cast(a AS DOUBLE) AS d FROM t GROUP BY ALL;
    CREATE VIEW on_view AS SELECT x, n FROM renamed JOIN counted ON counted.b = renamed."Y";
    CREATE TABLE copied AS SELECT a, b, "C"::INT AS c FROM t;
    CREATE MACRO plus_one(x) AS x + 1;
"""
COLLATED = """
    CREATE TABLE t (a VARCHAR COLLATE NOCASE, b VARCHAR DEFAULT 'collate x', n INTEGER);
    CREATE VIEW v AS SELECT a, n, b AS other FROM t;
"""
UNSAFE = """
    CREATE TABLE t (a INTEGER);
    CREATE VIEW drawn AS SELECT a, random() AS r FROM t;
    CREATE VIEW drawn_too AS SELECT r AS s FROM drawn;
    CREATE TABLE lucky (a INTEGER, b DOUBLE GENERATED ALWAYS AS (a * random()));
    CREATE TABLE doubled (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2));
"""
TEXTS = {"types": TYPES, "keys": KEYS, "changes": CHANGES, "derived": DERIVED, "collated": COLLATED, "unsafe": UNSAFE}
FILES = ["repair/schema_flights.sql", "repair/schema_shop.sql", "repair/schema_demo.sql"]


def _comparable(table: Table) -> Table:
    """Without what only a database knows. The type of a computed column may be unknown to the reader of the text."""
    return replace(table, database="", row_count=None, bytes=None)


async def _of_engine(ddl: str, tmp_path: Path) -> Catalog:
    path = tmp_path / "world.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(ddl)
    engine = await DuckDBEngine.open(path, spill_parent=tmp_path / "spill")
    try:
        return await engine.catalog()
    finally:
        await engine.close()


@pytest.mark.parametrize("ddl", TEXTS.values(), ids=TEXTS)
async def test_the_catalog_is_the_one_that_the_engine_reads(ddl: str, tmp_path: Path) -> None:
    real = await _of_engine(ddl, tmp_path)
    read = catalog_of_ddl(ddl)
    assert not read.problems
    expected = {(table.schema, table.name): _comparable(table) for table in real.tables}
    found = {(table.schema, table.name): table for table in read.catalog.tables}
    assert list(found) == list(expected)
    for name, table in found.items():
        types_told = [
            replace(column, type="") if not known.type else column
            for column, known in zip(expected[name].columns, table.columns, strict=True)
        ]
        assert table == replace(expected[name], columns=tuple(types_told))
    assert read.catalog.user_functions == real.user_functions
    assert read.catalog.dialect == real.dialect
    unknown = [column.name for table in found.values() for column in table.columns if not column.type]
    assert unknown == (["r", "s"] if ddl is UNSAFE else [])


@pytest.mark.parametrize("name", FILES)
async def test_schemas_of_the_fixtures_are_read_whole(name: str, tmp_path: Path) -> None:
    ddl = (FIXTURES / name).read_text(encoding="utf-8")
    real, read = await _of_engine(ddl, tmp_path), catalog_of_ddl(ddl)
    assert not read.problems
    assert read.catalog.tables == tuple(map(_comparable, real.tables))


def test_names_are_found_as_an_engine_finds_them() -> None:
    catalog = catalog_of_ddl(KEYS).catalog
    assert catalog.find("REGION").schema == "main"
    assert catalog.find("region", "main") is catalog.find("region")
    assert catalog.find("region", "stage").primary_key == ("Odd ID",)
    assert catalog.find("visit").foreign_keys[1] == ForeignKey(("shop_a", "shop_b"), "main.shop", ("a", "b"))


@pytest.mark.parametrize(
    ("ddl", "code", "left"),
    [
        ("CREATE TABLE t (a INT); CREATE TABLE u (a INT,, b", "cannot-parse", ["t"]),
        ("CREATE TABLE t (a INT); nonsense here", "", ["t"]),
        ("CREATE TABLE t (a INT); CREATE TABLE t (b INT)", "duplicate-table", ["t"]),
        ("CREATE TABLE t (a INT, A INT)", "not-read", []),
        ("CREATE TABLE t (a INT, PRIMARY KEY (b))", "not-read", []),
        ("CREATE TABLE t (a INT); CREATE TABLE u (LIKE t)", "not-read", ["t"]),
        ("CREATE TEMP TABLE t (a INT)", "not-read", []),
        ("CREATE TABLE t (a INT); ALTER TABLE t RENAME COLUMN a TO b", "not-read", []),
        ("CREATE TABLE t (a INT); ALTER TABLE t ALTER COLUMN a TYPE DATE", "not-read", []),
        ("CREATE TABLE t (a INT); CREATE OR REPLACE TABLE t (a INT", "cannot-parse", []),
        ("CREATE SCHEMA s; CREATE TABLE s.t (a INT); DROP SCHEMA s CASCADE", "not-read", []),
        ("CREATE TABLE t (a INT REFERENCES nowhere (b))", "unknown-key-target", ["t"]),
        ("CREATE TABLE t (a INT); CREATE VIEW v AS SELECT b FROM t", "not-read", ["t"]),
        ("CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a + 1 FROM t", "not-read", ["t"]),
        ("CREATE TABLE t (a INT); SET search_path = 's'", "not-read", ["t"]),
        ("CREATE TABLE t (a INT); CREATE TABLE 'open", "cannot-parse", []),
        ("CREATE TYPE", "", []),
        ("ALTER TABLE", "", []),
        ("\x00", "", []),
        ("", None, []),
    ],
)
def test_what_is_not_read_is_told_and_left_out(ddl: str, code: str | None, left: list[str]) -> None:
    read = catalog_of_ddl(ddl)
    assert [table.name for table in read.catalog.tables] == left
    assert bool(read.problems) == (code is not None)
    if code:
        assert read.problems[0].code == code
    for problem in read.problems:
        assert problem.span is None or problem.span.of(ddl).strip() == problem.span.of(ddl)


def test_every_prefix_of_a_text_is_read_without_an_error() -> None:
    ddl = KEYS + CHANGES + DERIVED
    for end in range(0, len(ddl), 7):
        catalog_of_ddl(ddl[:end])


@pytest.mark.parametrize(
    ("dialect", "ddl", "expected"),
    [
        ("postgres", 'CREATE TABLE T (A INT PRIMARY KEY, "B" text)', ("public", "t", "a", "B")),
        ("snowflake", 'CREATE TABLE t (a INT, "b" VARCHAR)', ("PUBLIC", "T", "A", "b")),
        ("redshift", "CREATE TABLE t (a INT, b VARCHAR(3)) DISTKEY (a)", ("public", "t", "a", "b")),
        ("tsql", "CREATE TABLE [dbo].[T x] ([a] INT NOT NULL, b NVARCHAR(5))", ("dbo", "T x", "a", "b")),
        ("bigquery", "CREATE TABLE d.t (a INT64 NOT NULL, b STRING)", ("d", "t", "a", "b")),
        ("spark", "CREATE TABLE t (a INT, b STRING) USING parquet", ("", "t", "a", "b")),
    ],
)
def test_other_dialects(dialect: str, ddl: str, expected: tuple[str, ...]) -> None:
    read = catalog_of_ddl(ddl, dialect)
    assert not read.problems
    (table,) = read.catalog.tables
    assert (table.schema, table.name, *(column.name for column in table.columns)) == expected
    assert read.catalog.find(table.name, table.schema) is table


def test_a_dump_of_postgres_is_read() -> None:
    ddl = """
        SET statement_timeout = 0;
        CREATE TABLE public.a (id integer NOT NULL, name character varying(20), ts timestamp DEFAULT now());
        ALTER TABLE public.a OWNER TO me;
        CREATE SEQUENCE public.s START WITH 1;
        ALTER TABLE ONLY public.a ALTER COLUMN id SET DEFAULT nextval('public.s'::regclass);
        ALTER TABLE ONLY public.a ALTER COLUMN ts DROP DEFAULT;
        ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);
        CREATE TABLE public.b (x serial, a_id int NOT NULL);
        ALTER TABLE public.b ALTER COLUMN a_id DROP NOT NULL;
        ALTER TABLE ONLY public.b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES public.a (id) ON DELETE CASCADE;
        CREATE FUNCTION F(x int) RETURNS int AS $$ SELECT 1; SELECT 2 $$ LANGUAGE sql;
        CREATE MATERIALIZED VIEW public.m AS SELECT id FROM public.a;
    """
    read = catalog_of_ddl(ddl, "postgres")
    assert not read.problems
    a, b, m = read.catalog.tables
    assert (a.primary_key, a.column("id").nullable) == (("id",), False)
    assert (b.foreign_keys, b.column("a_id").nullable) == ((ForeignKey(("a_id",), "public.a", ("id",)),), True)
    assert (m.kind, m.columns) == ("view", (Column("id", "INT"),))
    assert read.catalog.user_functions == {"f"}


def test_keys_of_t_sql() -> None:
    ddl = """CREATE TABLE dbo.t (a INT IDENTITY(1,1) NOT NULL, b INT NOT NULL,
        CONSTRAINT pk PRIMARY KEY CLUSTERED (a ASC), CONSTRAINT uq UNIQUE NONCLUSTERED (b, a))"""
    (table,) = catalog_of_ddl(ddl, "tsql").catalog.tables
    assert (table.primary_key, table.unique_keys) == (("a",), (("b", "a"),))


def test_a_default_collation_makes_all_text_uncertain() -> None:
    read = catalog_of_ddl("CREATE TABLE t (a VARCHAR, n INT); SET default_collation = NOCASE")
    assert [column.type for column in read.catalog.tables[0].columns] == ["VARCHAR COLLATE UNKNOWN", "INTEGER"]
    assert read.problems


def test_text_that_compares_loosely_by_default_is_not_plain_text() -> None:
    """Under T-SQL's default collation 'a' = 'A': columns that are equal need not be the same."""
    read = catalog_of_ddl("CREATE TABLE t (a VARCHAR(5), n INT)", "tsql")
    assert read.catalog.tables[0].columns == (Column("a", "VARCHAR(5) COLLATE UNKNOWN"), Column("n", "INTEGER"))


def test_versions_tell_texts_and_dialects_apart() -> None:
    texts = ("CREATE TABLE t (a INT)", "CREATE TABLE t (b INT)")
    versions = {catalog_of_ddl(text, dialect).catalog.version for text in texts for dialect in ("duckdb", "postgres")}
    assert len(versions) == 4


def test_a_dialect_that_is_not_known_is_a_problem() -> None:
    assert catalog_of_ddl("CREATE TABLE t (a INT)", "klingon").problems[0].code == "unknown-dialect"
