"""The life of temp tables: budget, pins, staleness, and nothing left."""

import asyncio
import shutil
import sys
from dataclasses import replace

import pytest
from sqlglot import parse_one

from speql_engines import TempTable
from speql_engines.duckdb.engine import DuckDBEngine
from speql_scheduler.matching.view import define_view
from speql_scheduler.running.store import Store
from speql_sql.qualify import qualify_query

BY_CARRIER = "SELECT carrier, sum(delay) AS delay FROM flights WHERE delay > 10 GROUP BY carrier"
BY_ORIGIN = "SELECT origin, sum(distance) AS distance FROM flights WHERE delay > 10 GROUP BY origin"


class RecordingDrops:
    """Stands for an engine where only the order of drops matters."""

    def __init__(self):
        self.dropped = []

    async def drop_temp_table(self, name):
        self.dropped.append(name)


@pytest.fixture
def drops():
    return RecordingDrops()


@pytest.fixture
async def view(engine):
    catalog = await engine.catalog()
    return define_view("v", "v", qualify_query(parse_one("SELECT a FROM small"), catalog).query, catalog)


def table(name, size, seconds=1.0):
    return TempTable(name, f"scratch.{name}", 10, size, (), seconds)


async def test_the_least_benefit_per_byte_goes_first(drops, view):
    store = Store(drops, byte_budget=100)
    store.add("cheap", view, table("cheap", 40, seconds=0.1), 0)
    store.add("dear", view, table("dear", 40, seconds=9.0), 0)
    assert store.add("new", view, table("new", 40, seconds=1.0), 0) == ""
    await store.settled()

    assert drops.dropped == ["cheap"]
    assert store.find("dear") is not None
    assert store.bytes == 80


async def test_uses_count_and_age(drops, view):
    store = Store(drops, byte_budget=100)
    store.add("used", view, table("used", 50), 0)
    store.add("unused", view, table("unused", 50), 0)
    for _ in range(3):
        with store.lease() as lease:
            lease.keep_only(["used"])
    store.add("third", view, table("third", 50), 0)
    assert store.find("unused") is None
    # Seven tables later, none of which was used, the three uses of long ago are no longer worth more than being new.
    for number in range(7):
        store.add(f"later {number}", view, table(f"later{number}", 50), 0)
    await store.settled()
    assert store.find("used") is None


async def test_a_table_that_is_worth_less_than_all_others_is_refused(drops, view):
    store = Store(drops, byte_budget=100)
    store.add("dear", view, table("dear", 90, seconds=9.0), 0)
    reason = store.add("huge", view, table("huge", 90, seconds=0.1), 0)
    await store.settled()

    assert "budget" in reason
    assert store.refusals["huge"] == reason
    assert drops.dropped == ["huge"]


async def test_a_leased_table_is_hidden_but_dropped_only_afterwards(drops, view):
    store = Store(drops, byte_budget=100)
    gone = []
    store.join(lambda stored, reason: gone.append((stored.key, reason)))
    store.add("read", view, table("read", 60), 0)
    with store.lease() as lease:
        lease.keep_only(["read"])
        store.observe("1")
        store.observe("2")
        await store.settled()
        assert gone == [("read", "stale: the base data changed")]
        assert store.views == ()
        assert drops.dropped == []
        assert store.bytes == 60
    await store.settled()
    assert drops.dropped == ["read"]
    assert store.bytes == 0


async def test_a_budget_never_takes_what_is_in_use(drops, view):
    store = Store(drops, byte_budget=100)
    store.add("read", view, table("read", 60, seconds=0.1), 0)
    with store.lease():
        assert store.add("new", view, table("new", 60, seconds=9.0), 0) != ""
        assert store.find("read") is not None
    await store.settled()
    assert drops.dropped == ["new"]


async def test_a_table_of_an_earlier_epoch_is_never_offered(drops, view):
    store = Store(drops, byte_budget=100)
    epoch = store.observe("1")
    store.observe("2")
    assert store.add("late", view, table("late", 10), epoch) != ""
    await store.settled()
    assert store.find("late") is None
    assert drops.dropped == ["late"]


async def test_names_are_never_used_twice(drops):
    store = Store(drops, byte_budget=100)
    assert store.new_name("same") != store.new_name("same")


async def test_the_budget_holds_while_typing(new_desk):
    desk = await new_desk(byte_budget=40_000_000, temp_budget_share=1.0)
    sql = "SELECT id, carrier, origin, delay FROM flights WHERE delay > {}"
    for delay in (240, 250, 260, 270, 280):
        answer = await desk.typed(sql.format(delay))
        assert answer.result.rows.num_rows == desk.settings.page_rows
        assert desk.store.bytes <= 40_000_000
    await desk.store.settled()
    assert len(desk.engine.created) - len(desk.engine.dropped) == len(desk.store.views)


async def test_where_the_engine_cannot_tell_of_changes_a_submit_reads_the_data(new_desk, engine, monkeypatch):
    monkeypatch.setattr(DuckDBEngine, "info", replace(engine.info, tells_changes=False))
    desk = await new_desk()
    sql = "SELECT carrier, count(*) AS n FROM flights GROUP BY carrier"
    await desk.typed(sql)
    assert desk.previews

    for _ in range(2):
        desk.engine.submitted.clear()
        answer = await desk.submit(sql)
        assert not answer.served_from
        assert answer.states == ("exact",)
        assert desk.engine.submitted == [sql]


async def test_a_query_typed_again_after_its_table_was_evicted(new_desk):
    """One of the ways in which the published system answers wrongly: the name is there, its table is gone."""
    desk = await new_desk(byte_budget=40_000_000, temp_budget_share=1.0)
    sql = "SELECT id, carrier, origin, delay FROM flights WHERE delay > {}"
    await desk.typed(sql.format(240))
    for delay in (230, 220, 210, 200):
        await desk.typed(sql.format(delay))
    await desk.store.settled()
    assert desk.engine.dropped, "the budget must have evicted something"
    again = await desk.typed(f"{sql.format(240)} AND origin = 'A7'")
    submitted = await desk.submit(f"{sql.format(240)} AND origin = 'A7' ORDER BY id")
    direct = await desk.engine.real.execute(f"{sql.format(240)} AND origin = 'A7' ORDER BY id", desk.settings.page_rows)
    assert submitted.result.rows == direct.rows
    assert again.result.rows.num_rows == min(direct.rows.num_rows, desk.settings.page_rows)
    assert not [name for name in desk.engine.dropped if name in submitted.executed_sql]


async def test_what_another_process_wrote_makes_tables_stale(new_desk, flights_file, tmp_path):
    path = tmp_path / "copy.duckdb"
    shutil.copy(flights_file, path)
    engine = await DuckDBEngine.open(path, idle_release_seconds=0.0)
    try:
        desk = await new_desk(on=engine)
        await desk.typed(BY_CARRIER)
        assert len(desk.store.views) == 1
        await engine._release()

        write = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(\"DELETE FROM flights WHERE carrier = 'C1'\")"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", write, str(path))
        assert await process.wait() == 0

        answer = await desk.submit(BY_CARRIER)
        assert "cached" not in answer.states
        assert answer.result.rows.num_rows == 11
        assert "stale: the base data changed" in {job.reason for graph in desk.graphs for job in graph.jobs}
        # When it is made again depends on what the machine has just learnt of its own speed.
        answers = [await desk.typed(f"{BY_CARRIER} ORDER BY {order}") for order in ("carrier", "delay", "1 DESC")]
        assert any(again.temp_only for again in answers)
        assert all(again.result.rows.num_rows == 11 for again in answers)
        await desk.scheduler.close()
    finally:
        await engine.close()


async def test_a_write_of_ones_own_makes_tables_stale(new_desk):
    engine = await DuckDBEngine.open(None)
    try:
        await engine.submit(
            "CREATE TABLE flights AS SELECT 'C' || i % 5 AS carrier, i % 90 AS delay FROM range(2000000) r(i)"
        )
        desk = await new_desk(on=engine)
        before = await desk.typed(BY_CARRIER)
        await desk.scheduler.submit("DELETE FROM flights WHERE carrier = 'C1'", None, desk.catalog)
        await desk.scheduler.idle()
        after = await desk.submit(BY_CARRIER)

        assert (before.result.rows.num_rows, after.result.rows.num_rows) == (5, 4)
        await desk.scheduler.close()
    finally:
        await engine.close()


async def test_nothing_is_left_after_close(desk):
    await desk.typed(BY_CARRIER)
    await desk.typed(BY_ORIGIN)
    await desk.scheduler.close()

    assert sorted(desk.engine.dropped) == sorted(set(desk.engine.dropped))
    assert len(desk.engine.dropped) == len(desk.engine.created) == 2
    left = await desk.engine.real.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'speql%'")
    assert left.rows.to_pylist() == [{"count_star()": 0}]
