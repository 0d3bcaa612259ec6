"""Estimates from samples: right on average, with intervals that hold the truth, of the types of a direct run."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from speql_scheduler.matching.sample_estimates import SampleEstimates, sample_estimates
from speql_sql import Catalog, Column, Table
from speql_sql.qualify import qualify_query

SCALE = 10
SAMPLES = 200
UNIT = "drawn_with"
COLUMNS = {"id": "INTEGER", "g": "VARCHAR", "k": "INTEGER", "x": "INTEGER", "d": "DECIMAL(7,2)", "f": "DOUBLE"}
CATALOG = Catalog(
    (
        Table("facts", tuple(Column(name, kind) for name, kind in COLUMNS.items()), row_count=20_000),
        Table("names", (Column("k", "INTEGER"), Column("name", "VARCHAR")), row_count=60),
        Table("facts_view", (Column("x", "INTEGER"),), kind="view", row_count=90_000),
        Table("other", (Column("a", "INTEGER"), Column("b", "INTEGER")), row_count=10),
    )
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """All rows, alike within each 10 that follow each other; one group is in a single row; some values are NULL."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("""
            CREATE TABLE every_fact AS SELECT i::INTEGER AS id,
              CASE WHEN i = 777 THEN 'rare' ELSE 'g' || (hash(i) % 4) END AS g, (hash(i // 10) % 20)::INTEGER AS k,
              CASE WHEN hash(i + 7) % 10 = 0 THEN NULL ELSE (hash(i // 10, 1) % 50 + hash(i, 2) % 10)::INTEGER END AS x,
              ((hash(i // 10, 3) % 10000)::DECIMAL(9,2) / 100 - 20)::DECIMAL(7,2) AS d,
              (hash(i, 4) % 1000)::DOUBLE / 7 AS f FROM range(20000) r(i)""")
        connection.execute("CREATE TABLE names AS SELECT i % 20 AS k, 'n' || (i % 3) AS name FROM range(60) r(i)")
        connection.execute("CREATE TABLE other AS SELECT i AS a, i % 3 AS b FROM range(10) r(i)")
        yield connection


def draw(con: duckdb.DuckDBPyConnection, seed: int | None, rows_of_unit: int = 1) -> None:
    """Make ``facts`` a sample in which each unit is with probability 1 / SCALE, or everything."""
    kept = "true" if seed is None else f"hash((id // {rows_of_unit}) || ' of {seed}') % {SCALE} = 0"
    con.execute(
        f"CREATE OR REPLACE TABLE facts AS SELECT *, id // {rows_of_unit} AS {UNIT} FROM every_fact WHERE {kept}"
    )


def estimates(sql: str) -> SampleEstimates | str:
    query = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    qualified = qualify_query(query, CATALOG)
    assert qualified.query is not None, qualified.problems
    before = qualified.query.sql("duckdb")
    found = sample_estimates(qualified.query, CATALOG, SCALE, UNIT)
    assert qualified.query.sql("duckdb") == before
    return found


def estimated(sql: str) -> SampleEstimates:
    found = estimates(sql)
    assert isinstance(found, SampleEstimates), found
    return found


@dataclass
class Cell:
    """What the samples said of one cell."""

    values: list[float] = field(default_factory=list)
    held: int = 0
    intervals: int = 0


def cells_of(con: duckdb.DuckDBPyConnection, sql: str, keys: int, rows_of_unit: int) -> dict[tuple[object, ...], Cell]:
    """Each cell of the true result, and what 200 samples said of it; a group that is missing counts as 0."""
    draw(con, None)
    truth = {
        (*row[:keys], place): float(row[place])
        for row in con.execute(sql).fetchall()
        for place in range(keys, len(row))
    }
    measured = estimated(sql).measured
    assert measured is not None
    text = measured.query.sql("duckdb")
    cells = {key: Cell() for key in truth}
    outputs = sqlglot.parse_one(sql, dialect="duckdb").selects
    means = {key for key in truth if isinstance(outputs[int(str(key[-1]))], exp.Avg)}
    for seed in range(SAMPLES):
        draw(con, seed, rows_of_unit)
        rows = {row[:keys]: row for row in con.execute(text).fetchall()}
        for key, cell in cells.items():
            row = rows.get(key[:-1])
            place = int(str(key[-1]))
            if row is None:
                cell.values.append(0.0)
                continue
            cell.values.append(float(row[place] or 0))
            error_at = measured.errors[place]
            assert error_at is not None
            if (error := row[error_at]) is not None:
                cell.intervals += 1
                cell.held += abs(cell.values[-1] - truth[key]) <= 1.96 * error
    for key, cell in cells.items():
        standard_error = statistics.stdev(cell.values) / SAMPLES**0.5
        is_mean = key in means  # The mean of a group says nothing in the samples that lack the group.
        assert (is_mean and 0.0 in cell.values) or abs(
            statistics.fmean(cell.values) - truth[key]
        ) <= 4 * standard_error, (key, truth[key])
    return cells


GROUPED = "SELECT g, count(*), sum(x), sum(d), count(x) FILTER (x > 30), avg(x) FROM facts WHERE f > 9 GROUP BY g"
JOINED = """
WITH c AS (SELECT k, f, d + 0 AS d FROM facts WHERE x < 50)
SELECT name, sum(f), count(*), avg(d) FROM (SELECT k, f, d FROM c) AS t JOIN names USING (k) GROUP BY name"""
TOTAL = "SELECT sum(x), count(*), sum(CASE WHEN g = 'g1' THEN d ELSE 0 END) FROM facts LEFT JOIN other ON k = a"


@pytest.mark.parametrize(
    ("sql", "keys", "rows_of_unit"), [(GROUPED, 1, 1), (GROUPED, 1, 10), (JOINED, 1, 10), (TOTAL, 0, 1)]
)
def test_estimates_are_unbiased_and_intervals_hold_the_truth(
    con: duckdb.DuckDBPyConnection, sql: str, keys: int, rows_of_unit: int
) -> None:
    # Rows that are drawn together are alike, and a row joins several: both are in the intervals.
    cells = cells_of(con, sql, keys, rows_of_unit)
    with_intervals = {key: cell for key, cell in cells.items() if cell.intervals >= SAMPLES * 0.9}
    assert len(with_intervals) == sum(key[0] != "rare" for key in cells)
    for key, cell in with_intervals.items():
        assert cell.held / cell.intervals >= 0.88, (key, cell.held, cell.intervals)


@pytest.mark.parametrize(
    "sql",
    [
        GROUPED,
        JOINED,
        TOTAL,
        "SELECT sum(x) AS s, sum(d), sum(f), count(*) + 1, sum(d) / sum(x), avg(d), min(g), max(d) FROM facts",
        "SELECT upper(g) || '!', k % 3, round(100.0 * sum(d) / count(*), 2) FROM facts GROUP BY upper(g), k % 3",
        "SELECT g, k, sum(x) FROM facts GROUP BY ROLLUP (g, k)",
        "SELECT g, stddev(x), sum(x * d) FROM facts GROUP BY ALL ORDER BY sum(x) DESC LIMIT 3",
        "WITH c AS (SELECT g, sum(d) AS s FROM facts GROUP BY g) SELECT g, s > 9, s, b FROM c LEFT JOIN other ON a > s",
        "SELECT g, count(*) FROM facts WHERE k IN (SELECT a FROM other) GROUP BY g HAVING count(*) > 10",
        "SELECT g, sum(x) FROM (SELECT g, x FROM facts WHERE d > 0) AS t GROUP BY g",
        "SELECT x, d FROM facts WHERE k = 3 UNION ALL SELECT a, b FROM other",
        "SELECT id, f FROM facts ORDER BY f LIMIT 5",
        "SELECT count_if(x > 3), median(d), bool_and(x > 3) IS NULL FROM facts",
    ],
)
def test_names_and_types_are_those_of_a_direct_run(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    found = estimates(sql)
    if isinstance(found, str):
        assert "cannot be estimated" in found
        return
    draw(con, 1)
    direct = con.sql(sql)
    queries = [found.query] + ([found.measured.query] if found.measured else [])
    for query in queries:
        sampled = con.sql(query.sql("duckdb"))
        assert [str(kind) for kind in sampled.types][: len(direct.types)] == [str(kind) for kind in direct.types]


def test_with_everything_drawn_only_sums_and_counts_are_scaled(con: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT g, sum(x), count(x) FILTER (d > 0), avg(x), min(d), sum(d) / sum(f), count(*) FROM facts GROUP BY g"
    draw(con, None)
    direct = sorted(con.execute(sql).fetchall())
    found = estimated(sql)
    assert found.measured is not None
    for query in (found.query, found.measured.query):
        for row, wanted in zip(sorted(con.execute(query.sql("duckdb")).fetchall()), direct, strict=True):
            scaled = [wanted[at] * SCALE if at in (1, 2, 6) else wanted[at] for at in range(7)]
            assert [row[0], *row[1:7]] == pytest.approx(scaled)


def test_an_empty_sample_and_values_that_are_all_null(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"CREATE OR REPLACE TABLE facts AS SELECT *, 1 AS {UNIT} FROM every_fact WHERE false")
    measured = estimated("SELECT sum(x), count(*), avg(x) FROM facts").measured
    assert measured is not None
    assert con.execute(measured.query.sql("duckdb")).fetchall() == [(None, 0, None, None, None, None, 0)]
    draw(con, None)
    nulls = estimated("SELECT sum(x), count(x), avg(x), count(*) FROM facts WHERE x IS NULL").measured
    assert nulls is not None
    row = con.execute(nulls.query.sql("duckdb")).fetchall()[0]
    assert row[:3] == (None, 0, None)
    assert [row[at] is None for at in nulls.errors if at is not None] == [True, True, True, False]


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ("id < 20", False),  # too few rows
        ("id < 2000", True),
        ("id < 2000 OR id = 19999", False),  # one row is most of the sum
    ],
)
def test_few_or_uneven_rows_have_no_interval(con: duckdb.DuckDBPyConnection, condition: str, known: bool) -> None:
    draw(con, None)
    sql = f"SELECT sum(CASE WHEN id = 19999 THEN 1e9 ELSE f END) FROM facts WHERE {condition}"
    measured = estimated(sql).measured
    assert measured is not None
    row = con.execute(measured.query.sql("duckdb")).fetchall()[0]
    assert (row[1] is not None) is known


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT count(DISTINCT x) FROM facts", "COUNT(DISTINCT)"),
        ("SELECT list(x) FROM facts", "cannot be estimated"),
        ("SELECT g, sum(x) OVER (PARTITION BY g) FROM facts", "window"),
        ("SELECT g, sum(x) FROM facts GROUP BY g QUALIFY row_number() OVER (ORDER BY g) = 1", "window"),
        ("SELECT sum(x) FROM (SELECT x FROM facts LIMIT 5) AS t", "LIMIT inside"),
        ("SELECT DISTINCT ON (g) g, x FROM facts", "DISTINCT ON"),
        ("SELECT count(*) FROM other WHERE EXISTS (SELECT 1 FROM facts WHERE x = a)", "inside a condition"),
        ("SELECT a FROM other WHERE a NOT IN (SELECT x FROM facts)", "inside a condition"),
        ("SELECT a, (SELECT sum(x) FROM facts) AS s FROM other", "inside a condition"),
        ("SELECT count(*) FROM other LEFT JOIN facts ON x = a", "outer join"),
        ("SELECT count(*) FROM facts RIGHT JOIN other ON x = a", "outer join"),
        ("SELECT count(*) FROM facts FULL JOIN other ON x = a", "outer join"),
        ("SELECT count(*) FROM other SEMI JOIN facts ON x = a", "looked up"),
        ("SELECT count(*) FROM other ANTI JOIN facts ON x = a", "looked up"),
        ("SELECT x FROM facts EXCEPT SELECT a FROM other", "set operation"),
        ("SELECT x FROM facts UNION SELECT a FROM other", "set operation"),
        ("SELECT count(*) FROM facts AS a JOIN facts AS b ON a.id = b.k", "read 2 times"),
        ("WITH c AS (SELECT * FROM facts) SELECT count(*) FROM c JOIN c AS e ON c.id = e.k", "read 2 times"),
        ("WITH c AS (SELECT * FROM facts) SELECT count(*) FROM other", "read 0 times"),
        ("WITH c AS (SELECT g, sum(x) AS s FROM facts GROUP BY g) SELECT avg(s) FROM c", "grouped already"),
        ("SELECT count(*) FROM (SELECT DISTINCT g FROM facts) AS t", "grouped already"),
        ("SELECT sum(x) FROM (SELECT x FROM facts UNION ALL SELECT a FROM other) AS t", "together with others"),
        ("SELECT count(*) FROM facts_view", "is a view"),
        ("SELECT count(*) FROM facts TABLESAMPLE 10%", "not analysed"),
        ("SELECT count(*) FROM facts USING SAMPLE 10%", "not analysed"),
        (
            "SELECT g, sum(x) FROM facts AS t GROUP BY g HAVING (SELECT max(a) FROM other WHERE b = sum(t.x)) > 1",
            "correl",
        ),
        ("SELECT 1", "not known"),
    ],
)
def test_what_a_sample_says_nothing_of(sql: str, reason: str) -> None:
    found = estimates(sql)
    assert isinstance(found, str)
    assert reason in found


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT g, sum(x) FROM facts GROUP BY g HAVING sum(x) > 5", "chosen by estimates"),
        ("SELECT g, sum(x) FROM facts GROUP BY g ORDER BY 2 DESC LIMIT 5", "chosen by estimates"),
        ("SELECT g, sum(x) FROM facts GROUP BY ROLLUP (g)", "several ways"),
        ("SELECT DISTINCT sum(x) FROM facts GROUP BY g", "DISTINCT"),
        ("SELECT sum(x), stddev(x) FROM facts", "all rows at once"),
        ("SELECT max(x), sum(x) / sum(d) FROM facts", "no output"),
        ("SELECT g, s FROM (SELECT g, sum(x) AS s FROM facts GROUP BY g) AS t", "not its result"),
        ("SELECT id FROM facts", "not aggregated"),
    ],
)
def test_estimates_without_intervals(con: duckdb.DuckDBPyConnection, sql: str, reason: str) -> None:
    found = estimated(sql)
    assert found.measured is None
    assert reason in found.no_errors
    draw(con, 2)
    assert con.execute(found.query.sql("duckdb")).fetchall()


@pytest.mark.parametrize(
    ("sql", "is_estimated", "ranked"),
    [
        ("SELECT g, sum(x) FROM facts GROUP BY g ORDER BY g LIMIT 5", False, False),
        ("SELECT g, sum(x) AS s FROM facts GROUP BY g ORDER BY s", False, True),
        ("SELECT g, sum(x) AS s FROM facts GROUP BY g HAVING g > 'a'", False, False),
        ("SELECT g, s FROM (SELECT g, sum(x) AS s FROM facts GROUP BY g) AS t WHERE s > 5", True, False),
        ("SELECT g FROM (SELECT g, sum(x) AS s FROM facts GROUP BY g) AS t JOIN other ON a = s", True, False),
        ("SELECT g, s FROM (SELECT g, sum(x) AS s FROM facts GROUP BY g) AS t WHERE g > 'a'", False, False),
    ],
)
def test_conditions_on_estimates_are_known(sql: str, is_estimated: bool, ranked: bool) -> None:
    found = estimated(sql)
    assert (found.estimated_conditions, found.ranked) == (is_estimated, ranked)
