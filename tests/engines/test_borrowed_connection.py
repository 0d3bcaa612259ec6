"""The user's own connection: nothing of ours is to be seen on it, and nothing of the user's is missed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import duckdb
import pytest

from speql_engines import ConnectionFailedError, EngineError
from speql_engines.duckdb.engine import DuckDBEngine


@pytest.fixture
async def borrowed() -> AsyncIterator[tuple[duckdb.DuckDBPyConnection, DuckDBEngine]]:
    user = duckdb.connect()
    user.execute("CREATE TABLE t AS SELECT range AS a FROM range(10)")
    engine = await DuckDBEngine.borrow(user)
    yield user, engine
    await engine.close()
    user.close()


def listed(user: duckdb.DuckDBPyConnection) -> list[object]:
    questions = (
        "SELECT database_name FROM duckdb_databases()",
        "SELECT database_name, table_name FROM duckdb_tables()",
        "SELECT DISTINCT database_name FROM duckdb_columns()",
        "SELECT DISTINCT database_name FROM duckdb_schemas()",
        "SHOW ALL TABLES",
        "SHOW DATABASES",
        "SELECT table_catalog, table_name FROM information_schema.tables",
    )
    return [sorted(user.sql(question).fetchall(), key=str) for question in questions]


Borrowed = tuple[duckdb.DuckDBPyConnection, DuckDBEngine]


async def test_temp_tables_are_neither_seen_nor_left(borrowed: Borrowed) -> None:
    user, engine = borrowed
    before = listed(user)
    table = await engine.create_temp_table("one", "SELECT sum(a) AS s FROM t")
    assert table.rows == 1
    assert (await engine.execute(f"FROM {table.sql_name}")).rows.to_pylist() == [{"s": 45}]
    assert listed(user) == before
    assert [one.name for one in (await engine.catalog()).tables] == ["t"]
    await engine.close()
    assert listed(user) == before
    with pytest.raises(duckdb.Error):
        user.sql(f"FROM {table.sql_name}")
    assert user.sql("SELECT count(*) FROM t").fetchall() == [(10,)]


async def test_our_own_work_is_no_change(borrowed: Borrowed) -> None:
    _, engine = borrowed
    engine.catch_up()
    version = await engine.data_version()
    await asyncio.gather(
        *(engine.execute("SELECT count(*) FROM t") for _ in range(8)),
        *(engine.bind("SELECT a FROM t") for _ in range(8)),
        *(engine.bind("SELECT nope FROM t") for _ in range(8)),
        *(engine.create_temp_table(f"t{number}", "SELECT a FROM t") for number in range(4)),
        engine.estimate("SELECT a FROM t"),
        engine.functions(),
        engine.catalog(),
        engine.submit("SELECT 1"),
    )
    await asyncio.gather(*(engine.drop_temp_table(f"t{number}") for number in range(4)))
    with pytest.raises(EngineError):
        await engine.execute("SELECT error('no')")
    assert await engine.data_version() == version
    engine.catch_up()
    engine.catch_up()
    assert await engine.data_version() == version


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.execute("UPDATE t SET a = a + 1"),
        lambda user: user.execute("INSERT INTO t VALUES (1)"),
        lambda user: user.cursor().execute("DELETE FROM t"),
        lambda user: user.execute("CREATE VIEW v AS SELECT 1"),
    ],
)
async def test_what_the_user_writes_is_noticed(
    borrowed: Borrowed, change: Callable[[duckdb.DuckDBPyConnection], object]
) -> None:
    user, engine = borrowed
    await engine.catalog()
    version = await engine.data_version()
    change(user)
    assert await engine.data_version() != version


async def test_a_commit_is_noticed_though_its_transaction_was_seen_before(borrowed: Borrowed) -> None:
    user, engine = borrowed
    user.begin()
    user.execute("UPDATE t SET a = 0")
    during = await engine.data_version()
    assert (await engine.execute("SELECT sum(a) AS s FROM t")).rows.to_pylist() == [{"s": 45}]
    engine.catch_up()
    with pytest.raises(EngineError, match="transaction"):
        await engine.submit("SELECT sum(a) AS s FROM t")
    user.commit()
    engine.catch_up()
    assert await engine.data_version() != during
    assert (await engine.execute("SELECT sum(a) AS s FROM t")).rows.to_pylist() == [{"s": 0}]


async def test_an_unfinished_result_of_the_users_survives(borrowed: Borrowed) -> None:
    user, engine = borrowed
    user.execute("SELECT a FROM t ORDER BY a")
    assert user.fetchone() == (0,)
    await engine.execute("SELECT count(*) FROM t")
    engine.catch_up()
    with pytest.raises(EngineError, match="unfinished"):
        await engine.submit("SELECT 1")
    assert user.fetchone() == (1,)


async def test_settings_of_the_session_hold_here_too(borrowed: Borrowed) -> None:
    user, engine = borrowed
    user.execute("CREATE SCHEMA other")
    user.execute("CREATE TABLE other.mine AS SELECT TIMESTAMPTZ '2024-06-01 12:00:00+00' AS moment")
    user.execute("SET TimeZone = 'America/New_York'")
    user.execute("USE other")
    query = "SELECT moment::VARCHAR AS m FROM mine"
    engine.catch_up()
    assert (await engine.execute(query)).rows.to_pylist() == [{"m": user.sql(query).fetchall()[0][0]}]
    assert user.sql("SELECT current_setting('errors_as_json')").fetchall() == [(False,)]


async def test_two_sessions_on_one_connection_do_not_meet(borrowed: Borrowed) -> None:
    user, engine = borrowed
    other = await DuckDBEngine.borrow(user)
    one, two = await engine.create_temp_table("x", "SELECT 1 AS a"), await other.create_temp_table("x", "SELECT 2 AS a")
    assert one.sql_name != two.sql_name
    await other.close()
    assert (await engine.execute(f"FROM {one.sql_name}")).rows.to_pylist() == [{"a": 1}]


async def test_closing_the_users_connection_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    user = duckdb.connect(str(path))
    user.execute("CREATE TABLE t AS SELECT 1 AS a")
    engine = await DuckDBEngine.borrow(user)
    await engine.create_temp_table("x", "SELECT a FROM t")
    user.close()
    with duckdb.connect(str(path), read_only=True) as again:  # would be refused while it is open for writing
        assert again.sql("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall() == [("shop",)]
    with pytest.raises(EngineError, match="closed"):
        await engine.execute("SELECT 1")
    await engine.close()


async def test_a_read_only_connection_may_be_lent(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("CREATE TABLE t AS SELECT 1 AS a")
    with duckdb.connect(str(path), read_only=True) as user:
        engine = await DuckDBEngine.borrow(user)
        assert not engine.info.writable
        assert (await engine.create_temp_table("x", "SELECT a FROM t")).rows == 1
        with pytest.raises(EngineError, match="reading only"):
            await engine.submit("DELETE FROM t")
        await engine.close()


async def test_a_closed_connection_is_refused() -> None:
    user = duckdb.connect()
    user.close()
    with pytest.raises(ConnectionFailedError, match="could not be used"):
        await DuckDBEngine.borrow(user)
