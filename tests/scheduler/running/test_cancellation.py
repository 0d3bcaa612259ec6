"""What is no longer wanted stops on the engine; what still is goes on; nothing of it is an error."""

import asyncio

import pytest

from speql_scheduler.running.allowance import Allowance
from speql_scheduler.running.settings import SchedulerSettings

BY_CARRIER = "SELECT carrier, sum(delay) AS delay FROM flights WHERE delay > 10 GROUP BY carrier"
BY_ORIGIN = "SELECT origin, sum(distance) AS distance FROM flights WHERE delay > 10 GROUP BY origin"
HEAVY = "SELECT max(hash(a.id, b.id)) AS h FROM flights AS a JOIN flights AS b ON a.distance = b.distance"


async def test_an_edit_keeps_the_create_that_is_still_wanted(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()

    desk.type(f"{BY_CARRIER} ORDER BY delay")
    await asyncio.sleep(0)
    desk.engine.create_gate.set()
    await desk.scheduler.idle()

    assert len(desk.engine.created) == 1
    assert desk.previews[-1][1].temp_only
    assert all(job.state == "done" for job in desk.creates().values())


async def test_an_edit_greys_out_and_cancels_what_is_not(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()
    desk.engine.create_begun.clear()

    desk.type(BY_ORIGIN)
    await desk.engine.create_begun.wait()  # the second only begins when the first has ended on the engine
    assert desk.engine.most_running_creates == 1
    desk.engine.create_gate.set()
    await desk.scheduler.idle()

    states = {job.state for graph in desk.graphs for job in graph.jobs if job.sql and "carrier" in job.sql.lower()}
    assert {"running", "greyed", "cancelled"} <= states
    assert len(desk.engine.created) == 1
    assert len(desk.store.views) == 1


async def test_a_stale_create_is_interrupted_on_the_engine(new_desk):
    desk = await new_desk(blow_up=1e12, believed_ratio=1e12)
    desk.type(HEAVY, preview=None)
    await desk.until(lambda graph: any(job.state == "running" for job in graph.jobs))
    await desk.engine.create_begun.wait()

    desk.type("SELECT a FROM small")
    await desk.scheduler.idle()  # HEAVY would take minutes

    assert desk.engine.running == 0
    assert not desk.engine.created
    assert not desk.store.views
    assert "cancelled" in {job.state for graph in desk.graphs for job in graph.jobs if job.kind == "create"}


async def test_an_overtaken_preview_is_cancelled_and_never_shown(desk):
    desk.engine.execute_gate.clear()
    first = desk.type("SELECT a FROM small")
    await desk.engine.execute_begun.wait()
    second = desk.type("SELECT b FROM small")
    await asyncio.sleep(0)
    desk.engine.execute_gate.set()
    await desk.scheduler.idle()

    assert [speculation.id for speculation, _ in desk.previews] == [second.id]
    assert first.id != second.id
    assert desk.failures == []


async def test_a_late_preview_does_not_stop_the_one_that_has_overtaken_it(desk):
    desk.engine.hold_estimate = lambda sql: sql.startswith("SELECT a")
    desk.type("SELECT a FROM small")
    await desk.engine.estimate_begun.wait()
    [late] = [task for task in asyncio.all_tasks() if task.get_name() == "show preview"]
    desk.engine.execute_gate.clear()
    second = desk.type("SELECT b FROM small")
    await desk.engine.execute_begun.wait()

    desk.engine.execute_begun.clear()
    desk.engine.estimate_gate.set()
    another = asyncio.create_task(desk.engine.execute_begun.wait())
    await asyncio.wait({late, another}, return_when=asyncio.FIRST_COMPLETED)
    another.cancel()
    desk.engine.execute_gate.set()
    await desk.scheduler.idle()

    assert [speculation.id for speculation, _ in desk.previews] == [second.id]


async def test_a_preview_goes_on_when_the_text_changes_without_changing_it(desk):
    desk.engine.execute_gate.clear()
    desk.type("SELECT a FROM small")
    await desk.engine.execute_begun.wait()
    second = desk.type("SELECT   a   FROM small -- done")
    desk.engine.execute_gate.set()
    await desk.scheduler.idle()

    assert len(desk.engine.executed) == 1
    assert desk.previews[-1][0].id == second.id


async def test_columns_that_are_called_otherwise_are_not_computed_again(desk):
    sql = "SELECT b, count(*) AS {} FROM small GROUP BY b"
    desk.engine.execute_gate.clear()
    desk.type(sql.format("number"), preview=sql.format("number"))
    await desk.engine.execute_begun.wait()
    desk.type(sql.format("number_o"))  # while it runs
    desk.engine.execute_gate.set()
    await desk.scheduler.idle()
    await desk.typed(sql.format("number_of"))
    answer = await desk.submit(sql.format("number_of_rows"))

    assert len(desk.engine.executed) == 1
    assert desk.engine.submitted == []
    assert [column.name for column in answer.result.columns] == ["b", "number_of_rows"]
    assert answer.result.rows.column_names == ["b", "number_of_rows"]
    shown = [[column.name for column in shown.result.columns][1] for _, shown in desk.previews]
    assert shown == ["number_o", "number_of"]
    assert desk.rows(answer.result) == await desk.direct(sql.format("number_of_rows"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "SELECT a AS x, b AS y FROM small ORDER BY x LIMIT 3",
            "SELECT a AS y, b AS x FROM small ORDER BY x, y LIMIT 3",
        ),
        (
            "SELECT DISTINCT ON (x) b AS x, a AS y FROM small ORDER BY x, y",
            "SELECT DISTINCT ON (x) a AS x, b AS y FROM small ORDER BY x, y",
        ),
        ("SELECT a AS x FROM small", "SELECT b AS x FROM small"),
        (
            "SELECT a AS x FROM small UNION BY NAME SELECT b AS x FROM small",
            "SELECT a AS y FROM small UNION BY NAME SELECT b AS x FROM small",
        ),
    ],
)
async def test_other_names_of_columns_are_not_taken_for_the_same(desk, one, other):
    for sql in (one, other, one):
        answer = await desk.typed(sql)
        direct = await desk.engine.real.execute(sql)
        assert answer.result.rows.column_names == direct.rows.column_names
        assert desk.rows(answer.result) == desk.rows(direct)


async def test_what_the_user_has_left_is_created_at_once_and_the_rest_when_the_text_rests(new_desk):
    rests = asyncio.Event()

    async def sleep(seconds):
        assert seconds in (7.0, 2.0)
        await rests.wait()

    desk = await new_desk(quiet_seconds=7.0, pause_seconds=9.0, waiting_seconds=9.0, sleep=sleep)
    sql = f"""WITH a AS ({BY_CARRIER}), b AS ({BY_ORIGIN})
    SELECT a.delay, b.distance FROM a, b WHERE a.delay > b.distance"""
    desk.type(sql, preview=BY_ORIGIN, open_units={("main",), ("main", "CTE b")}, closed_texts=(BY_CARRIER,))
    await desk.until(lambda graph: any(job.state == "done" for job in graph.jobs))

    assert [sql for sql in desk.engine.created if "origin" in sql.lower()] == []
    assert not desk.previews

    rests.set()
    await desk.scheduler.idle()
    assert len(desk.engine.created) >= 2
    assert desk.previews[-1][1].temp_only


async def test_the_create_of_a_select_that_is_written_on_is_stopped(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER, open_units={("main",)})
    await desk.engine.create_begun.wait()

    desk.type(f"{BY_CARRIER} HAVING sum(delay) > 3", open_units={("main",)})
    await desk.until(lambda graph: any(job.state == "cancelled" for job in graph.jobs))

    desk.engine.create_gate.set()
    await desk.scheduler.idle()
    assert desk.previews[-1][1].temp_only


async def test_work_ahead_ends_with_the_allowance(new_desk):
    looked_long = asyncio.Event()

    async def sleep(seconds):
        if seconds > 50.0:
            looked_long.set()
            await asyncio.Event().wait()

    desk = await new_desk(free_seconds=0.0, work_ratio=0.0, looking_seconds=60.0, sleep=sleep)
    desk.type(BY_CARRIER)
    await asyncio.wait_for(looked_long.wait(), 30)

    assert not desk.engine.created
    assert not desk.engine.executed
    assert [job.state for job in desk.creates().values()] == ["greyed"]
    assert [problem.code for _, problem in desk.failures] == ["preview-held"]

    answer = await desk.submit(BY_CARRIER)
    assert answer.result.rows.num_rows == 12


async def test_who_waits_long_for_a_preview_gets_it_whatever_was_worked_ahead(new_desk):
    desk = await new_desk(free_seconds=0.0, work_ratio=0.0)
    await desk.typed(BY_CARRIER)

    assert [problem.code for _, problem in desk.failures] == ["preview-held"]
    assert not desk.engine.created
    assert desk.rows(desk.previews[-1][1].result) == await desk.direct(BY_CARRIER)


async def test_who_waits_for_what_takes_long_is_told_to_submit(new_desk):
    desk = await new_desk(free_seconds=0.0, work_ratio=0.0, rows_per_second=1.0)
    await desk.typed(BY_CARRIER)

    assert not desk.engine.executed
    ((_, problem),) = desk.failures
    assert (problem.code, problem.hint) == ("preview-held", "Submit the query to see its rows.")


@pytest.mark.parametrize("work_ratio", [0.0, 3.0])
async def test_a_guess_that_would_take_long_is_not_run(new_desk, work_ratio):
    desk = await new_desk(work_ratio=work_ratio, guessed_seconds=0.0, cheap_work=0)
    desk.type(BY_CARRIER, guessed=True, open_units={("main",)}, closed_texts=())
    await desk.scheduler.idle()

    assert not desk.engine.executed
    ((_, problem),) = desk.failures
    assert "guessed" in problem.message


@pytest.mark.parametrize("sql", ["SELECT b, sum(a) AS n FROM small GROUP BY b", "SELECT max(name) AS n FROM carriers"])
async def test_what_costs_next_to_nothing_is_shown_without_an_allowance(new_desk, sql):
    desk = await new_desk(free_seconds=0.0, work_ratio=0.0, at_once_seconds=0.06)
    await desk.typed(sql)
    shown = [sorted(zip(*answer.result.rows.to_pydict().values(), strict=True)) for _, answer in desk.previews]
    assert shown == [await desk.direct(sql)]
    assert not desk.failures


@pytest.mark.parametrize(("direct_seconds", "room"), [(0.03, 0.1 - 3.0 + 2.0), (0.06, 0.1 - 3.0 + 0.1 * 400 / 1800)])
def test_of_quick_queries_previews_go_on_in_a_share_of_the_time(direct_seconds, room):
    now = 0.0
    allowance = Allowance(SchedulerSettings(clock=lambda: now, free_seconds=0.3, trickle=0.005))
    allowance.spend(3.0, "writing")
    now = 400.0
    assert allowance.room(direct_seconds, "writing") == pytest.approx(room)
    assert allowance.room(direct_seconds, "finished") == pytest.approx(0.1)


async def test_who_looks_at_a_preview_gets_more_of_them(new_desk, monkeypatch):
    renewed = asyncio.Event()
    monkeypatch.setattr(Allowance, "renew", lambda self: renewed.set())
    desk = await new_desk(looking_seconds=3600.0)
    await desk.typed(BY_CARRIER)
    assert not renewed.is_set()
    desk = await new_desk(looking_seconds=0.0)
    await desk.typed(BY_CARRIER)
    await asyncio.wait_for(renewed.wait(), 30)


async def test_one_create_at_a_time_also_among_documents(new_desk):
    desk = await new_desk()
    other = await new_desk(store=desk.store)
    for each, sql in ((desk, BY_CARRIER), (other, BY_ORIGIN), (desk, BY_ORIGIN)):
        each.type(sql)
    await asyncio.gather(desk.scheduler.idle(), other.scheduler.idle())

    assert desk.engine.most_running_creates == 1
    assert len({view.name for view in desk.store.views}) == len(desk.engine.created)


async def test_the_last_document_to_close_drops_the_tables(new_desk):
    desk = await new_desk()
    other = await new_desk(store=desk.store)
    await desk.typed(BY_CARRIER)

    await desk.scheduler.close()
    assert len(desk.store.views) == 1
    await other.scheduler.close()
    assert not desk.store.views
    assert len(desk.engine.dropped) == len(desk.engine.created) == 1


async def test_cancel_stops_a_submit_and_what_waits(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()
    submit = asyncio.ensure_future(desk.submit(HEAVY))
    await desk.until(lambda graph: any(job.kind == "submit" and job.state == "running" for job in graph.jobs))

    desk.scheduler.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submit
    await desk.scheduler.idle()

    assert desk.engine.running == 0
    assert {job.state for job in desk.graphs[-1].jobs} <= {"cancelled", "greyed"}


async def test_close_while_everything_runs_leaves_nothing(desk):
    desk.engine.create_gate.clear()
    desk.type(BY_CARRIER)
    await desk.engine.create_begun.wait()
    await desk.scheduler.close()

    assert desk.engine.running == 0
    assert not [
        task for task in asyncio.all_tasks() if task.get_name().startswith(("create", "speculation", "preview"))
    ]
    await desk.scheduler.close()
    desk.type(BY_ORIGIN)
    await desk.scheduler.idle()
    assert not desk.previews


async def test_a_create_over_its_time_limit_is_stopped_and_not_tried_again(new_desk):
    desk = await new_desk(create_seconds=0.1)
    desk.engine.create_gate.clear()
    answer = await desk.typed(BY_CARRIER)
    assert answer.served_from == ()  # the preview ran on base tables
    assert [job.state for job in desk.creates().values()] == ["cancelled"]

    desk.engine.create_gate.set()
    await desk.typed(f"{BY_CARRIER} LIMIT 3")
    assert not desk.engine.created
    assert desk.failures == []
