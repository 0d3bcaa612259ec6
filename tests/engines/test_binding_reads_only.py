"""To bind a query is to ask about it: it never writes, whatever the query does and the connection allows."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import duckdb
import pytest

from speql_engines import Engine, open_engine
from speql_engines.connections import borrow_engine

WRITES = [
    "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
    "WITH a AS (INSERT INTO t VALUES (2) RETURNING *) SELECT * FROM a",
    "WITH a AS (UPDATE t SET a = 3 RETURNING *) SELECT * FROM a",
    "INSERT INTO t VALUES (nextval('ids'))",
    "-- not yet\nUPDATE t SET a = 5",
    "DELETE FROM t",
    "MERGE INTO t USING (SELECT 1 AS a) AS s ON s.a = t.a WHEN MATCHED THEN DELETE",
    "CREATE TABLE made AS SELECT nextval('ids') AS a FROM t",
    "CREATE OR REPLACE VIEW made AS SELECT a FROM t",
    "EXPLAIN ANALYZE DELETE FROM t",
    "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)",
    "; INSERT INTO t VALUES (2)",
    "WITH a AS (DELETE FROM t RETURNING *), b AS (SELECT a FROM a) SELECT count(*) FROM b",
]


@pytest.fixture(params=["file", "memory", "borrowed", "postgres"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    kind, lent = request.param, None
    if kind == "postgres":
        pytest.importorskip("psycopg")
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        opened: Engine = await open_engine(make(), writable=True)
    elif kind == "borrowed":
        lent = duckdb.connect()
        opened = await borrow_engine(lent)
    else:
        path = str(tmp_path / "t.duckdb") if kind == "file" else None
        if path:
            duckdb.connect(path).close()
        opened = await open_engine(path, writable=True)
    await opened.submit("CREATE TABLE t (a INTEGER)")
    await opened.submit("INSERT INTO t VALUES (1)")
    await opened.submit("CREATE SEQUENCE ids")
    yield opened
    await opened.close()
    if lent is not None:
        lent.close()


@pytest.mark.parametrize("sql", WRITES)
async def test_what_is_bound_is_not_written(engine: Engine, sql: str) -> None:
    before = await engine.data_version()

    await engine.bind(sql)

    assert (await engine.execute("SELECT a FROM t")).rows.to_pylist() == [{"a": 1}]
    assert await engine.data_version() == before
    assert [table.name for table in (await engine.catalog()).tables] == ["t"]
    assert (await engine.submit("SELECT nextval('ids') AS first")).rows.to_pylist() == [{"first": 1}]


async def test_what_does_not_bind_says_where_and_the_next_binds(engine: Engine) -> None:
    found = await engine.bind("SELECT a, b FROM t")

    assert [problem.span.of("SELECT a, b FROM t") for problem in found.problems if problem.span] == ["b"]
    assert (await engine.bind("SELECT a FROM t")).ok
