"""Temp tables, cancellation, closing: what runs can be stopped, and nothing is left."""

import asyncio
import os
import subprocess
import sys
import threading
import time

import duckdb
import pytest

from speql_engines import EngineError
from speql_engines.spill import SpillDirectory

# Minutes of work on any machine: only an interrupt ends these.
SLOW_QUERY = "SELECT sum(hash(a.s || b.s)) FROM big a, big b"
SLOW_TABLE = "SELECT a.a, md5(a.s || b.s) AS s FROM big a, big b"


IN_MEMORY_TABLES = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
GROUPED = "SELECT a % 100 AS g, count(*) FROM big GROUP BY g"
SCRATCH_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'speql_scratch'"


def tables_of(engine) -> list[str]:
    with engine._connection._root.cursor() as cursor:
        found = cursor.execute(SCRATCH_TABLES).fetchall()
    return [name for (name,) in found]


async def test_temp_tables_are_made_and_dropped(engine) -> None:
    table = await engine.create_temp_table("t1", "SELECT region, count(*) AS n FROM sales GROUP BY region;")
    assert (table.name, table.sql_name, table.rows) == ("t1", "speql_scratch.main.t1", 3)
    assert [(column.name, column.type) for column in table.columns] == [("region", "VARCHAR"), ("n", "BIGINT")]
    assert 0 < table.bytes < 100_000
    assert table.seconds > 0
    assert (await engine.execute(f"SELECT sum(n) FROM {table.sql_name}")).rows.column(0).to_pylist() == [1000]
    await engine.drop_temp_table("t1")
    assert tables_of(engine) == []
    await engine.drop_temp_table("t1")
    await engine.drop_temp_table("never made")


@pytest.mark.parametrize("name", ["x", "Übung", "a b", 'a"b', "select", "1x", "x;DROP TABLE y"])
async def test_any_name_will_do(engine, name) -> None:
    table = await engine.create_temp_table(name, "SELECT 1 AS a")
    assert (await engine.execute(f"SELECT a FROM {table.sql_name}")).rows.column(0).to_pylist() == [1]
    assert tables_of(engine) == [name]
    await engine.drop_temp_table(name)
    assert tables_of(engine) == []


async def test_a_name_in_use_is_refused_and_its_table_stays(engine) -> None:
    await engine.create_temp_table("x", "SELECT 1 AS a")
    with pytest.raises(EngineError, match="already"):
        await engine.create_temp_table("x", "SELECT 2 AS a")
    assert tables_of(engine) == ["x"]
    await engine.drop_temp_table("x")
    await engine.create_temp_table("x", "SELECT 2 AS a")


@pytest.mark.parametrize("sql", ["SELECT nothing", "SELECT 'x'::INTEGER", "SELECT error(id::VARCHAR) FROM sales", "x"])
async def test_a_failed_creation_leaves_nothing(engine, sql) -> None:
    with pytest.raises(EngineError):
        await engine.create_temp_table("x", sql)
    assert tables_of(engine) == []
    await engine.create_temp_table("x", "SELECT 1 AS a")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT range AS a FROM range(1000000)",
        "SELECT range AS a, md5(range::VARCHAR) AS s FROM range(500000)",
        "SELECT 1 AS a, 'x' AS b FROM range(1000000)",
        "SELECT repeat('long', 10 + (range % 50)::INTEGER) AS s FROM range(300000)",
        "SELECT [range, range + 1] AS l, {'a': range} AS st FROM range(300000)",
        "SELECT range::DECIMAL(18, 3) AS d, range % 2 = 0 AS b, DATE '2020-01-01' AS day FROM range(1000000)",
    ],
)
async def test_bytes_are_what_duckdb_uses(open_duckdb, sql) -> None:
    engine = await open_duckdb()
    table = await engine.create_temp_table("x", sql)
    with engine._connection._root.cursor() as cursor:
        (used,) = cursor.execute(IN_MEMORY_TABLES).fetchone()
    assert table.bytes == pytest.approx(used, rel=0.25)


@pytest.mark.parametrize("call", ["execute", "create_temp_table", "sample", "submit"])
async def test_cancelling_stops_the_engine(engine, until, call) -> None:
    calls = {
        "execute": lambda: engine.execute(SLOW_QUERY),
        "create_temp_table": lambda: engine.create_temp_table("x", SLOW_TABLE),
        "sample": lambda: engine.sample(SLOW_QUERY, "big", 0.9),
        "submit": lambda: engine.submit(SLOW_QUERY),
    }
    task = asyncio.create_task(calls[call]())
    await until(lambda: engine._connection._users == 1)
    task.cancel()
    started = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - started < 5
    assert engine._connection._users == 0
    assert not engine._work._jobs._jobs
    assert tables_of(engine) == []
    await engine.create_temp_table("x", "SELECT 1 AS a")


async def test_cancelling_at_any_moment_leaves_nothing(engine) -> None:
    # 200 moments from before the start to after the end of a creation, by steps of the event loop and by time.
    for step in range(200):
        task = asyncio.create_task(engine.create_temp_table("x", GROUPED))
        started = time.perf_counter()
        while time.perf_counter() - started < step * 0.0001 and not task.done():  # noqa: ASYNC110 -- a moment, not an event
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            assert task.result().rows == 100
            await engine.drop_temp_table("x")
        assert tables_of(engine) == []
        assert engine._connection._users == 0


async def test_a_second_cancel_changes_nothing(engine, until) -> None:
    task = asyncio.create_task(engine.create_temp_table("x", SLOW_TABLE))
    await until(lambda: engine._connection._users == 1)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine._connection._users == 0
    assert tables_of(engine) == []


async def test_cancelling_one_leaves_the_others(engine, until) -> None:
    slow = asyncio.create_task(engine.execute(SLOW_QUERY))
    await until(lambda: engine._connection._users == 1)
    fast = [asyncio.create_task(engine.execute("SELECT count(*) FROM big")) for _ in range(5)]
    slow.cancel()
    for result in await asyncio.gather(*fast):
        assert result.rows.column(0).to_pylist() == [300_000]
    with pytest.raises(asyncio.CancelledError):
        await slow


async def test_binding_waits_behind_no_query(engine, until) -> None:
    tasks = [asyncio.create_task(engine.execute(SLOW_QUERY)) for _ in range(20)]
    await until(lambda: engine._connection._users == 16)
    async with asyncio.timeout(10):
        assert (await engine.bind("SELECT 1")).ok
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
    assert engine._connection._users == 0


async def test_a_timeout_of_asyncio_works(engine) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await engine.execute(SLOW_QUERY)
    assert engine._connection._users == 0


async def test_close_stops_what_runs(open_duckdb, database, until, run_python) -> None:
    engine = await open_duckdb(database)
    tasks = [
        asyncio.create_task(engine.execute(SLOW_QUERY)),
        asyncio.create_task(engine.create_temp_table("x", SLOW_TABLE)),
    ]
    await until(lambda: engine._connection._users == 2)
    await asyncio.gather(engine.close(), engine.close())
    for task in tasks:
        with pytest.raises(EngineError):
            await task
    await engine.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("speql-duckdb")]
    for call in (engine.execute("SELECT 1"), engine.catalog(), engine.data_version(), engine.drop_temp_table("x")):
        with pytest.raises(EngineError, match="closed"):
            await call
    assert run_python("import duckdb, sys; duckdb.connect(sys.argv[1])", database).returncode == 0


FORGETS = """
import asyncio, sys
from pathlib import Path
from speql_engines import DuckDBEngine
from speql_engines.jobs import JobRunner

async def main():
    engine = await DuckDBEngine.open(Path(sys.argv[1]), spill_parent=Path(sys.argv[2]), memory_limit="200MB")
    await engine.create_temp_table("x", "SELECT a, repeat(s, 30) AS s FROM big")
    assert list(Path(sys.argv[2]).iterdir()), "it has spilled"
    keep.append(engine)
    if sys.argv[3] == "running":
        work = engine._on_cursor(lambda cursor, job: cursor.execute(sys.argv[4]).fetchall(), "", "")
        runner = JobRunner(engine._work.long, engine._work._jobs, work)
        # Without a task to await it: as if the loop had ended without cancelling its tasks.
        engine._work._jobs.add(runner._job)
        engine._work.long.submit(runner._run)
        while not engine._connection._users:
            await asyncio.sleep(0)

keep = []
asyncio.run(main())
print("end of main", flush=True)
if sys.argv[3] == "killed":
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("how", "status"), [("idle", 0), ("running", 0), ("killed", -9)])
def test_a_process_that_forgets_close_ends_at_once(database, tmp_path, how, status) -> None:
    spill = tmp_path / "spill"
    command = [sys.executable, "-W", "error", "-c", FORGETS, str(database), str(spill), how, SLOW_QUERY]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (process.stdout, process.returncode) == ("end of main\n", status), process.stderr
    assert process.stderr == ""
    if how == "killed":
        # What a killed process leaves is swept by the next one.
        SpillDirectory(spill)
    assert list(spill.iterdir()) == []
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE not_locked (i INTEGER)")


def test_the_spill_of_living_processes_is_left_alone(tmp_path) -> None:
    mine = tmp_path / f"{os.getpid()}-{'0' * 32}"
    other = tmp_path / "something else"
    for folder in (mine, other):
        folder.mkdir()
    SpillDirectory(tmp_path)
    assert mine.exists()
    assert other.exists()


async def test_nothing_is_on_disk_after_close(open_duckdb, database, tmp_path) -> None:
    spill = tmp_path / "private"
    engine = await open_duckdb(database, spill_parent=spill, memory_limit="200MB", threads=1)
    assert list(spill.iterdir()) == []
    await engine.create_temp_table("x", "SELECT a, repeat(s, 30) AS s FROM big")
    assert list(spill.iterdir())
    before = {path.name for path in database.parent.iterdir()}
    await engine.close()
    assert list(spill.iterdir()) == []
    assert {path.name for path in database.parent.iterdir()} == before
    assert spill.stat().st_mode & 0o077 == 0


async def test_an_engine_that_is_dropped_ends_its_threads(database, tmp_path, until) -> None:
    import gc

    from speql_engines import DuckDBEngine

    engine = await DuckDBEngine.open(database, spill_parent=tmp_path / "spill", call_later=lambda delay, call: Never())
    await engine.execute("SELECT 1")
    del engine
    gc.collect()
    await until(lambda: not [t for t in threading.enumerate() if t.name.startswith("speql-duckdb")])


class Never:
    def cancel(self) -> None:
        pass


async def test_what_works_ahead_spills_where_a_submit_may_take_the_memory(open_duckdb, database, tmp_path) -> None:
    engine = await open_duckdb(database, spill_parent=tmp_path / "private", memory_limit="400MB", threads=1)
    setting = "SELECT current_setting('operator_memory_limit') AS m"
    numbers = "SELECT i, hash(i) AS h FROM range(8_000_000) r(i) ORDER BY h"  # more to sort than a job may hold
    try:
        ahead = (await engine.execute(setting)).rows.to_pylist()
        submitted = (await engine.submit(setting)).rows.to_pylist()
        table = await engine.create_temp_table("sorted_ahead", numbers)
        rows = (await engine.execute(f"FROM {table.sql_name} LIMIT 10")).rows
        direct = (await engine.submit(f"{numbers} LIMIT 10")).rows
    finally:
        await engine.close()
    assert ahead == [{"m": "95.3 MiB"}]
    assert submitted == [{"m": None}]
    assert (table.rows, rows) == (8_000_000, direct)
