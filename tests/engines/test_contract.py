"""What every engine promises, asked of each that runs here: one body of tests for all adapters.

The adapter of another package is there as well: the template of `docs/adapter`.

Snowflake, BigQuery, Redshift and SQL Server are stand-ins here (`snowflake_stand_in.py`, `bigquery_stand_in.py`,
`redshift_stand_in.py`, `sqlserver_stand_in.py`): what they cannot show is left out, and says so.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from tests.engines.reading import rows

from speql_engines import Engine, EngineError, open_engine
from speql_engines.governed.governed_engine import GovernedEngine
from speql_engines.governed.governor import Governor
from speql_engines.governed.ledger import Ledger
from speql_engines.governed.ledger_writer import LedgerWriter
from speql_engines.governed.settings import Limit, SpeculationSettings
from speql_engines.walk import walk

SCHEMA = """
CREATE TABLE regions (name VARCHAR(20) NOT NULL PRIMARY KEY, boss VARCHAR(20));
INSERT INTO regions VALUES ('north', 'Ann'), ('south', NULL), ('öst "x"', 'Ünal');
CREATE TABLE sales (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(20) REFERENCES regions (name), amount DECIMAL(9, 2), day DATE);
INSERT INTO sales SELECT i, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'north' ELSE 'south' END, i * 1.25,
    DATE '2024-01-01' + CAST(i % 365 AS INTEGER) FROM generate_series(0, 1999) AS r(i);
CREATE TABLE large AS SELECT i AS a, i % 1000 AS b FROM generate_series(1, 300000) AS r(i)
"""  # noqa: E501

# The stand-in's relay tells of the keys, which bqemulator does not know.
BIGQUERY_SCHEMA = """
CREATE TABLE regions (name STRING(20) NOT NULL, boss STRING(20));
INSERT INTO regions VALUES ('north', 'Ann'), ('south', NULL), ('öst "x"', 'Ünal');
CREATE TABLE sales (id INT64 NOT NULL, region STRING(20), amount NUMERIC(9, 2), day DATE);
INSERT INTO sales SELECT i, CASE MOD(i, 4) WHEN 0 THEN NULL WHEN 1 THEN 'north' ELSE 'south' END, i * NUMERIC '1.25',
    DATE_ADD(DATE '2024-01-01', INTERVAL MOD(i, 365) DAY) FROM UNNEST(GENERATE_ARRAY(0, 1999)) AS i;
CREATE TABLE large AS SELECT i AS a, MOD(i, 1000) AS b FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS i
"""

STAND_IN_CANNOT = {
    "bigquery": {
        "test_the_kind_of_a_fault_is_told": "bqemulator speaks of faults in DuckDB's words",
        "test_binding_tells_columns_or_where_the_fault_is": "bqemulator speaks of faults in DuckDB's words",
        "test_a_setting_holds_for_what_follows": "bqemulator has one time zone",
        "test_columns_of_one_name_are_all_there": "BigQuery itself refuses two columns of one name",
    },
    "snowflake": {
        "test_the_kind_of_a_fault_is_told": "fakesnow speaks of faults in DuckDB's words",
        "test_binding_tells_columns_or_where_the_fault_is": "fakesnow speaks of faults in DuckDB's words",
        "test_a_setting_holds_for_what_follows": "fakesnow has one time zone",
    },
    "sqlserver": {"test_a_setting_holds_for_what_follows": "SQL Server has no time zone to set"},
    "spark": {"test_the_catalog_lists_tables_columns_and_keys": "a table of files has no keys there, nor NOT NULL"},
}
"""By engine and test: what the engine's stand-in is not able to show, and why."""

STAND_IN_CANNOT_WALK = {
    "bigquery": {"names and types", "time limit"},
    "snowflake": {"time limit"},
    "tsql": {"time limit"},
}
"""By dialect: the steps of a walk that the engine's stand-in is not able to show."""

OpenShop = Callable[..., Awaitable[Engine]]


AMPLE = SpeculationSettings(per_statement=Limit(seconds=600.0), per_day=Limit(seconds=6_000.0), concurrency=16)
"""Limits that nothing here exceeds, so that everything is estimated, reserved and timed."""


ITS_VALUES = {
    "bigquery": (("(20, 2)", ""), ("TIMESTAMP", "DATETIME"), ("DOUBLE PRECISION", "FLOAT64"), ("''b", "\\'b")),
    "tsql": (
        ("DATE '2024-02-29'", "CAST('2024-02-29' AS DATE)"),
        ("TIMESTAMP '2024-02-29 23:59:59.123456'", "CAST('2024-02-29 23:59:59.123456' AS DATETIME2(6))"),
        ("1 = 1", "CAST(1 AS BIT)"),
    ),
    "spark": (("TIMESTAMP", "TIMESTAMP_NTZ"), ("DOUBLE PRECISION", "DOUBLE")),
}
"""Words of a dialect for values that standard SQL writes otherwise."""


@pytest.fixture(
    params=[
        "bigquery",
        "duckdb",
        "postgres",
        "redshift",
        "snowflake",
        "sqlserver",
        "spark",
        "template",
        "duckdb, governed",
        "postgres, governed",
    ]
)
async def open_shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenShop]:
    """Opens the same small shop on an engine: once for writing to make it, then as asked. Behind a governor nothing of
    what an engine promises changes.
    """
    name, _, governed = request.param.partition(", ")
    if reason := STAND_IN_CANNOT.get(name, {}).get(request.node.originalname):
        pytest.skip(f"The stand-in cannot show it: {reason}.")
    if name == "duckdb":
        database = str(tmp_path / "shop.duckdb")
        duckdb.connect(database).close()
    else:
        database = request.getfixturevalue(f"{name}_database")()
    maker = await open_engine(database, writable=True)
    for statement in schema_for(name).split(";\n"):
        await maker.submit(statement)
    await maker.close()
    engines: list[Engine] = []

    async def open_shop(**options: bool) -> Engine:
        engine = await open_engine(database, **options)
        if governed:
            writer = LedgerWriter(Ledger(tmp_path / "spending.sqlite"))
            engine = GovernedEngine(engine, Governor(engine.info, "shop", AMPLE, writer))
        engines.append(engine)
        return engine

    yield open_shop
    for engine in engines:
        await engine.close()


def schema_for(engine: str) -> str:
    """The shop in the words of the engine."""
    if engine == "sqlserver":
        found = re.sub(
            r"generate_series\((.*)\) AS r\(i\)", r"(SELECT value AS i FROM GENERATE_SERIES(\1)) AS r", SCHEMA
        )
        found = found.replace(
            "CREATE TABLE large AS SELECT i AS a, i % 1000 AS b FROM", "SELECT i AS a, i % 1000 AS b INTO large FROM"
        )
        return found.replace(
            "DATE '2024-01-01' + CAST(i % 365 AS INTEGER)", "DATEADD(day, i % 365, CAST('2024-01-01' AS DATE))"
        )
    if engine == "bigquery":
        return BIGQUERY_SCHEMA
    if engine == "spark":
        found = SCHEMA.replace(" PRIMARY KEY", "").replace(" REFERENCES regions (name)", "")
        return found.replace("generate_series(0, 1999)", "range(0, 2000, 1, 1)").replace(
            "generate_series(1, 300000)", "range(1, 300001, 1, 1)"
        )
    if engine != "snowflake":
        return SCHEMA
    found = SCHEMA
    for first, last, count in ((0, 1999, 2000), (1, 300000, 300000)):
        rows = f"FROM (SELECT SEQ4() + {first} AS i FROM TABLE(GENERATOR(ROWCOUNT => {count})))"
        found = found.replace(f"FROM generate_series({first}, {last}) AS r(i)", rows)
    return found.replace(
        "DATE '2024-01-01' + CAST(i % 365 AS INTEGER)", "DATEADD(day, CAST(i % 365 AS INTEGER), DATE '2024-01-01')"
    )


@pytest.fixture
async def shop(open_shop: OpenShop) -> Engine:
    return await open_shop()


@pytest.fixture
async def writable_shop(open_shop: OpenShop) -> Engine:
    return await open_shop(writable=True)


def running(engine: Engine) -> tuple[object, ...]:
    """The statements that have not ended."""
    found: tuple[object, ...] = getattr(engine, "engine", engine).running
    return found


def folded(names: Iterable[str]) -> list[str]:
    """Names as they are found: some engines keep those that are not quoted in capitals."""
    return [name.lower() for name in names]


async def test_the_catalog_lists_tables_columns_and_keys(shop):
    catalog = await shop.catalog()

    assert catalog.certain
    assert catalog.dialect == shop.info.dialect
    sales = catalog.find("sales")
    assert folded(column.name for column in sales.columns) == ["id", "region", "amount", "day"]
    assert [column.nullable for column in sales.columns] == [False, True, True, True]
    assert "9,2" in sales.column("amount").type.replace(" ", "")
    assert folded(sales.primary_key) == ["id"]
    (reference,) = sales.foreign_keys
    assert (folded(reference.columns), folded(reference.target_columns)) == (["region"], ["name"])
    assert reference.target.lower().endswith(".regions")
    assert sorted(folded(table.name for table in catalog.tables)) == ["large", "regions", "sales"]
    assert await shop.catalog() is catalog


async def test_a_page_is_no_longer_than_asked_for(shop):
    page = await shop.execute("SELECT id FROM sales ORDER BY id", 10)
    whole = await shop.execute("SELECT id FROM sales ORDER BY id", 2000)
    empty = await shop.execute("SELECT id, amount FROM sales WHERE id < 0", 10)

    assert page.rows.column(0).to_pylist() == list(range(10))
    assert not page.complete
    assert whole.rows.num_rows == 2000
    assert whole.complete
    assert (empty.rows.num_rows, empty.complete) == (0, True)
    assert folded(column.name for column in empty.columns) == ["id", "amount"]
    assert page.seconds > 0


async def test_values_arrive_as_they_are(shop):
    sql = """SELECT CAST(9223372036854775807 AS BIGINT), CAST('-0.10' AS DECIMAL(20, 2)), CAST(NULL AS INTEGER),
        DATE '2024-02-29', TIMESTAMP '2024-02-29 23:59:59.123456', 1 = 1, CAST(0.1 AS DOUBLE PRECISION),
        'a''b ü 🦆', '' """
    for theirs in ITS_VALUES.get(shop.info.dialect, ()):
        sql = sql.replace(*theirs)

    found = await rows(shop, sql)

    assert found == [
        (
            9223372036854775807,
            Decimal("-0.10"),
            None,
            date(2024, 2, 29),
            datetime(2024, 2, 29, 23, 59, 59, 123456),
            True,
            0.1,
            "a'b ü 🦆",
            "",
        )
    ]


async def test_columns_of_one_name_are_all_there(shop):
    result = await shop.execute("SELECT 1 AS a, 2 AS a")

    assert folded(column.name for column in result.columns) == ["a", "a"]
    assert [column[0].as_py() for column in result.rows.columns] == [1, 2]


async def test_sums_of_decimals_are_exact(shop):
    ((total, mean),) = await rows(shop, "SELECT sum(amount), min(amount) FROM sales")

    assert total == sum((Decimal(i) * Decimal("1.25") for i in range(2000)), Decimal(0))
    assert mean == Decimal(0)


async def test_binding_tells_columns_or_where_the_fault_is(shop):
    sql = "SELECT region, amuont FROM sales"
    bound = await shop.bind("SELECT region AS r, count(*) AS n FROM sales GROUP BY region")
    refused = await shop.bind(sql)

    assert bound.ok
    assert [column.name for column in bound.columns] == ["r", "n"]
    assert all(column.type for column in bound.columns)
    (problem,) = refused.problems
    assert problem.code == "unknown-column"
    assert problem.span.of(sql) == "amuont"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM sale", "unknown-table"),
        ("SELECT nonsense_function(id) FROM sales", "unknown-function"),
        ("SELECT region, id FROM sales GROUP BY region", "not-grouped"),
        ("SELECT FROM WHERE", "syntax-error"),
        ("SELECT name FROM regions r JOIN regions s ON r.name = s.name", "ambiguous-column"),
    ],
)
async def test_the_kind_of_a_fault_is_told(shop, sql, code):
    if shop.info.dialect == "spark" and code == "syntax-error":
        code = "unknown-column"  # FROM and WHERE are a name and an alias there
    with pytest.raises(EngineError) as raised:
        await shop.execute(sql)

    assert raised.value.problem.code == code
    assert (await shop.bind(sql)).problems[0].code == code


async def test_the_life_of_a_temp_table(shop):
    before = await shop.data_version()
    sql = "SELECT region, sum(amount) AS total FROM sales GROUP BY region"

    table = await shop.create_temp_table("speql_totals", sql)

    assert table.rows == 3
    assert table.bytes > 0
    assert table.columns == (await shop.bind(sql)).columns
    read = f"SELECT region, total FROM {table.sql_name} ORDER BY region"
    assert await rows(shop, read) == await rows(shop, f"{sql} ORDER BY region")
    assert (await shop.bind(read)).ok
    assert (await shop.estimate(read)).rows_scanned >= 3
    assert (await shop.submit(read)).rows.num_rows == 3
    assert (await shop.catalog()).named("speql_totals") == ()
    assert await shop.data_version() == before
    with pytest.raises(EngineError):
        await shop.create_temp_table("speql_totals", sql)
    await shop.drop_temp_table("speql_totals")
    await shop.drop_temp_table("speql_totals")
    with pytest.raises(EngineError):
        await shop.execute(read)
    assert await shop.data_version() == before


async def test_a_temp_table_that_fails_leaves_nothing(shop):
    with pytest.raises(EngineError):
        await shop.create_temp_table("speql_none", "SELECT CAST(name AS INTEGER) AS a FROM regions")

    table = await shop.create_temp_table("speql_none", "SELECT 1 AS a")
    assert await rows(shop, f"SELECT a FROM {table.sql_name}") == [(1,)]


async def test_a_temp_table_that_is_too_large_is_cut(shop):
    table = await shop.create_temp_table("speql_cut", "SELECT a FROM large", 100)

    assert table.rows == 101


async def test_a_temp_table_is_seen_by_no_other_session(open_shop):
    one, other = await open_shop(), await open_shop()
    table = await one.create_temp_table("speql_mine", "SELECT 1 AS a")

    with pytest.raises(EngineError):
        await other.execute(f"SELECT a FROM {table.sql_name}")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO regions VALUES ('west', NULL)",
        "UPDATE regions SET boss = 'X'",
        "DELETE FROM regions",
        "DROP TABLE large",
        "CREATE TABLE more AS SELECT 1 AS a",
        "SELECT 1 AS a; DROP TABLE large",
        "BEGIN",
        "",
    ],
)
async def test_what_works_ahead_cannot_write(writable_shop, sql):
    before = await writable_shop.data_version()
    for run in (writable_shop.execute, writable_shop.estimate, writable_shop.bind):
        try:
            found = await run(sql)
        except EngineError:
            continue
        assert run == writable_shop.bind, sql
        assert not found.ok
    with pytest.raises(EngineError):
        await writable_shop.create_temp_table("speql_write", sql)

    assert await writable_shop.data_version() == before
    assert await rows(writable_shop, "SELECT count(*) FROM regions") == [(3,)]
    assert await rows(writable_shop, "SELECT count(*) FROM large") == [(300000,)]


async def test_a_submit_writes_where_that_is_allowed(open_shop):
    reader = await open_shop()
    with pytest.raises(EngineError) as raised:
        await reader.submit("INSERT INTO regions VALUES ('west', NULL)")
    assert raised.value.problem.code == "read-only"
    assert "--writable" in raised.value.hint
    await reader.close()

    writer = await open_shop(writable=True)
    before = await writer.data_version()
    result = await writer.submit("INSERT INTO regions VALUES ('west', NULL)")
    told = [] if writer.info.dialect == "spark" else [{"Count": 1}]  # Spark does not count what it writes to files
    assert result.rows.to_pylist() == told
    assert await writer.data_version() != before
    assert await rows(writer, "SELECT count(*) FROM regions") == [(4,)]


@pytest.mark.parametrize("sql", ["BEGIN", "COMMIT", "PREPARE p AS SELECT 1", "CREATE TEMP TABLE x AS SELECT 1 AS a"])
async def test_what_needs_one_session_is_refused(writable_shop, sql):
    with pytest.raises(EngineError) as raised:
        await writable_shop.submit(sql)

    assert raised.value.problem.code == "not-supported"


async def test_a_setting_holds_for_what_follows(shop):
    before = await shop.data_version()
    setting = "SET TimeZone = 'Asia/Tokyo'"
    wanted = "SELECT substr(CAST(TIMESTAMP WITH TIME ZONE '2024-01-01 00:00:00+00' AS VARCHAR), 1, 19)"
    if shop.info.dialect == "spark":
        setting = "SET TIME ZONE 'Asia/Tokyo'"
        wanted = wanted.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMP").replace("VARCHAR", "STRING")
    await shop.submit(setting)

    found = await asyncio.gather(*(rows(shop, wanted) for _ in range(4)))
    assert found == [[("2024-01-01 09:00:00",)]] * 4
    assert await shop.data_version() != before


SLOW = "SELECT count(*) AS n FROM large x, large y WHERE (CAST(x.a AS BIGINT) * y.b) % 1013 = x.b"


@pytest.mark.parametrize("kind", ["execute", "submit", "create"])
async def test_a_cancelled_statement_stops_on_the_engine(shop, kind, until):
    call = {
        "execute": lambda: shop.execute(SLOW),
        "submit": lambda: shop.submit(SLOW),
        "create": lambda: shop.create_temp_table("speql_slow", SLOW),
    }[kind]
    task = asyncio.ensure_future(call())
    await until(lambda: bool(running(shop)))
    task.cancel()

    done, _ = await asyncio.wait({task}, timeout=10)

    assert done
    assert task.cancelled()
    assert not running(shop)
    if kind == "create":
        table = await shop.create_temp_table("speql_slow", "SELECT 2 AS a")
        assert await rows(shop, f"SELECT a FROM {table.sql_name}") == [(2,)]


async def test_calls_overlap(shop, until):
    slow = asyncio.ensure_future(shop.execute(SLOW))
    await until(lambda: bool(running(shop)))

    async with asyncio.timeout(20):
        assert (await shop.bind("SELECT id FROM sales")).ok
        assert await rows(shop, "SELECT count(*) FROM sales") == [(2000,)]

    assert not slow.done()
    slow.cancel()
    await asyncio.wait({slow})


async def test_an_estimate_knows_the_tables(shop, open_shop):
    if shop.info.dialect in ("postgres", "redshift"):
        await (await open_shop(writable=True)).submit("ANALYZE large")
    if shop.info.dialect == "spark":
        await (await open_shop(writable=True)).submit("ANALYZE TABLE large COMPUTE STATISTICS")
    estimate = await shop.estimate("SELECT b, count(*) FROM large WHERE a < 10 GROUP BY b")

    assert estimate.rows_scanned > 100_000
    assert estimate.rows_processed > 0


async def test_a_sample_is_a_part_of_a_table(shop):
    sampled = await shop.sample("SELECT count(*) AS n, sum(l.b) AS s FROM large AS l", "large", 0.3)
    units = await shop.sample("SELECT count(DISTINCT speql_unit) AS n FROM large", "large", 0.3)

    assert 30_000 < sampled.rows.column(0)[0].as_py() < 200_000
    assert 1 < units.rows.column(0)[0].as_py() <= 200_000
    with pytest.raises(EngineError):
        await shop.sample("SELECT 1 AS a", "large", 0.3)


async def test_functions_have_signatures(shop):
    found = await shop.functions()

    truncates = "datetrunc" if shop.info.dialect == "tsql" else "date_trunc"
    assert {"sum", "lower", truncates} <= {function.name for function in found}
    assert any(function.kind == "aggregate" for function in found if function.name == "sum")


async def test_a_walk_over_its_promises_finds_them_kept(shop):
    if isinstance(shop, GovernedEngine):
        pytest.skip("what takes hours is refused there before it runs")
    found = [finding async for finding in walk(shop, cancel_after=0.5, most_seconds=16.0)]

    names = ["query", "page", "values", "names and types", "estimate", "temp table", "cancel", "time limit", "sample"]
    assert [finding.step for finding in found] == [*names, "from outside"]
    cannot = STAND_IN_CANNOT_WALK.get(shop.info.dialect, set())
    assert [finding for finding in found if finding.right is False and finding.step not in cannot] == []
    assert {finding.step for finding in found if finding.right} >= {*names[:7]} - cannot
    assert not running(shop)


async def test_a_closed_engine_says_so(shop):
    await shop.close()
    await shop.close()

    with pytest.raises(EngineError):
        await shop.execute("SELECT 1 AS a")
