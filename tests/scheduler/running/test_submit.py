"""A submit goes ahead of everything, by the fastest way that is surely right."""

import asyncio

import pytest

from speql_engines import EngineError

BY_CARRIER = "SELECT carrier, sum(delay) AS delay FROM flights WHERE delay > 10 GROUP BY carrier"
BY_ORIGIN = "SELECT origin, sum(distance) AS distance FROM flights WHERE delay > 10 GROUP BY origin"


async def test_a_submit_adopts_the_create_that_serves_it(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()
    submit = asyncio.ensure_future(desk.submit(f"{BY_CARRIER} ORDER BY delay, carrier LIMIT 5"))
    await desk.until(lambda graph: any(job.kind == "submit" and job.state == "running" for job in graph.jobs))
    desk.engine.create_gate.set()

    answer = await submit

    assert answer.temp_only
    assert len(desk.engine.created) == 1
    assert ["speql_" in sql for sql in desk.engine.submitted] == [True]
    direct = await desk.engine.real.execute(f"{BY_CARRIER} ORDER BY delay, carrier LIMIT 5")
    assert answer.result.rows.to_pylist() == direct.rows.to_pylist()
    (job,) = (job for job in desk.graphs[-1].jobs if job.kind == "submit")
    assert (job.key, desk.creates()["main"].key, "served-by") in desk.graphs[-1].edges


async def test_a_submit_does_not_wait_longer_than_its_own_run_takes(new_desk):
    desk = await new_desk(adoption_seconds=0.0)
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()

    answer = await desk.submit(f"{BY_CARRIER} ORDER BY delay, carrier LIMIT 5")

    assert answer.served_from == ()
    assert desk.engine.created == []
    direct = await desk.engine.real.execute(f"{BY_CARRIER} ORDER BY delay, carrier LIMIT 5")
    assert answer.result.rows.to_pylist() == direct.rows.to_pylist()
    desk.engine.create_gate.set()


async def test_a_submit_cancels_the_create_that_it_does_not_need(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()

    answer = await desk.submit(BY_ORIGIN)

    assert answer.served_from == ()
    assert desk.engine.submitted == [BY_ORIGIN]
    assert rows(answer) == await desk.direct(BY_ORIGIN)
    desk.engine.create_gate.set()
    await desk.scheduler.idle()
    assert len(desk.engine.created) == 1  # what the newest text wants is taken up again afterwards


async def test_a_submit_takes_over_the_preview_of_the_same_query(desk):
    desk.engine.execute_gate.clear()
    desk.type("SELECT a FROM small")
    await desk.engine.execute_begun.wait()
    submit = asyncio.ensure_future(desk.submit("SELECT a FROM small"))
    await desk.until(lambda graph: any(job.kind == "submit" for job in graph.jobs))
    desk.engine.execute_gate.set()

    assert (await submit).result.rows.num_rows == 10
    assert len(desk.engine.executed) == 1
    assert not desk.engine.submitted


async def test_a_preview_that_a_submit_waits_for_is_not_stopped_for_being_slow(new_desk):
    desk = await new_desk(preview_seconds=0.05)
    desk.engine.execute_gate.clear()
    desk.type("SELECT a FROM small")
    await desk.engine.execute_begun.wait()
    submit = asyncio.ensure_future(desk.submit("SELECT a FROM small"))

    waited, _ = await asyncio.wait({submit}, timeout=0.2)
    desk.engine.execute_gate.set()

    assert not waited
    assert (await submit).result.rows.num_rows == 10
    assert len(desk.engine.executed) == 1
    assert not desk.engine.submitted


@pytest.mark.parametrize(
    ("edited", "as_typed", "rehearsed"),
    [
        (BY_CARRIER.replace("10", "11"), True, True),
        (BY_CARRIER.replace("10", "11"), False, False),
        (BY_CARRIER.replace("flights", "flights CROSS JOIN small"), True, False),
        (BY_CARRIER.replace("sum(delay)", "sum(delay * random())"), True, False),
    ],
)
async def test_an_edit_of_what_was_submitted_is_run_ahead_of_its_submit(new_desk, edited, as_typed, rehearsed):
    desk = await new_desk(cheap_work=0)
    ordered = " ORDER BY delay, carrier"
    await desk.submit(BY_CARRIER + ordered)
    desk.type(edited + ordered, preview=None, as_typed=as_typed, open_units={("main",)})
    await desk.scheduler.idle()

    answer = await desk.submit(edited + ordered)

    assert ("cached" in answer.states) is rehearsed
    if "random" not in edited:
        direct = await desk.engine.real.execute(edited + ordered)
        assert answer.result.rows.to_pylist() == direct.rows.to_pylist()


async def test_a_submit_falls_back_when_the_rewritten_query_fails(desk):
    await desk.typed(BY_CARRIER)
    desk.engine.fail_execute = lambda sql: "speql_" in sql
    sql = f"{BY_CARRIER} ORDER BY carrier"

    answer = await desk.submit(sql)

    assert answer.served_from == ()
    assert ["speql_" in text for text in desk.engine.submitted] == [True, False]
    assert desk.engine.submitted[-1] == sql
    assert rows(answer) == await desk.direct(sql)


async def test_a_failing_create_is_invisible(desk):
    desk.engine.fail_create = lambda sql: True

    answer = await desk.typed(BY_CARRIER)

    assert rows(answer) == await desk.direct(BY_CARRIER)
    assert desk.failures == []
    assert [job.state for job in desk.creates().values()] == ["failed"]
    assert not desk.store.views
    desk.engine.fail_create = lambda sql: False
    await desk.typed(f"{BY_CARRIER} LIMIT 1")
    assert not desk.engine.created  # not tried again on the same data


async def test_a_failing_submit_raises_and_a_failing_preview_is_told(desk):
    sql = "SELECT 1 / (a - a)::UTINYINT, (-1 - a)::UTINYINT FROM small"
    with pytest.raises(EngineError):
        await desk.submit(sql)

    speculation = desk.type(sql)
    await desk.scheduler.idle()

    assert desk.previews == []
    assert [(failed.id, problem.severity) for failed, problem in desk.failures] == [(speculation.id, "error")]


async def test_volatile_queries_are_neither_previewed_nor_cached(desk):
    sql = "SELECT random() AS r FROM small"
    desk.type(sql)
    await desk.scheduler.idle()
    assert desk.previews == []
    assert len(desk.failures) == 1

    first, second = await desk.submit(sql), await desk.submit(sql)

    assert first.result.rows != second.result.rows
    assert first.states == second.states == ("exact",)
    assert desk.engine.submitted == [sql, sql]


async def test_a_predicted_preview_says_so(desk):
    desk.type("SELECT a FROM small", predicted=True)
    await desk.scheduler.idle()
    desk.type("SELECT a FROM small", predicted=True)
    await desk.scheduler.idle()

    assert [answer.states for _, answer in desk.previews] == [("exact", "predicted"), ("exact", "cached", "predicted")]


async def test_a_statement_that_is_no_query_runs_as_written_and_is_never_cached(desk):
    with pytest.raises(EngineError):
        await desk.scheduler.submit("INSERT INTO small VALUES (1, 2)", None, desk.catalog)
    assert desk.engine.submitted == ["INSERT INTO small VALUES (1, 2)"]
    assert (await desk.submit("SELECT count(*) FROM small")).result.rows.to_pylist() == [{"count_star()": 10}]


def rows(answer):
    columns = [column.to_pylist() for column in answer.result.rows.columns]
    return sorted(zip(*columns, strict=True), key=repr)


@pytest.mark.parametrize(
    ("seen", "submitted", "is_cached"),
    [
        ("ORDER BY id", "ORDER BY id LIMIT 10", True),
        ("ORDER BY id LIMIT 10", "ORDER BY id LIMIT 3", True),
        ("ORDER BY id LIMIT 1", "ORDER BY id LIMIT 10", False),
        ("ORDER BY id", "ORDER BY id DESC LIMIT 10", False),
        ("ORDER BY id", "ORDER BY id LIMIT 10 OFFSET 2", False),
        ("ORDER BY id LIMIT 10 OFFSET 2", "ORDER BY id LIMIT 10", False),
        ("ORDER BY id", "ORDER BY id LIMIT 5000", True),  # more than a page
    ],
)
async def test_the_first_rows_of_what_was_seen_are_those_of_a_limit(desk, seen, submitted, is_cached):
    query = "SELECT id, delay FROM flights WHERE distance < 1000"
    desk.type(f"{query} {seen}")
    await desk.scheduler.idle()

    answer = await desk.submit(f"{query} {submitted}")

    assert ("cached" in answer.states) is is_cached
    direct = await desk.engine.real.execute(f"{query} {submitted}", 2_000)
    assert answer.result.rows.to_pylist() == direct.rows.to_pylist()
    assert answer.result.complete == direct.complete


@pytest.mark.parametrize(
    ("query", "goes_on"),
    [
        ("SELECT b, sum(a) AS total FROM small GROUP BY b ORDER BY b", True),
        ("SELECT DISTINCT b FROM small ORDER BY b", True),
        ("SELECT a FROM small UNION SELECT b FROM small ORDER BY a", True),
        ("SELECT a FROM small ORDER BY a", False),  # with a LIMIT it would be done sooner
    ],
)
@pytest.mark.parametrize("submits", [False, True])
async def test_a_limit_is_served_by_the_preview_without_it_that_runs(desk, query, goes_on, submits):
    desk.engine.execute_gate.clear()
    desk.type(query)
    await desk.engine.execute_begun.wait()
    limited = f"{query} LIMIT 2"
    if submits:
        submit = asyncio.ensure_future(desk.submit(limited))
        await desk.until(lambda graph: any(job.kind == "submit" for job in graph.jobs))
    else:
        desk.type(limited)
        await asyncio.sleep(0)
    desk.engine.execute_gate.set()
    answer = await submit if submits else None
    await desk.scheduler.idle()
    answer = answer or desk.previews[-1][1]

    assert answer.result.rows.to_pylist() == (await desk.engine.real.execute(limited)).rows.to_pylist()
    assert answer.result.complete
    if goes_on or submits:  # else it may have ended before the next text was seen
        assert (desk.engine.executed == [query] and not desk.engine.submitted) is goes_on
