"""Pages, statistics and charts of whole results, against direct runs of the same query."""

import asyncio
import math

import pytest
import sqlglot

from speql_engines import EngineError
from speql_scheduler.results.arrangement import Arrangement, Filter, Order
from speql_scheduler.results.chart import MOST_BARS, MOST_COLOURS, MOST_POINTS
from speql_scheduler.results.chart_choice import MOST_PROPOSED, ChartChoice, proposed
from speql_scheduler.results.profile import BINS, MOST_VALUES

FLIGHTS = "SELECT id, carrier, delay, day FROM flights ORDER BY delay DESC NULLS LAST, id"

QUERIES = [
    FLIGHTS,
    "SELECT a, a, b AS a FROM small ORDER BY a -- a comment at the end",
    "WITH d AS (SELECT carrier, count(*) AS n FROM flights GROUP BY carrier) SELECT * FROM d ORDER BY n, carrier",
    "FROM small ORDER BY b, a",
    "SELECT carrier FROM carriers UNION ALL SELECT origin FROM flights ORDER BY ALL",
    "SELECT a FROM small WHERE a > 99 ORDER BY a",
    "VALUES (1, 'x'), (NULL, 'it''s')",
    "SELECT id FROM flights ORDER BY id LIMIT 12345 OFFSET 7",
]

DATES = Order(3, descending=True)

ARRANGEMENTS = [
    (Arrangement((), (DATES,)), "ORDER BY day DESC NULLS LAST, delay DESC NULLS LAST, id"),
    (Arrangement((Filter(2, ">=", (330,)),)), "WHERE delay >= 330 ORDER BY delay DESC NULLS LAST, id"),
    (Arrangement((Filter(2, "is null"),)), "WHERE delay IS NULL ORDER BY id"),
    (
        Arrangement((Filter(1, "in", ("C1", "c'2")), Filter(2, "is not null")), (Order(2), Order(0))),
        "WHERE carrier IN ('C1', 'c''2') AND delay IS NOT NULL ORDER BY delay NULLS LAST, id",
    ),
    (Arrangement((Filter(1, "contains", ("c1",)),)), "WHERE carrier ILIKE '%c1%' ORDER BY delay DESC NULLS LAST, id"),
    (Arrangement((Filter(1, "contains", ("%",)),)), "WHERE false"),
    (
        Arrangement((Filter(3, "<", ("2020-01-03",)),), (Order(0, descending=True),)),
        "WHERE day < DATE '2020-01-03' ORDER BY id DESC",
    ),
    (Arrangement((Filter(1, "=", ("x' OR true --",)),)), "WHERE false"),
]


def named(desk, sql):
    return desk.scheduler.results.name(sql, sqlglot.parse_one(sql, dialect="duckdb"), desk.catalog)


async def page(desk, name, arrangement, start, count):
    async with desk.scheduler.results.reading(name) as held:
        return await desk.scheduler.results.page(held, arrangement, start, count)


async def direct(desk, sql):
    return (await desk.engine.real.execute(sql)).rows.to_pylist()


@pytest.mark.parametrize("sql", QUERIES)
async def test_pages_are_the_rows_of_a_direct_run(desk, sql):
    name, whole = named(desk, sql), await desk.engine.real.execute(sql)
    for start in (0, 7, max(whole.rows.num_rows - 3, 0)):
        found = await page(desk, name, Arrangement(), start, 5)
        assert found.result.columns == whole.columns
        assert found.result.rows.slice(0).columns == whole.rows.slice(start, 5).columns
        assert (found.total_rows, found.held_rows) == (whole.rows.num_rows, whole.rows.num_rows)
        assert found.result.complete == (start + 5 >= whole.rows.num_rows)
    assert len(desk.engine.created) == 1


@pytest.mark.parametrize(("arrangement", "clauses"), ARRANGEMENTS, ids=[clauses for _, clauses in ARRANGEMENTS])
async def test_filters_and_orders_are_those_of_sql(desk, arrangement, clauses):
    name = named(desk, FLIGHTS)
    whole = await direct(desk, f"SELECT id, carrier, delay, day FROM flights {clauses}")
    for start in (0, max(len(whole) - 4, 0)):
        found = await page(desk, name, arrangement, start, 10)
        assert found.result.rows.to_pylist() == whole[start : start + 10]
        assert found.total_rows == len(whole)
        assert found.held_rows == 1_500_000


async def test_a_filter_that_does_not_fit_is_refused_and_the_result_stays(desk):
    name = named(desk, FLIGHTS)
    with pytest.raises(EngineError):
        await page(desk, name, Arrangement((Filter(3, "=", ("soon",)),)), 0, 1)
    assert (await page(desk, name, Arrangement(), 0, 1)).held_rows == 1_500_000


async def test_all_that_was_held_is_dropped(desk):
    for number in range(6):
        name = named(desk, f"SELECT a + {number} AS x FROM small")
        for column in range(5):
            await page(desk, name, Arrangement((Filter(0, ">", (column,)),)), 0, 1)
    await desk.scheduler.close()
    assert len(desk.engine.dropped) == len(desk.engine.created) == 6 * (1 + 5)


async def test_a_result_that_is_served_from_a_temp_table_has_the_same_pages(new_desk):
    desk = await new_desk(cheap_work=1_000)
    inner = "SELECT carrier, origin, sum(delay) AS s, count(*) AS n FROM flights GROUP BY carrier, origin"
    await desk.typed(inner)
    await desk.scheduler.idle()
    sql = "SELECT carrier, sum(delay) AS s FROM flights GROUP BY carrier ORDER BY carrier"
    name = named(desk, sql)
    found = await page(desk, name, Arrangement(), 0, 100)
    assert found.result.rows.to_pylist() == await direct(desk, sql)
    assert "FROM flights" not in desk.engine.created[-1]


async def test_a_name_is_forgotten_after_many_others(desk):
    first = named(desk, "SELECT a FROM small")
    for _ in range(40):
        named(desk, "SELECT b FROM small")
    with pytest.raises(EngineError, match="no longer known"):
        await page(desk, first, Arrangement(), 0, 1)


async def test_cancelling_the_first_page_leaves_nothing(desk):
    desk.engine.create_gate.clear()
    name = named(desk, FLIGHTS)
    waiting = asyncio.ensure_future(page(desk, name, Arrangement(), 0, 1))
    await desk.engine.create_begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    desk.engine.create_gate.set()
    assert (await page(desk, name, Arrangement(), 0, 1)).held_rows == 1_500_000
    assert len(desk.engine.created) == 1


async def test_statistics_are_those_of_a_direct_run(desk):
    number = "CASE WHEN id % 3 = 0 THEN 'inf'::DOUBLE ELSE id / 7.0::DOUBLE END AS f"
    sql = f"SELECT id, carrier, delay, day, {number}, [id] AS l FROM flights"
    async with desk.scheduler.results.reading(named(desk, sql)) as held:
        found = await desk.scheduler.results.profile(held, range(6), (Filter(0, "<", (1000,)),))
    for number, column in enumerate(("id", "carrier", "delay", "day", "f", "l")):
        counts = await direct(
            desk,
            f"SELECT count(*) AS rows, count(*) - count({column}) AS nulls, count(DISTINCT {column}) AS d, "
            f"min({column}) AS low, max({column}) AS high FROM ({sql}) WHERE id < 1000",
        )
        profile = found[number]
        assert {"rows": profile.rows, "nulls": profile.nulls, "d": profile.distinct} == {
            key: counts[0][key] for key in ("rows", "nulls", "d")
        }
        if column != "l":
            ends = profile.ends.to_pylist()[0]
            assert (ends["low"], ends["high"]) == (counts[0]["low"], counts[0]["high"])
    by_name = {profile.column.name: profile for profile in found}
    assert by_name["id"].bars.kind == "histogram"
    assert by_name["id"].bars.counts == (50,) * BINS
    assert by_name["day"].bars.counts == (50,) * BINS
    assert by_name["carrier"].bars.kind == "values"
    assert by_name["carrier"].bars.labels.column(0).to_pylist()[:4] == ["C0", "C1", "C2", "C3"]
    assert len(by_name["carrier"].bars.counts) == MOST_VALUES
    assert by_name["carrier"].bars.others == 1000 - sum(by_name["carrier"].bars.counts)
    assert sum(by_name["f"].bars.counts) == 666
    assert by_name["l"].bars is None


@pytest.mark.parametrize(
    ("sql", "choice"),
    [
        ("SELECT day, sum(delay) AS s FROM flights GROUP BY day", ChartChoice("line", 0, 1, None, "sum")),
        ("SELECT carrier, day, delay FROM flights", ChartChoice("line", 1, 2, 0, "sum")),
        ("SELECT count(*) AS n, carrier FROM flights GROUP BY carrier", ChartChoice("bar", 1, 0, None, "sum")),
        ("SELECT carrier FROM flights", ChartChoice("bar", 0, None, None, "count")),
        ("SELECT id, delay FROM flights", ChartChoice("point", 0, 1)),
        ("SELECT 2013 AS year, carrier, delay FROM flights", ChartChoice("bar", 1, 2, None, "sum")),
        ("SELECT delay FROM flights", ChartChoice("bar", 0, None, None, "count", binned=True)),
        ("SELECT [id] AS l FROM flights", None),
    ],
)
async def test_the_chart_that_fits_the_columns(desk, sql, choice):
    async with desk.scheduler.results.reading(named(desk, sql)) as held:
        found = proposed(held.columns)
        assert next(iter(found), None) == choice
        assert len(set(found)) == len(found) <= MOST_PROPOSED
        for other in found:
            await desk.scheduler.results.chart(held, other)  # all that is proposed can be drawn


async def test_chart_data_is_aggregated_by_the_engine(desk):
    sql = "SELECT carrier, origin, day, delay, id FROM flights"
    async with desk.scheduler.results.reading(named(desk, sql)) as held:
        draw = desk.scheduler.results.chart
        bars = await draw(held, ChartChoice("bar", 0, 3, None, "mean"))
        assert bars.rows.to_pylist() == await direct(
            desk, "SELECT carrier AS x, avg(delay) AS y FROM flights GROUP BY carrier ORDER BY carrier"
        )
        coloured = await draw(held, ChartChoice("line", 2, None, 0, "count"))
        assert coloured.unit == "week"
        assert len(coloured.series) == MOST_COLOURS
        kept = ", ".join(f"'{name}'" for name in coloured.series[:-1])
        assert coloured.rows.to_pylist() == await direct(
            desk,
            f"SELECT date_trunc('week', day) AS x, count(*) AS y, CASE WHEN carrier IN ({kept}) THEN carrier "
            "ELSE 'other' END AS colour FROM flights GROUP BY 1, 3 ORDER BY 1, 3",
        )
        assert coloured.notes == ("carrier has 12 values: the 7 largest are drawn, and other.",)
        most = await draw(held, ChartChoice("bar", 1, 3, None, "sum"))
        assert most.rows.to_pylist() == await direct(
            desk,
            "SELECT * FROM (SELECT origin AS x, sum(delay) AS y FROM flights GROUP BY 1 ORDER BY y DESC, x "
            f"LIMIT {MOST_BARS}) ORDER BY x",
        )
        assert most.notes
        points = await draw(held, ChartChoice("point", 4, 3))
        assert 0 < points.rows.num_rows <= MOST_POINTS
        assert points.notes
        histogram = await draw(held, ChartChoice("bar", 3, None, None, "count", binned=True))
        assert sum(row["y"] for row in histogram.rows.to_pylist()) == 1_500_000 * 49 // 50
        assert all(math.isfinite(row["x"]) for row in histogram.rows.to_pylist())


async def test_colours_are_the_largest_values_and_one_for_all_others(desk):
    names = "CASE a WHEN 9 THEN 'other' WHEN 8 THEN 'it''s' WHEN 7 THEN NULL ELSE 'v' || a END"
    sql = f"SELECT {names} AS name, a * 100 AS worth, a % 2 AS side FROM small"
    async with desk.scheduler.results.reading(named(desk, sql)) as held:
        draw = desk.scheduler.results.chart
        summed = await draw(held, ChartChoice("bar", 2, 1, 0, "sum"))
        assert summed.series == ("other", "it's", None, "v6", "v5", "v4", "v3", "all other")
        by_colour = {(row["x"], row["colour"]): row["y"] for row in summed.rows.to_pylist()}
        assert by_colour[(0, "all other")] == 0 + 200
        assert by_colour[(1, "all other")] == 100
        assert by_colour[(1, "other")] == 900
        assert by_colour[(1, None)] == 700
        points = await draw(held, ChartChoice("point", 1, 2, 0))
        assert points.rows.num_rows == 10
        assert len(points.series) == MOST_COLOURS
