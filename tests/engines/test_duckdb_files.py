"""Opening and releasing files: what can be wrong with one, who else may have it, and when we let go of it."""

import asyncio
import os
import shutil
import sqlite3
import struct

import duckdb
import pytest

from speql_engines import ConnectionFailedError, EngineError

ODD_NAMES = ["a b.duckdb", "1x.db", "it's.db", 'a"b.db', "no_ending", "x.y.duckdb", "select.duckdb", "é😀", "MAIN.db"]
READ = "SELECT count(*) FROM sales"
WRITE_ELSEWHERE = """
import duckdb, sys
c = duckdb.connect(sys.argv[1])
c.execute("INSERT INTO sales VALUES (5000, 'new', 1, NULL)")
c.close()
print("written")
"""


async def count(engine, sql: str = READ) -> int:
    return (await engine.execute(sql)).rows.column(0).to_pylist()[0]


def of_a_newer_duckdb(path) -> None:
    """Raise the storage version in the main header, and its checksum with it (DuckDB's `Checksum`)."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<Q", data, 12, 1 << 40)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", bytes(data[8:4096])):
        checksum ^= (word * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF
    struct.pack_into("<Q", data, 0, checksum)
    path.write_bytes(data)


def damage(path) -> None:
    data = bytearray(path.read_bytes())
    for header in (4096, 8192):
        data[header : header + 100] = b"x" * 100
    path.write_bytes(data)


def sqlite_file(path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE a (b)")
    connection.close()


def a_directory(path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (a_directory, "no data files"),
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_text("just text, and a little more of it"), "is not a DuckDB database"),
        (lambda path: path.write_bytes(os.urandom(20000)), "is not a DuckDB database"),
        (sqlite_file, "SQLite"),
        (lambda path: path.write_bytes(b"PAR1" + bytes(100)), "Parquet"),
        (lambda path: path.write_bytes(path.read_bytes()[:20000]), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:12]), "damaged"),
        (damage, "damaged"),
        (of_a_newer_duckdb, "newer DuckDB"),
    ],
)
@pytest.mark.parametrize("writable", [False, True])
async def test_files_that_cannot_be_opened(open_duckdb, database, spoil, says, writable) -> None:
    spoil(database)
    before = database.read_bytes() if database.is_file() else None
    with pytest.raises(ConnectionFailedError, match=says) as raised:
        await open_duckdb(database, writable=writable)
    assert str(database) in str(raised.value)
    assert (database.read_bytes() if database.is_file() else None) == before


async def test_a_json_file_is_told_how_to_become_a_database(open_duckdb, tmp_path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"a": 1}]')
    with pytest.raises(ConnectionFailedError, match="read_json"):
        await open_duckdb(path)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are POSIX's")
async def test_no_permission(open_duckdb, database) -> None:
    database.chmod(0)
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(65534)
    try:
        with pytest.raises(ConnectionFailedError, match="may not be read"):
            await open_duckdb(database, spill_parent=None if not as_root else database.parent / "spill")
    finally:
        if as_root:
            os.seteuid(0)


async def test_a_file_that_another_process_writes_is_locked(open_duckdb, database, holds_open) -> None:
    process = holds_open(database)
    with pytest.raises(ConnectionFailedError, match="locked") as raised:
        await open_duckdb(database)
    assert str(process.pid) in str(raised.value)
    assert raised.value.hint


async def test_a_file_that_another_process_reads_is_not(open_duckdb, database, holds_open) -> None:
    holds_open(database, read_only=True)
    with pytest.raises(ConnectionFailedError, match="locked"):
        await open_duckdb(database, writable=True)
    assert await count(await open_duckdb(database)) == 1000
    assert await count(await open_duckdb(database)) == 1000
    with pytest.raises(ConnectionFailedError, match="in this process"):
        await open_duckdb(database, writable=True)


async def test_released_when_idle_and_attached_again(open_duckdb, database, timers, run_python, until) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later, idle_release_seconds=7)
    assert await count(engine) == 1000
    assert [delay for delay, _ in timers.waiting] == [7]
    assert "lock" in run_python(WRITE_ELSEWHERE, database).stderr
    version, catalog = await engine.data_version(), await engine.catalog()
    timers.fire()
    await until(lambda: not engine._connection.idle)
    assert await engine.data_version() == version
    assert run_python(WRITE_ELSEWHERE, database).stdout == "written\n"
    assert await engine.data_version() != version
    assert await count(engine) == 1001
    assert (await engine.catalog()).find("sales").row_count == 1001
    assert (await engine.catalog()).version != catalog.version


async def test_not_released_while_a_statement_runs(open_duckdb, database, timers, until) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later)
    running = asyncio.create_task(engine.execute("SELECT sum(hash(a.s || b.s)) FROM big a, big b"))
    await until(lambda: engine._connection._users == 1)
    timers.fire()
    assert await count(engine) == 1000
    timers.fire()
    running.cancel()
    await asyncio.wait({running})
    assert await count(engine) == 1000


async def test_temp_tables_outlive_the_release(open_duckdb, database, timers, run_python, until) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later)
    table = await engine.create_temp_table("kept", "SELECT * FROM sales")
    timers.fire()
    await until(lambda: not engine._connection.idle)
    assert run_python(WRITE_ELSEWHERE, database).stdout == "written\n"
    assert await count(engine, f"SELECT count(*) FROM {table.sql_name}") == 1000


async def test_a_replaced_file_is_noticed(open_duckdb, database, tmp_path) -> None:
    engine = await open_duckdb(database)
    assert await count(engine) == 1000
    version = await engine.data_version()
    other = tmp_path / "other.duckdb"
    shutil.copy(database, other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("DELETE FROM sales WHERE id >= 10")
    other.replace(database)
    assert await engine.data_version() != version
    assert await count(engine) == 10


async def test_a_deleted_file_is_an_error_until_it_is_back(open_duckdb, database, tmp_path) -> None:
    engine = await open_duckdb(database)
    version = await engine.data_version()
    database.rename(tmp_path / "away")
    assert await engine.data_version() != version
    with pytest.raises(ConnectionFailedError, match="does not exist"):
        await engine.execute(READ)
    (tmp_path / "away").rename(database)
    assert await count(engine) == 1000


async def test_the_version_stays_while_nothing_changes(open_duckdb, database, timers, until) -> None:
    for writable in (False, True):
        engine = await open_duckdb(database, call_later=timers.call_later, writable=writable)
        version = await engine.data_version()
        await count(engine)
        await engine.create_temp_table("x", "SELECT 1")
        timers.fire()
        await until(lambda engine=engine: not engine._connection.idle)
        assert await engine.data_version() == version
        await count(engine)
        assert await engine.data_version() == version
        await engine.close()


async def test_a_log_left_by_a_killed_writer_is_read(open_duckdb, database, run_python) -> None:
    run_python(
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute('DELETE FROM sales WHERE id > 4'); os._exit(1)",
        database,
    )
    assert database.with_name("shop.duckdb.wal").exists()
    assert await count(await open_duckdb(database)) == 5


async def test_writes_reach_the_file_when_it_is_released(open_duckdb, database, timers, until) -> None:
    engine = await open_duckdb(database, writable=True, call_later=timers.call_later)
    await engine.submit("DELETE FROM sales WHERE id > 4")
    version = await engine.data_version()
    timers.fire()
    await until(lambda: not engine._connection.idle)
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute(READ).fetchone() == (5,)
    assert not database.with_name("shop.duckdb.wal").exists()
    assert await engine.data_version() == version
    assert await count(engine) == 5


@pytest.mark.parametrize(
    "name",
    [*ODD_NAMES, "temp.duckdb", "system.duckdb", "speql_scratch.duckdb"],
)
async def test_the_database_has_the_name_that_duckdb_gives_it(open_duckdb, database, tmp_path, name) -> None:
    path = tmp_path / "named" / name
    path.parent.mkdir()
    shutil.copy(database, path)
    with duckdb.connect(str(path), read_only=True) as connection:
        (expected,) = connection.execute("SELECT current_database()").fetchone()
    engine = await open_duckdb(path)
    assert (await engine.execute("SELECT current_database()")).rows.column(0).to_pylist() == [expected]
    assert await count(engine) == 1000
    quoted = expected.replace('"', '""')
    assert await count(engine, f'SELECT count(*) FROM "{quoted}".main.sales') == 1000
    table = await engine.create_temp_table("t", "SELECT * FROM sales LIMIT 3")
    assert await count(engine, f"SELECT count(*) FROM {table.sql_name}") == 3
    assert (await engine.catalog()).path[0] == (expected, "main")


async def test_a_file_named_like_the_instance(open_duckdb, database, tmp_path) -> None:
    path = tmp_path / "memory.duckdb"
    shutil.copy(database, path)
    engine = await open_duckdb(path)
    assert await count(engine) == 1000
    assert await count(engine, "SELECT count(*) FROM memory_db.sales") == 1000


async def test_the_label_is_the_file(open_duckdb, database) -> None:
    info = (await open_duckdb(database)).info
    assert (info.engine, info.label, info.writable, info.dialect) == ("DuckDB", "shop.duckdb", False, "duckdb")
    assert (await open_duckdb()).info.writable


@pytest.mark.parametrize("settings", [{"memory_limit": "much"}, {"threads": -1}])
async def test_bad_settings_are_refused(open_duckdb, database, settings) -> None:
    with pytest.raises((ConnectionFailedError, EngineError), match="setting"):
        await open_duckdb(database, **settings)


READ_BEFORE = "SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"


async def test_what_was_read_of_a_released_file_is_kept_for_a_while(
    open_duckdb, database, timers, run_python, until
) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later, own_process=True)
    await engine.execute("SELECT sum(hash(COLUMNS(*))) FROM sales")
    kept, version = await count(engine, READ_BEFORE), await engine.data_version()
    assert kept
    for _ in range(2):
        timers.fire()
        await until(lambda: not engine._connection.idle)
        assert await engine.data_version() == version
        assert await count(engine, READ_BEFORE) == kept
        assert "lock" in run_python(WRITE_ELSEWHERE, database).stderr
    timers.fire()
    await until(lambda: bool(timers.waiting))
    assert engine._connection._attached
    timers.fire()
    await until(lambda: not engine._connection._attached)
    assert not timers.waiting
    assert await count(engine) == 1000
    assert await count(engine, READ_BEFORE) < kept
    timers.fire()
    await until(lambda: not engine._connection.idle)
    assert run_python(WRITE_ELSEWHERE, database).stdout == "written\n"
    assert await count(engine) == 1001
    assert await engine.data_version() != version


async def test_a_file_that_rests_and_is_written_now_is_locked(open_duckdb, database, timers, holds_open, until) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later, own_process=True)
    assert await count(engine) == 1000
    timers.fire()
    await until(lambda: not engine._connection.idle)
    process = holds_open(database)
    with pytest.raises(ConnectionFailedError, match="locked"):
        await count(engine)
    process.communicate()
    assert await count(engine) == 1000


async def test_a_file_that_rests_and_is_replaced_is_noticed(open_duckdb, database, tmp_path, timers, until) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later, own_process=True)
    assert await count(engine) == 1000
    timers.fire()
    await until(lambda: not engine._connection.idle)
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT 7 AS id")
    other.replace(database)
    assert await count(engine) == 1


async def test_a_file_is_not_written_while_another_engine_of_this_process_uses_it(
    open_duckdb, database, timers, run_python, until
) -> None:
    engine = await open_duckdb(database, call_later=timers.call_later, own_process=True)
    assert await count(engine) == 1000
    other = await open_duckdb(database, own_process=True)
    assert "lock" in run_python(WRITE_ELSEWHERE, database).stderr, "opening another has dropped no lock"
    timers.fire()
    await until(lambda: not engine._connection.idle)
    assert "lock" in run_python(WRITE_ELSEWHERE, database).stderr, "the other one uses it"
    assert await count(engine) == 1000
    await other.close()
    assert "lock" in run_python(WRITE_ELSEWHERE, database).stderr, "closing the other has dropped no lock"
    timers.fire()
    await until(lambda: not engine._connection.idle)
    assert run_python(WRITE_ELSEWHERE, database).stdout == "written\n"
    assert await count(engine) == 1001


async def test_a_writable_file_is_detached_when_it_is_released(
    open_duckdb, database, timers, run_python, until
) -> None:
    engine = await open_duckdb(database, writable=True, call_later=timers.call_later, own_process=True)
    assert await count(engine) == 1000
    timers.fire()
    await until(lambda: not engine._connection.idle)
    assert run_python(WRITE_ELSEWHERE, database).stdout == "written\n"
    assert await count(engine) == 1001
