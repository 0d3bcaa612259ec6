"""What the user's own statements may do, and what follows from them."""

import pytest

from speql_engines import EngineError

WRITES = [
    "INSERT INTO sales VALUES (5000, 'x', 1, NULL)",
    "UPDATE sales SET amount = 0",
    "DELETE FROM sales",
    "CREATE TABLE x AS SELECT 1 AS a",
    "CREATE TABLE memory.main.x (a INTEGER)",
    "CREATE VIEW x AS SELECT 1 AS a",
    "CREATE MACRO x(a) AS a",
    "ALTER TABLE sales ADD COLUMN x INTEGER",
    "DROP TABLE sales",
    "TRUNCATE sales",
    "WITH x AS (INSERT INTO memory.main.y VALUES (1) RETURNING *) FROM x",
]


@pytest.mark.parametrize("sql", WRITES)
async def test_writes_are_refused_when_reading_only(engine, sql) -> None:
    version = await engine.data_version()
    with pytest.raises(EngineError) as raised:
        await engine.submit(sql)
    if "memory.main.y" not in sql:
        assert "--writable" in str(raised.value)
        assert raised.value.problem.code == "read-only"
    assert await engine.data_version() == version


@pytest.mark.parametrize("sql", WRITES)
@pytest.mark.parametrize("kind", ["file", "memory"])
async def test_writes_are_run_and_change_the_version(open_duckdb, database, sql, kind) -> None:
    engine = await open_duckdb(database, writable=True) if kind == "file" else await open_duckdb()
    if kind == "memory":
        await engine.submit("CREATE TABLE sales AS SELECT 1 AS id, 'x' AS region, 1.5 AS amount, NULL::DATE AS day")
    await engine.submit("CREATE TABLE memory.main.y (a INTEGER)")
    version = await engine.data_version()
    await engine.submit(sql)
    assert await engine.data_version() != version
    assert (await engine.catalog()).version == await engine.data_version()


async def test_an_in_memory_database_is_written_and_read(open_duckdb) -> None:
    engine = await open_duckdb()
    assert (await engine.catalog()).tables == ()
    await engine.submit("CREATE TABLE t AS SELECT range AS i FROM range(10)")
    inserted = await engine.submit("INSERT INTO t VALUES (10), (11) RETURNING i * 2 AS twice")
    assert inserted.rows.to_pydict() == {"twice": [20, 22]}
    assert (await engine.submit("INSERT INTO t VALUES (12)")).rows.to_pydict() == {"Count": [1]}
    assert (await engine.execute("SELECT count(*) AS n FROM t")).rows.to_pydict() == {"n": [13]}
    assert [(t.database, t.schema, t.name) for t in (await engine.catalog()).tables] == [("memory", "main", "t")]


async def test_a_failed_write_changes_nothing_but_is_suspected(open_duckdb) -> None:
    engine = await open_duckdb()
    await engine.submit("CREATE TABLE t (i INTEGER PRIMARY KEY)")
    version = await engine.data_version()
    with pytest.raises(EngineError) as raised:
        await engine.submit("INSERT INTO t VALUES (1), (1)")
    assert raised.value.problem.code == "constraint"
    assert (await engine.execute("SELECT count(*) FROM t")).rows.column(0).to_pylist() == [0]
    assert await engine.data_version() != version


async def test_reading_changes_no_version(open_duckdb, database) -> None:
    for engine in (await open_duckdb(), await open_duckdb(database, writable=True)):
        version = await engine.data_version()
        for sql in ("SELECT 1", "EXPLAIN SELECT 1", "SHOW TABLES", "PRAGMA version", "FROM range(3)"):
            await engine.submit(sql)
        assert await engine.data_version() == version
        await engine.close()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SHOW TABLES", [("big",), ("sales",)]),
        ("EXPLAIN SELECT 1", None),
        ("PIVOT (SELECT id % 2 AS parity FROM sales) ON parity USING count(*)", [(500, 500)]),
        ("WITH x AS (SELECT 1 AS a) FROM x;", [(1,)]),
        ("SELECT 1 -- one", [(1,)]),
    ],
)
async def test_statements_that_read_are_run(engine, sql, expected) -> None:
    result = await engine.submit(sql)
    assert result.rows.num_rows
    if expected is not None:
        assert [tuple(row.values()) for row in result.rows.to_pylist()] == expected


async def test_submit_stops_at_max_rows(engine) -> None:
    result = await engine.submit("SELECT id FROM sales", 10)
    assert (result.rows.num_rows, result.complete) == (10, False)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("BEGIN", "not-supported"),
        ("COMMIT", "not-supported"),
        ("PREPARE p AS SELECT 1", "not-supported"),
        ("EXECUTE p", "not-supported"),
        ("ATTACH ':memory:' AS x", "not-supported"),
        ("DETACH shop", "not-supported"),
        ("CREATE TEMP TABLE x (i INTEGER)", "not-supported"),
        ("create or replace temporary view x as select 1", "not-supported"),
        ("SELECT 1; SELECT 2", "several-statements"),
        ("  ", "empty"),
        ("SELEC 1", "syntax-error"),
        ("SET enable_external_access = true", None),
        ("SET no_such_setting = 1", None),
    ],
)
async def test_what_cannot_be_submitted_says_why(open_duckdb, database, sql, code) -> None:
    engine = await open_duckdb(database, writable=True)
    version = await engine.data_version()
    with pytest.raises(EngineError) as raised:
        await engine.submit(sql)
    assert raised.value.message
    if code is not None:
        assert raised.value.problem.code == code
    assert await engine.data_version() == version
    assert (await engine.execute("SELECT count(*) FROM sales")).rows.column(0).to_pylist() == [1000]


async def test_settings_hold_for_all_that_follows(engine) -> None:
    version = await engine.data_version()
    await engine.submit("SET TimeZone = 'Asia/Tokyo'")
    await engine.submit("SET integer_division = true")
    assert await engine.data_version() != version
    sql = "SELECT current_setting('TimeZone') AS zone, 7 / 2 AS half"
    for call in (engine.execute, engine.submit):
        assert (await call(sql)).rows.to_pydict() == {"zone": ["Asia/Tokyo"], "half": [3]}
    await engine.create_temp_table("x", sql)
    assert (await engine.execute("FROM speql_scratch.main.x")).rows.to_pydict() == {"zone": ["Asia/Tokyo"], "half": [3]}
    await engine.submit("RESET integer_division")
    assert (await engine.execute("SELECT 7 / 2 AS half")).rows.to_pydict() == {"half": [3.5]}
    await engine.submit("SET VARIABLE answer = 42")
    assert (await engine.execute("SELECT getvariable('answer') AS a")).rows.to_pydict() == {"a": [42]}


async def test_use_changes_what_names_mean(open_duckdb, database) -> None:
    engine = await open_duckdb(database, writable=True)
    await engine.submit("CREATE SCHEMA other")
    await engine.submit("CREATE TABLE other.sales AS SELECT 1 AS id")
    await engine.submit("USE shop.other")
    assert (await engine.execute("SELECT count(*) FROM sales")).rows.column(0).to_pylist() == [1]
    catalog = await engine.catalog()
    assert catalog.path[0] == ("shop", "other")
    assert catalog.find("sales").schema == "other"
    await engine.submit("DROP SCHEMA other CASCADE")
    with pytest.raises(EngineError, match="forgotten"):
        await engine.execute("SELECT 1")
    assert (await engine.execute("SELECT count(*) FROM sales")).rows.column(0).to_pylist() == [1000]


async def test_a_failed_setting_is_not_kept(engine) -> None:
    with pytest.raises(EngineError):
        await engine.submit("SET TimeZone = 'Nowhere/AtAll'")
    await engine.execute("SELECT 1")


async def test_copy_writes_files_of_the_workspace_only(open_duckdb, database, tmp_path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    engine = await open_duckdb(database, workspace=workspace)
    await engine.submit(f"COPY (SELECT 1 AS a) TO '{workspace}/out.csv'")
    assert (workspace / "out.csv").read_text() == "a\n1\n"
    with pytest.raises(EngineError):
        await engine.submit(f"COPY (SELECT 1 AS a) TO '{tmp_path}/out.csv'")
