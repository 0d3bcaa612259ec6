"""The scheduler on PostgreSQL: with temp tables where matching counts as proved there, and without."""

from collections.abc import AsyncIterator, Callable

import pytest

from speql_engines import Engine, open_engine
from speql_scheduler.matching import proved

psycopg = pytest.importorskip("psycopg")

SCHEMA = """
CREATE TABLE regions (name varchar(20) PRIMARY KEY, boss text);
INSERT INTO regions SELECT 'region ' || i, CASE WHEN i % 3 > 0 THEN 'boss ' || i END FROM generate_series(0, 9) AS r(i);
CREATE TABLE sales (id int PRIMARY KEY, region varchar(20) REFERENCES regions, amount numeric(9, 2), day date, rate float8);
INSERT INTO sales SELECT i, CASE WHEN i % 11 > 0 THEN 'region ' || i % 10 END, (i % 977) * 1.25,
    date '2024-01-01' + i % 365, i % 7 * 0.5 FROM generate_series(0, 299999) AS r(i);
ANALYZE
"""  # noqa: E501
BY_DAY = (
    "SELECT region, day, sum(amount) AS total, count(*) AS n, avg(amount) AS mean, count(amount) AS known "
    "FROM sales GROUP BY region, day"
)
QUERIES = [
    (BY_DAY, f"{BY_DAY} ORDER BY total DESC NULLS LAST, region, day LIMIT 20"),
    (BY_DAY, "SELECT region, sum(amount) AS total, avg(amount) AS mean FROM sales GROUP BY region ORDER BY region"),
    (BY_DAY, "SELECT day, count(*) FROM sales WHERE region = 'region 3' GROUP BY day HAVING count(*) > 5 ORDER BY day"),
    (
        f"WITH daily AS ({BY_DAY}) SELECT * FROM daily",
        f"WITH daily AS ({BY_DAY}) SELECT region, max(total) FROM daily WHERE n > 1 GROUP BY region ORDER BY region",
    ),
    (
        "SELECT boss, sum(id) AS ids FROM sales s JOIN regions r ON s.region = r.name GROUP BY boss",
        "SELECT boss, sum(id) AS ids FROM sales s, regions r WHERE r.name = s.region GROUP BY boss ORDER BY ids, boss",
    ),
]


@pytest.fixture
async def shop(postgres_database: Callable[[], str]) -> AsyncIterator[Engine]:
    url = postgres_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
    engine = await open_engine(url, writable=True)
    yield engine
    await engine.close()


@pytest.mark.parametrize(("typed", "submitted"), QUERIES)
async def test_a_submit_is_served_from_temp_tables(shop, new_desk, typed, submitted):
    desk = await new_desk(on=shop)
    shown = await desk.typed(typed)
    answer = await desk.submit(submitted)

    assert shown.result.rows.num_rows == desk.settings.page_rows or desk.rows(shown.result) == await desk.direct(typed)
    assert answer.temp_only, desk.engine.created
    direct = await shop.execute(submitted)
    assert answer.result.rows.to_pylist() == direct.rows.to_pylist()
    assert answer.result.columns == direct.columns


async def test_what_others_write_makes_temp_tables_stale(shop, new_desk):
    desk = await new_desk(on=shop)
    await desk.typed(BY_DAY)
    assert (await desk.submit(f"{BY_DAY} ORDER BY n, region, day LIMIT 3")).temp_only
    await shop.submit("DELETE FROM sales WHERE id < 1000")

    counted = "SELECT count(*) AS n FROM sales"
    answer = await desk.submit(BY_DAY)

    assert not answer.served_from
    assert (await desk.submit(counted)).result.rows.to_pylist() == [{"n": 299_000}]


async def test_nothing_is_made_where_matching_is_not_proved(shop, new_desk, monkeypatch):
    monkeypatch.setattr(proved, "_PROVED", frozenset({"duckdb"}))
    desk = await new_desk(on=shop)
    await desk.typed(BY_DAY)
    answer = await desk.submit(BY_DAY)

    assert not desk.engine.created
    assert not answer.served_from
    explained = await desk.scheduler.explain(desk.previews[-1][0].query, desk.previews[-1][0].superset, desk.catalog)
    assert [problem.code for problem in explained.problems] == ["not-proved"]
