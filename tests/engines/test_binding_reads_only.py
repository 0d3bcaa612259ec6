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


async def test_what_does_not_bind_says_where_and_the_next_binds(engine: Engine) -> None:
    found = await engine.bind("SELECT a, b FROM t")

    assert [problem.span.of("SELECT a, b FROM t") for problem in found.problems if problem.span] == ["b"]
    assert (await engine.bind("SELECT a FROM t")).ok
