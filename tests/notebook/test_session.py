"""The Python API, compared with direct runs."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import speql

QUERIES = (
    "SELECT store, count(*) AS n, sum(price) AS total FROM sales GROUP BY store ORDER BY store",
    "SELECT * FROM sales ORDER BY id",
    "SELECT DATE '2024-02-29' AS d, TIMESTAMP '2024-01-01 01:02:03.5' AS t, 1.50::DECIMAL(9, 2) AS x, [1, 2] AS l",
    "SELECT id FROM sales WHERE id < 0",
)


@pytest.fixture
def session(database: Path) -> Iterator[speql.Session]:
    with speql.connect(str(database)) as made:
        yield made


@pytest.mark.parametrize("sql", QUERIES)
def test_a_submit_is_a_direct_run(session: speql.Session, database: Path, sql: str) -> None:
    with duckdb.connect(str(database), read_only=True) as direct:
        expected = direct.sql(sql).to_arrow_table()
    assert session.submit(sql).arrow().equals(expected)
    session.type(sql)
    assert session.submit().arrow().equals(expected)


def test_a_preview_repairs_what_is_unfinished(session: speql.Session) -> None:
    session.type("SELECT store, sum(price) AS total FROM sales GROUP BY")
    preview = session.preview(exact=True).result(30)
    assert preview.columns == ("store", "total")
    assert len(preview.rows) == 3
    assert preview.preview.edits


async def test_previews_and_submits_can_be_awaited(session: speql.Session) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.ensure_future(tick())
    session.type("SELECT count(*) AS n FROM sales")
    assert (await session.preview()).rows == [[250]]
    assert (await session.submitting()).rows == [[250]]
    ticking.cancel()
    assert ticks > 10


def test_a_submit_uses_what_was_worked_out_while_it_was_typed(session: speql.Session) -> None:
    sql = "SELECT store, max(price) AS m FROM sales GROUP BY store ORDER BY store"
    for end in range(len(sql) // 2, len(sql) + 1, 5):
        session.type(sql[:end])
    session.type(sql)
    shown = session.preview(exact=True).result(30)
    submitted = session.submit()
    assert submitted.rows == shown.rows
    assert "cached" in submitted.states or submitted.preview.served_from


def test_a_text_without_a_preview_says_why(session: speql.Session) -> None:
    session.type("SELECT nowhere FROM nothing_like_it")
    with pytest.raises(speql.SpeqlError):
        session.preview().result(30)


def test_nothing_typed_is_an_error(session: speql.Session) -> None:
    with pytest.raises(speql.SpeqlError, match="type"):
        session.preview().result(30)
    with pytest.raises(speql.SpeqlError, match="type"):
        session.submit()


def test_tables_of_the_users_connection_are_known_as_they_are_made() -> None:
    with duckdb.connect() as user, speql.connect(user) as session:
        user.execute("CREATE TABLE mine AS SELECT 1 AS a")
        assert session.submit("SELECT a FROM mine").rows == [[1]]
        user.execute("UPDATE mine SET a = 2")
        assert session.submit("SELECT a FROM mine").rows == [[2]]
        session.submit("INSERT INTO mine VALUES (3)")
        assert user.sql("SELECT a FROM mine ORDER BY a").fetchall() == [(2,), (3,)]


def test_an_open_transaction_of_the_users_is_told() -> None:
    with duckdb.connect() as user, speql.connect(user) as session:
        user.execute("CREATE TABLE mine AS SELECT 1 AS a")
        assert session.submit("SELECT a FROM mine").rows == [[1]]
        user.begin()
        user.execute("UPDATE mine SET a = 2")
        with pytest.raises(speql.SpeqlError, match="transaction"):
            session.submit("SELECT a FROM mine")
        user.commit()
        assert session.submit("SELECT a FROM mine").rows == [[2]]


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(speql.SpeqlError, match="no connection"):
        speql.connect(object())  # type: ignore[arg-type]


def test_the_end_leaves_nothing(database: Path) -> None:
    session = speql.connect(str(database))
    session.submit("SELECT store, sum(price) FROM sales GROUP BY store")
    session.close()
    session.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("speql-")]
    with duckdb.connect(str(database)) as writer:
        writer.sql("DROP TABLE sales")


def test_the_documented_example_runs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/notebooks.md").read_text()
    examples = re.findall(r"```python\n(# example\.py\n.*?)```", page, re.DOTALL)
    assert examples
    for example in examples:
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        said = re.findall(r"# prints: (.*)", example)
        assert said
        assert ended.stdout.splitlines() == said
