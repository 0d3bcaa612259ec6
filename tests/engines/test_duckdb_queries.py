"""What an engine answers: rows, names and types, problems with places, estimates, samples."""

import asyncio
import datetime
from decimal import Decimal

import duckdb
import pytest

from speql_engines import EngineError
from speql_engines.duckdb.errors import problem_from_error
from speql_sql import Span


async def test_execute_gives_rows_as_arrow(engine) -> None:
    result = await engine.execute(
        "SELECT region, count(*) AS n, sum(amount) FROM sales GROUP BY region ORDER BY region"
    )
    assert [column.name for column in result.columns] == ["region", "n", "sum(amount)"]
    assert [column.type for column in result.columns] == ["VARCHAR", "BIGINT", "DECIMAL(38,2)"]
    assert result.rows.to_pydict() == {
        "region": ["region 0", "region 1", "region 2"],
        "n": [334, 333, 333],
        "sum(amount)": [Decimal("250249.50"), Decimal("249250.50"), Decimal("249750.00")],
    }
    assert result.complete
    assert result.seconds > 0


@pytest.mark.parametrize(
    ("max_rows", "expected", "complete"),
    [(0, 0, False), (1, 1, False), (999, 999, False), (1000, 1000, True), (1001, 1000, True), (None, 1000, True)],
)
async def test_execute_stops_at_max_rows(engine, max_rows, expected, complete) -> None:
    result = await engine.execute("SELECT id FROM sales", max_rows)
    assert result.rows.num_rows == expected
    assert result.complete is complete


async def test_empty_results_have_columns(engine) -> None:
    result = await engine.execute("SELECT id, region FROM sales WHERE false", 10)
    assert (result.rows.num_rows, result.rows.column_names, result.complete) == (0, ["id", "region"], True)


async def test_a_hundred_million_rows_cost_their_first_page(engine) -> None:
    # Whole, this is 3 * 10^8 rows of which each costs a hash: minutes. The timeout is what fails.
    async with asyncio.timeout(10):
        result = await engine.execute("SELECT a.a, md5(a.s || b.id) FROM big a, sales b", 100)
    assert result.rows.num_rows == 100
    assert not result.complete


async def test_repeated_column_names_stay(engine) -> None:
    result = await engine.execute("SELECT 1 AS a, 2 AS a, 3 AS A")
    assert [column.name for column in result.columns] == ["a", "a", "A"]
    assert [column.to_pylist() for column in result.rows.columns] == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("expression", "type_", "value"),
    [
        ("170141183460469231731687303715884105727::HUGEINT", "HUGEINT", Decimal(2**127 - 1)),
        ("340282366920938463463374607431768211455::UHUGEINT", "UHUGEINT", str(2**128 - 1)),
        ("'10:00:00+02'::TIMETZ", "TIME WITH TIME ZONE", "10:00:00+02"),
        ("'101'::BIT", "BIT", "101"),
        ("123456789012345678901234567890123456789012::BIGNUM", "BIGNUM", "123456789012345678901234567890123456789012"),
        ("union_value(n := 1)", "UNION(n INTEGER)", "1"),
        ("{'b': '1'::BIT}", "STRUCT(b BIT)", "{'b': 1}"),
        ("'BIT'::ENUM ('BIT', 'x')", "ENUM('BIT', 'x')", "BIT"),
        ("[1, 2]", "INTEGER[]", [1, 2]),
        ("NULL", "NULL", None),
        ("DATE '2024-02-29'", "DATE", datetime.date(2024, 2, 29)),
        ("'2024-02-29 12:00:00'::TIMESTAMP", "TIMESTAMP", datetime.datetime(2024, 2, 29, 12)),
        ("'2024-02-29 12:00:00+00'::TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", None),
    ],
)
async def test_values_come_exactly(engine, expression, type_, value) -> None:
    result = await engine.execute(f"SELECT {expression} AS x, 1 AS y")
    assert result.columns[0].type == type_
    if value is not None:
        assert result.rows.column(0).to_pylist() == [value]
    else:
        assert result.rows.num_rows == 1


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO sales VALUES (5000, 'x', 1, NULL)",
        "CREATE TABLE memory.main.x (i INTEGER)",
        "DELETE FROM sales",
        "SELECT 1; SELECT 2",
        "COPY sales TO 'x.csv'",
        "SET threads = 1",
        "BEGIN",
        "EXPLAIN SELECT 1",
        "ATTACH ':memory:' AS x",
        "CHECKPOINT",
        "PIVOT sales ON region USING count(*)",
        "",
        "-- nothing",
        "WITH x AS (INSERT INTO sales VALUES (5000, 'x', 1, NULL) RETURNING *) SELECT * FROM x",
        "SELECT nextval('numbers')",
    ],
)
async def test_speculative_calls_never_write(open_duckdb, sql) -> None:
    engine = await open_duckdb()
    await engine.submit("CREATE TABLE sales (id INTEGER, region VARCHAR, amount DECIMAL(9, 2), day DATE)")
    await engine.submit("CREATE SEQUENCE numbers")
    version = await engine.data_version()
    for call in (
        engine.execute(sql),
        engine.create_temp_table("x", sql),
        engine.estimate(sql),
    ):
        with pytest.raises(EngineError):
            await call
    assert await engine.data_version() == version
    assert (await engine.execute("SELECT count(*) FROM sales")).rows.column(0).to_pylist() == [0]
    assert (await engine.submit("SELECT nextval('numbers')")).rows.column(0).to_pylist() == [1]
    assert [table.name for table in (await engine.catalog()).tables] == ["sales"]


@pytest.mark.parametrize("source", ["'/etc/hosts.csv'", "read_text('/etc/hostname')", "glob('/etc/*')"])
async def test_files_are_out_of_reach(engine, source) -> None:
    with pytest.raises(EngineError) as raised:
        await engine.execute(f"FROM {source}")
    assert raised.value.problem.code == "access-refused"
    assert "workspace" in str(raised.value)


async def test_files_of_the_workspace_are_in_reach(open_duckdb, database, tmp_path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    engine = await open_duckdb(database, workspace=workspace)
    assert (await engine.execute(f"FROM '{workspace}/a.csv'")).rows.to_pydict() == {"x": [1], "y": [2]}
    with pytest.raises(EngineError):
        await engine.execute(f"FROM '{tmp_path}/b.csv'")


async def test_python_variables_are_no_tables(engine) -> None:
    rows = {"a": [1]}
    with pytest.raises(EngineError, match="rows"):
        await engine.execute("FROM rows")
    assert rows


async def test_bind_gives_names_and_types(engine) -> None:
    binding = await engine.bind("SELECT region, avg(amount) AS mean, day + 1 FROM sales GROUP BY ALL -- done")
    assert binding.ok
    assert [(column.name, column.type) for column in binding.columns] == [
        ("region", "VARCHAR"),
        ("mean", "DOUBLE"),
        ('("day" + 1)', "DATE"),
    ]


@pytest.mark.parametrize(
    ("sql", "code", "culprit", "hint"),
    [
        ("SELECT regoin FROM sales", "unknown-column", "regoin", "region"),
        ("SELECT s.regoin FROM sales s", "unknown-column", "s.regoin", "region"),
        ("SELECT 'é😀', regoin FROM sales", "unknown-column", "regoin", "region"),
        ("SELECT * FROM sale", "unknown-table", "sale", "sales"),
        ("SELECT * FROM nowhere.sales", "unknown-table", "nowhere.sales", ""),
        ("SELECT id FROM sales a JOIN sales b ON a.id = b.id", "ambiguous-column", "id", ""),
        ("SELECT region, sum(amount) FROM sales", "not-grouped", "region", ""),
        ("SELECT lowr(region) FROM sales", "unknown-function", "lowr(region)", "lower"),
        ("SELECT sum(region) FROM sales", "type-error", "sum(region)", ""),
        ("SELECT id FROM sales GROUP", "syntax-error", None, ""),
        ("SELECT id FRM sales", "syntax-error", "sales", ""),
        ("SELECT 'abc", "syntax-error", None, ""),
        ("INSERT INTO sales VALUES (1)", "value-count", None, ""),
        ("DROP TABLE sales", "not-a-query", "DROP TABLE sales", ""),
        ("SELECT 1; SELECT 2", "several-statements", None, ""),
        ("", "empty", None, ""),
    ],
)
async def test_bind_gives_problems_with_places(engine, sql, code, culprit, hint) -> None:
    binding = await engine.bind(sql)
    assert not binding.ok
    (problem,) = binding.problems
    assert problem.code == code
    if culprit is not None:
        assert problem.span is not None
        assert problem.span.of(sql) == culprit
    assert hint in problem.hint
    assert "{" not in problem.message


async def test_execute_errors_have_places_too(engine) -> None:
    with pytest.raises(EngineError) as raised:
        await engine.create_temp_table("x", "SELECT 'é', regoin FROM sales")
    assert raised.value.problem.span == Span(12, 18)
    with pytest.raises(EngineError) as raised:
        await engine.create_temp_table("x", "SELECT region::INTEGER FROM sales")
    assert raised.value.problem.code == "type-error"
    for call in (engine.execute, engine.submit):
        for sql, place in (("SELECT 'é', regoin FROM sales", Span(12, 18)), ("SELECT 'é' FROM sale", Span(16, 20))):
            with pytest.raises(EngineError) as raised:
                await call(sql)
            assert raised.value.problem.span == place


async def test_no_table_of_ours_is_suggested(engine) -> None:
    await engine.create_temp_table("customers", "SELECT 1 AS a")
    (problem,) = (await engine.bind("SELECT * FROM customerz")).problems
    assert "customers" not in problem.hint + problem.message


async def test_estimates_come_from_the_plan(engine) -> None:
    everything = await engine.estimate("SELECT * FROM big")
    assert (everything.rows, everything.rows_scanned) == (300_000, 300_000)
    joined = await engine.estimate("SELECT * FROM big a, big b, sales")
    assert joined.rows_scanned == 601_000
    assert joined.rows_processed >= 300_000 * 300_000
    filtered = await engine.estimate("SELECT count(*) FROM big WHERE a = 1")
    assert filtered.rows == 1
    assert filtered.rows_scanned == 300_000
    with pytest.raises(EngineError):
        await engine.estimate("SELECT nothing FROM big")


@pytest.mark.parametrize("table", ["big", "main.big", "shop.main.big", "BIG"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM big",
        "SELECT count(*) FROM main.big AS b WHERE b.a >= 0",
        "SELECT count(*) FROM shop.main.big AS b(x, y) WHERE x >= 0",
        "WITH big2 AS (SELECT * FROM big) SELECT count(*) FROM big2",
        "SELECT count(*) FROM (SELECT big.s FROM big)",
        "FROM big SELECT count(big.a)",
    ],
)
async def test_samples_take_about_the_fraction(engine, table, sql) -> None:
    result = await engine.sample(sql, table, 0.5)
    (count,) = result.rows.column(0).to_pylist()
    assert 100_000 < count < 200_000


async def test_samples_of_small_tables_are_fine_grained(engine) -> None:
    # SYSTEM would take all 1,000 rows (one vector) or none.
    counts = [
        (await engine.sample("SELECT count(*) FROM sales", "sales", 0.5)).rows.column(0).to_pylist()[0]
        for _ in range(3)
    ]
    assert all(300 < count < 700 for count in counts)


async def test_sampling_leaves_other_tables_and_ctes_alone(engine) -> None:
    sql = (
        "WITH big AS (SELECT 1 AS a) "
        "SELECT (SELECT count(*) FROM sales), (SELECT count(*) FROM main.big), count(*) FROM big"
    )
    result = await engine.sample(sql, "big", 0.5)
    whole, sampled, cte = (column.to_pylist()[0] for column in result.rows.columns)
    assert (whole, cte) == (1000, 1)
    assert 100_000 < sampled < 200_000


@pytest.mark.parametrize(("table", "fraction", "most"), [("big", 0.5, 2048), ("sales", 0.5, 1)])
async def test_the_units_of_a_sample_are_what_was_drawn_as_a_whole(engine, table, fraction, most) -> None:
    key = "a" if table == "big" else "id"
    sql = f"SELECT s.speql_unit, count(*), min({key}), max({key}) FROM {table} AS s GROUP BY 1 ORDER BY 1"
    rows = (await engine.sample(sql, table, fraction)).rows.to_pylist()
    counts = [row["count_star()"] for row in rows]
    # Every unit is there as a whole: all of its rows, but for the last one, which the table's end cuts off.
    assert set(counts[:-1]) == {most}
    assert counts[-1] <= most
    assert all(row[f"max({key})"] - row[f"min({key})"] < most for row in rows)


async def test_a_sample_has_no_more_columns_than_its_table(engine) -> None:
    assert (await engine.sample("SELECT * FROM sales", "sales", 0.5)).rows.num_columns == 4


@pytest.mark.parametrize(
    ("sql", "table", "fraction"),
    [
        ("SELECT 1", "big", 0.5),
        ("SELECT * FROM sales", "big", 0.5),
        ("SELECT * FROM big", "big", 0),
        ("SELECT * FROM big", "big", 2),
        ("SELECT * FROM WHERE", "big", 0.5),
    ],
)
async def test_what_cannot_be_sampled_is_an_error(engine, sql, table, fraction) -> None:
    with pytest.raises(EngineError):
        await engine.sample(sql, table, fraction)


@pytest.mark.parametrize("sql", ["SELECT NULL AS n", "SELECT [NULL], {'a': NULL, 'b c': 1}", "SELECT MAP {'k': NULL}"])
async def test_a_binding_spells_types_as_results_do(engine, sql) -> None:
    assert (await engine.bind(sql)).columns == (await engine.execute(sql)).columns


# Where it keeps the rows of a part to read them twice, LIMIT makes DuckDB 2.0 wait for itself: another limit is used.
TWO_WAYS = "SELECT a, count(*) AS n FROM big GROUP BY a UNION ALL SELECT a + 1, max(a) FROM big GROUP BY a"
READ_TWICE = f"WITH c AS ({TWO_WAYS}) SELECT x.a, y.n FROM c x, c y WHERE x.a = y.a AND x.n > 0"
WRITTEN_TWICE = f"SELECT x.a, y.n FROM ({TWO_WAYS}) x, ({TWO_WAYS}) y WHERE x.a = y.a AND x.n > 0"
READ_ONCE = f"WITH c AS ({TWO_WAYS}) SELECT c.a, n FROM c, big b WHERE c.a = b.a"
CORRELATED = "SELECT a FROM big b WHERE a <= (SELECT max(c.a) FROM big c WHERE c.s = b.s)"


@pytest.mark.parametrize(
    "sql",
    ["SELECT a FROM big", READ_TWICE, WRITTEN_TWICE, READ_ONCE, CORRELATED, "SELECT a FROM big -- all of them"],
)
async def test_a_temp_table_of_at_most_so_many_rows(engine, sql) -> None:
    everything = (await engine.create_temp_table("everything", sql)).rows
    limited = await engine.create_temp_table("limited", sql, 10)
    large_enough = await engine.create_temp_table("enough", sql, everything)
    assert (limited.rows, large_enough.rows) == (11, everything)
    assert limited.columns == large_enough.columns == (await engine.bind(sql)).columns
    await engine.drop_temp_table("limited")
    await engine.drop_temp_table("enough")
    await engine.drop_temp_table("everything")


def test_a_full_disk_is_told_with_what_to_do() -> None:
    # What DuckDB says, to the letter; the disk of this machine is better not filled.
    said = 'IO Error: Could not write file "spill/duckdb_temp_0.tmp": No space left on device'
    problem = problem_from_error(duckdb.IOException(said), "SELECT 1")
    assert problem.code == "disk-full"
    assert problem.message == said.removeprefix("IO Error: ")
    assert "Free some space" in problem.hint
