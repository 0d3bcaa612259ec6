"""Statements that write, judged by PostgreSQL: what it accepts has no error, and what is wrong has its place."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speql_engines import open_engine

from .test_diagnostic_places import Judge, marked

psycopg = pytest.importorskip("psycopg")

LINES = (Path(__file__).parents[1] / "fixtures" / "accepted" / "postgres_writes.sql").read_text(encoding="utf-8")
MAKES = [line.removeprefix("create ") for line in LINES.splitlines() if line.startswith("create ")]
STATEMENTS = [line.removesuffix(";") for line in LINES.splitlines() if not line.startswith(("create ", "--"))]
SCRIPTS = [
    "ALTER TABLE t ADD COLUMN k INT; INSERT INTO t VALUES (1, 'x', DEFAULT, 2); UPDATE t SET k = 3",
    "CREATE TABLE n (x INT); INSERT INTO n VALUES (1); UPDATE n SET x = 2; CREATE TABLE m AS SELECT x FROM n",
    "CREATE SCHEMA later; CREATE TABLE later.n AS SELECT 1 AS x; DELETE FROM later.n WHERE x = 1",
    "SET search_path TO s2, public; INSERT INTO t (z) VALUES (1); SELECT z FROM t; DELETE FROM t WHERE z = 2",
    "SET SESSION search_path = 's2'; SELECT z FROM t",
    "CREATE EXTENSION pg_trgm; SELECT similarity('a', 'b'); UPDATE t SET a = similarity(b, 'x')::int",
    "DROP TABLE t; CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('y'); SELECT x || 'z' FROM t",
]
WRONG = [
    ("syntax-error", "INSERT INTO t VALUES (1, «)»"),
    ("syntax-error", "UPDATE t SET a = 1 WHER«E»"),
    ("unknown-table", "INSERT INTO «nope» VALUES (1)"),
    ("unknown-table", "/* 😀 */ UPDATE «s2.nope» SET z = 1"),
    ("unknown-table", "DELETE FROM t USING «nope» WHERE true"),
    ("unknown-table", "CREATE TABLE x AS\r\nSELECT 1 FROM «nope»"),
    ("unknown-column", "INSERT INTO t (a, «zz») VALUES (1, '😀')"),
    ("unknown-column", "UPDATE t SET «zz» = 1"),
    ("unknown-column", "DELETE FROM t WHERE «zz» = 1"),
    ("unknown-column", "INSERT INTO u VALUES (1) ON CONFLICT (id) DO UPDATE SET d = «excluded.zz»"),
    ("ambiguous-column", "UPDATE t SET a = 1 FROM u, src WHERE «d» = 1"),
    ("value-count", "INSERT INTO t VALUES (1, '😀', 3, «4»)"),
    ("value-count", "INSERT INTO t (a, «b») VALUES (1)"),
    ("unknown-function", "MERGE INTO u USING src ON u.id = «nofun»(1) WHEN MATCHED THEN DELETE"),
]


@pytest.fixture(params=[True, False], ids=["writable", "read-only"])
async def judge(postgres_database: Callable[[], str], request: pytest.FixtureRequest) -> AsyncIterator[Judge]:
    url = postgres_database()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in MAKES:
            connection.execute(statement)
        for statement in STATEMENTS:
            with connection.transaction(force_rollback=True):
                connection.execute(statement)  # or it is no statement for this list
    engine = await open_engine(url, writable=request.param)
    with ThreadPoolExecutor(1) as executor:
        yield Judge(engine, executor)
    await engine.close()


async def test_what_writes_has_no_errors(judge: Judge) -> None:
    assert len(STATEMENTS) > 25
    told = [(text, one) for text in STATEMENTS for one in await judge.problems(text) if one.severity == "error"]
    assert told == []
    assert [one for one in await judge.problems(";\n".join(STATEMENTS)) if one.severity == "error"] == []
    assert (await judge.engine.execute("SELECT count(*) AS n FROM t")).rows.to_pylist() == [{"n": 0}]


async def test_what_statements_before_make_is_no_error(judge: Judge) -> None:
    told = [(text, one) for text in SCRIPTS for one in await judge.problems(text) if one.severity == "error"]
    assert told == []


async def test_what_is_wrong_has_its_place(judge: Judge) -> None:
    for code, text in WRONG:
        plain, places = marked(text)
        said = await judge.problems(plain)
        assert [problem.code for problem in said] == [code], text
        assert said[0].span is not None
        assert [("!", said[0].span.start, said[0].span.end)] == places, text
