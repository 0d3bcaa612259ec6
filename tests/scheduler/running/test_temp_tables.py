"""Temp tables are created where they earn it, used, and never change a result."""

import asyncio

import pytest
import sqlglot

from speql_scheduler.running import group_counts
from speql_scheduler.running.store import TOOK_LONGER
from speql_speculator.superset import superset

SUMMARY = """SELECT f.carrier, c.name, count(*), sum(f.delay) AS delay, avg(f.distance)
FROM flights AS f JOIN carriers AS c ON f.carrier = c.carrier WHERE f.delay > 10 GROUP BY f.carrier, c.name"""


async def test_a_temp_table_is_created_and_serves_the_preview(desk):
    answer = await desk.typed(SUMMARY)

    assert len(desk.engine.created) == 1
    assert answer.temp_only
    assert answer.states == ("exact",)
    assert answer.served_from == tuple(view.name for view in desk.store.views)
    assert [job.state for job in desk.creates().values()] == ["done"]
    assert rows(answer) == await desk.direct(SUMMARY)


async def test_the_submit_after_typing_comes_from_the_cache(desk):
    await desk.typed(SUMMARY)
    executed = len(desk.engine.executed)

    answer = await desk.submit(SUMMARY)

    assert answer.states == ("exact", "cached")
    assert rows(answer) == await desk.direct(SUMMARY)
    assert len(desk.engine.executed) == executed
    assert not desk.engine.submitted


async def test_a_submit_with_order_and_limit_is_served_by_the_table_without(desk):
    await desk.typed(SUMMARY)

    answer = await desk.submit(f"{SUMMARY} ORDER BY delay DESC, f.carrier LIMIT 3")

    direct = await desk.engine.real.execute(f"{SUMMARY} ORDER BY delay DESC, f.carrier LIMIT 3")
    assert answer.temp_only
    assert answer.result.rows.to_pylist() == direct.rows.to_pylist()


@pytest.mark.parametrize(
    "projections",
    ["count(*)", "count(*), sum(delay)", "carrier, max(day), carrier", "length(carrier), upper(origin), min(id) + 1"],
)
async def test_result_columns_are_named_and_typed_as_in_a_direct_run(desk, projections):
    keys = ", ".join(key for key in ("carrier", "origin") if key in projections)
    sql = f"SELECT {projections} FROM flights WHERE delay > 0" + (f" GROUP BY {keys}" if keys else "")
    direct = await desk.engine.real.execute(sql)

    answer = await desk.typed(sql)
    submitted = await desk.submit(sql)

    assert answer.result.columns == direct.columns == submitted.result.columns
    assert answer.result.rows.column_names == direct.rows.column_names
    assert rows(answer) == await desk.direct(sql)


async def test_a_cheap_query_gets_no_temp_table(desk):
    answer = await desk.typed("SELECT b, count(*) FROM small GROUP BY b")

    assert not desk.engine.created
    assert answer.served_from == ()
    assert rows(answer) == [(0, 4), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT b, count(*) FROM small GROUP BY b", "cheap to run directly"),
        ("SELECT id, carrier, delay FROM flights", "nearly as large as what it reads"),
        ("SELECT f.id, g.id FROM flights f, flights g", "multiply rows"),
        ("SELECT carrier, random() FROM flights WHERE delay > 300", "may not be speculated"),
    ],
)
async def test_what_is_not_worth_it_is_not_created_and_says_why(desk, sql, reason):
    desk.type(sql, preview=None)
    await desk.scheduler.idle()
    explanation = await desk.scheduler.explain(*_query_and_superset(sql), desk.catalog)

    assert not desk.engine.created
    assert [reason in unit.reason for unit in explanation.units] == [True]


async def test_a_cte_becomes_the_input_of_what_reads_it(desk):
    sql = """WITH daily AS (SELECT day, carrier, sum(delay) AS delay FROM flights WHERE delay > 0 GROUP BY day, carrier)
    SELECT carrier, max(delay) FROM daily GROUP BY carrier"""
    answer = await desk.typed(sql)

    assert rows(answer) == await desk.direct(sql)
    assert answer.temp_only
    first, *others = desk.creates().values()
    assert first.state == "done"
    for other in others:
        assert (first.key, other.key, "input") in desk.graphs[-1].edges


@pytest.mark.parametrize("seconds", [600.0, -1.0])
async def test_previews_from_temp_tables_that_take_long_wait_until_the_text_rests(new_desk, seconds):
    before = await new_desk()
    await before.typed(SUMMARY)
    rests = asyncio.Event()

    async def rest(_: float) -> None:
        rests.set()
        await asyncio.Event().wait()

    desk = await new_desk(store=before.store, sleep=rest, served_seconds=seconds)
    sql = f"{SUMMARY} HAVING count(*) > 9000"
    desk.type(sql)
    await rests.wait()
    if seconds < 0:
        assert not desk.previews
        assert not [job for job in desk.graphs[-1].jobs if job.kind == "preview"]
    else:
        while not desk.previews:
            desk.told.clear()
            await desk.told.wait()
        assert desk.previews[0][1].temp_only
        assert rows(desk.previews[0][1]) == await desk.direct(sql)


async def test_after_a_submit_little_is_worked_ahead_until_the_next_edit(new_desk):
    desk = await new_desk(free_seconds=0.0, closed_overrun=2.0)
    desk.type(SUMMARY)  # and submitted in the same moment
    answer = await desk.submit(SUMMARY)
    await desk.scheduler.idle()
    assert rows(answer) == await desk.direct(SUMMARY)
    assert not desk.engine.created
    assert desk.creates() == {}

    await desk.typed(SUMMARY.replace("f.delay > 10", "f.delay > 11"), preview=None)
    assert len(desk.engine.created) == 1


async def test_a_large_result_costs_its_first_page_only(desk):
    answer = await desk.submit("SELECT a.id, b.id FROM flights AS a, flights AS b")

    assert desk.engine.fetched == [desk.settings.page_rows]
    assert not answer.result.complete
    assert answer.total_rows is None


async def test_a_temp_table_that_is_the_whole_result_tells_its_rows(new_desk):
    desk = await new_desk(page_rows=5)
    sql = "SELECT carrier, origin, count(*) AS n FROM flights WHERE delay > 0 GROUP BY carrier, origin"
    answer = await desk.typed(sql)

    assert not answer.result.complete
    assert answer.result.rows.num_rows == 5
    assert answer.total_rows == len(await desk.direct(sql))
    assert (await desk.submit(sql)).total_rows == answer.total_rows


async def test_explain_runs_nothing_and_names_what_would_be_used(desk):
    explanation = await desk.scheduler.explain(*_query_and_superset(SUMMARY), desk.catalog)

    assert [unit.create for unit in explanation.units] == [True]
    assert explanation.units[0].estimate.rows > 0
    assert explanation.stored.sql is None
    assert explanation.planned.uses == (explanation.units[0].name,)
    assert not desk.engine.created
    assert not desk.engine.executed

    await desk.typed(SUMMARY)
    again = await desk.scheduler.explain(*_query_and_superset(SUMMARY), desk.catalog)
    assert [unit.reason for unit in again.units] == ["already there"]
    assert again.stored.temp_only


def _query_and_superset(sql):
    query = sqlglot.parse_one(sql, dialect="duckdb")
    return query, query


def rows(answer):
    columns = [column.to_pylist() for column in answer.result.rows.columns]
    return sorted(zip(*columns, strict=True), key=repr)


async def test_a_table_of_doubtful_size_is_not_made_if_a_sample_has_too_many_groups(new_desk, monkeypatch):
    monkeypatch.setattr(group_counts, "LONGEST_SECONDS", 60.0)  # however busy this machine is
    desk = await new_desk(temp_input_share=0.0, doubtful_rows=5)  # no estimate of groups is believed
    answer = await desk.typed(SUMMARY)

    assert desk.engine.created == []
    assert (answer.served_from, rows(answer)) == ((), await desk.direct(SUMMARY))


async def test_a_table_of_doubtful_size_is_given_up_when_it_is_large(new_desk, monkeypatch):
    monkeypatch.setattr(group_counts, "SAMPLED_ROWS", 10**9)  # no table is large enough to look at a sample
    desk = await new_desk(temp_input_share=0.0, doubtful_rows=5)  # no estimate of groups is believed
    answer = await desk.typed(SUMMARY)

    assert [job.reason for job in desk.creates().values()] == ["too large: more than 5 rows"]
    assert len(desk.engine.dropped) == 1
    assert answer.served_from == ()
    assert rows(answer) == await desk.direct(SUMMARY)

    kept = await new_desk(temp_input_share=0.0, doubtful_rows=12)
    assert (await kept.typed(SUMMARY)).temp_only


async def test_a_changed_constant_is_answered_from_a_table_without_its_condition(new_desk):
    desk = await new_desk(relaxed_ratio=5.0)
    sql = "SELECT carrier, count(*) AS n, avg(delay) AS a FROM flights WHERE origin = '{}' GROUP BY carrier ORDER BY n"
    await desk.submit(sql.format("A7"))
    desk.type(sql.format("A8"), open_units={("main",)}, edited_columns=("origin",))
    await desk.scheduler.idle()
    created = list(desk.engine.created)
    assert any("GROUP BY" in text and '"origin"' in text.rsplit("GROUP BY", 1)[1] for text in created)

    for origin in ("A8", "A9", "A61", "nowhere"):
        answer = await desk.typed(sql.format(origin))
        assert answer.temp_only or "cached" in answer.states
        assert rows(answer) == await desk.direct(sql.format(origin))
    assert desk.engine.created == created


@pytest.mark.parametrize(
    "sql",
    [
        "WITH late AS (SELECT carrier, distance FROM flights WHERE delay > 10)"
        " SELECT carrier, sum(distance) AS d FROM late GROUP BY carrier ORDER BY d LIMIT 3",
        "SELECT late.carrier, sum(late.distance) AS d"
        " FROM (SELECT carrier, distance FROM flights WHERE delay > 10) late"
        " GROUP BY late.carrier",
        "WITH far AS (SELECT id FROM flights WHERE distance > 2900)"
        " SELECT origin, count(*) FROM flights WHERE id IN (SELECT id FROM far) GROUP BY origin",
    ],
)
async def test_columns_added_inside_a_query_do_not_keep_its_rows_from_use(new_desk, sql):
    desk = await new_desk(temp_input_share=1.0)
    query, catalog = sqlglot.parse_one(sql, dialect="duckdb"), desk.catalog
    larger = superset(query, catalog)
    inside = [select for select in larger.find_all(sqlglot.exp.Select) if select is not larger]
    assert any(len(select.expressions) > 1 for select in inside), "it has more columns inside"

    desk.type(sql, preview=None, superset=larger)
    await desk.scheduler.idle()
    answer = await desk.submit(sql)

    assert (answer.temp_only, rows(answer)) == (True, await desk.direct(sql))
    assert len(answer.served_from) == 1
    assert any(job.table in answer.served_from for job in desk.creates().values() if job.label == "main")


WEEKS = "SELECT day, carrier, sum(delay) AS delay FROM flights WHERE delay > 0 GROUP BY day, carrier"


async def test_the_whole_query_may_take_longer_than_what_is_in_it(new_desk):
    sql = f"WITH daily AS ({WEEKS}) SELECT carrier, max(delay) AS d FROM daily GROUP BY carrier"
    desk = await new_desk(closed_overrun=1e-9, work_ratio=1e15)
    desk.engine.create_gate.clear()
    desk.type(sql, preview=None)
    await desk.until(lambda graph: any(job.reason.startswith(TOOK_LONGER) for job in graph.jobs))
    desk.engine.create_gate.set()
    await desk.scheduler.idle()

    assert [(job.label, job.state) for job in desk.creates().values()] == [
        ("main › CTE daily", "cancelled"),
        ("main", "done"),
    ]
    answer = await desk.submit(sql)
    assert (answer.temp_only, rows(answer)) == (True, await desk.direct(sql))


@pytest.mark.parametrize(("cheap_work", "at_once"), [(100_000, True), (5, False)])
async def test_a_preview_over_temp_tables_and_a_small_table_comes_at_once(new_desk, cheap_work, at_once):
    before = await new_desk()
    await before.typed(WEEKS)
    rests = asyncio.Event()

    async def rest(_: float) -> None:
        rests.set()
        await asyncio.Event().wait()

    sql = f"SELECT c.name, max(d.delay) FROM ({WEEKS}) d JOIN carriers c ON c.carrier = d.carrier GROUP BY c.name"
    desk = await new_desk(store=before.store, sleep=rest, cheap_work=cheap_work)
    desk.type(sql)
    await rests.wait()
    while at_once and not desk.previews:
        desk.told.clear()
        await desk.told.wait()
    answers = [(bool(shown.served_from), shown.base_tables) for _, shown in desk.previews]
    assert answers == ([(True, ("flights.main.carriers",))] if at_once else [])
    assert [rows(shown) for _, shown in desk.previews] == ([await desk.direct(sql)] if at_once else [])


async def test_what_reads_a_select_that_was_too_large_is_not_made_if_its_own_size_is_in_doubt(new_desk):
    pairs = "SELECT a.id, b.day FROM flights a JOIN flights b ON a.carrier = b.carrier WHERE a.delay > b.delay"
    sql = f"WITH pairs AS ({pairs}) SELECT count(*) FROM flights WHERE id IN (SELECT id FROM pairs) AND delay > 300"
    desk = await new_desk(doubtful_rows=1000, believed_ratio=1.0, blow_up=2.0)
    desk.type(sql, preview=None, open_units={("main",)})
    await desk.scheduler.idle()

    assert {job.reason for job in desk.creates().values()} == {"too large: more than 1,000 rows"}
    explanation = await desk.scheduler.explain(*_query_and_superset(sql), desk.catalog)
    main = explanation.units[-1]
    assert (main.create, main.reason) == (False, "its size is in doubt, and a SELECT in it was too large")


async def test_a_preview_does_not_wait_for_the_session_that_makes_a_temp_table(desk):
    await desk.typed(SUMMARY)
    desk.engine.temp_tables_wait = True
    await desk.typed(f"{SUMMARY} ORDER BY delay")
    assert not desk.previews[-1][1].served_from
    desk.engine.temp_tables_wait = False
    answer = await desk.submit(f"{SUMMARY} ORDER BY delay DESC")
    assert answer.temp_only
