"""What the engine accepts has no error: every query of the fixtures, alone and with others in one document."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import duckdb
import pytest

from .test_diagnostic_places import Judge, judge_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
_STATEMENT = re.compile(r"^(?:view|query)\s+((?:.*)(?:\n[ \t]+.*)*)", re.MULTILINE)


def schema(path: Path) -> list[str]:
    return [statement for statement in path.read_text(encoding="utf-8").split(";\n") if _without_comments(statement)]


def _without_comments(text: str) -> str:
    return re.sub(r"--.*", "", text).strip(" \n;")


def matching_queries() -> list[str]:
    found: list[str] = []
    for path in sorted((FIXTURES / "matching").glob("*.sql")):
        if path.stem != "schema":
            lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
            found += (match[1] for match in _STATEMENT.finditer("\n".join(lines)))
    return found


def corpus(name: str) -> list[str]:
    """The queries of a file, in documents of so many that all of their statements are judged."""
    text = (FIXTURES / "repair" / f"queries_{name}.sql").read_text(encoding="utf-8")
    statements = re.split(r";[ \t]*\n", text)
    return [";\n".join(statements[at : at + 60]) for at in range(0, len(statements), 60)]


async def test_queries_of_matching(judge_of_matching: Judge) -> None:
    queries = matching_queries()
    assert len(queries) > 300
    accepted = [query for query in queries if (await judge_of_matching.engine.bind(query)).ok]
    assert len(accepted) >= len(queries) - 5, "a few have no match because the engine refuses them"
    wrong: list[tuple[str, str]] = []
    for at in range(0, len(accepted), 50):
        text = ";\n".join(accepted[at : at + 50])
        wrong += [
            (problem.message, problem.span.of(text) if problem.span else "")
            for problem in await judge_of_matching.problems(text)
            if problem.severity == "error"
        ]
    assert wrong == []


@pytest.fixture
async def judge_of_matching() -> AsyncIterator[Judge]:
    async for one in judge_of(None, *schema(FIXTURES / "matching" / "schema.sql")):
        yield one


@pytest.mark.parametrize("name", ["flights", "shop", "saas", "demo", "tpcds"])
async def test_other_corpora(name: str) -> None:
    async for judge in judge_of(None, *schema(FIXTURES / "repair" / f"schema_{name}.sql")):
        for text in corpus(name):
            wrong = [
                (problem.message, text[problem.span.start - 40 : problem.span.end + 40] if problem.span else "")
                for problem in await judge.problems(text)
                if problem.severity == "error"
            ]
            assert wrong == []


async def test_what_only_duckdb_has() -> None:
    lines = (FIXTURES / "accepted" / "duckdb.sql").read_text(encoding="utf-8").splitlines()
    queries = [line.removesuffix(";") for line in lines if not line.startswith("--")]
    assert len(queries) > 50
    async for judge in judge_of(None, *schema(FIXTURES / "repair" / "schema_saas.sql")):
        refused = [query for query in queries if not (await judge.engine.bind(query)).ok]
        assert refused == []
        told = [(query, one.message) for query in queries for one in await judge.problems(query)]
        assert [each for each in told if each[1]] == []


async def test_what_writes() -> None:
    lines = (FIXTURES / "accepted" / "duckdb_writes.sql").read_text(encoding="utf-8").splitlines()
    makes = [line.removeprefix("create ") for line in lines if line.startswith("create ")]
    statements = [line.removesuffix(";") for line in lines if not line.startswith(("create ", "--"))]
    assert len(statements) > 80
    with duckdb.connect() as connection:
        connection.execute(";".join(makes))
        for statement in statements:
            connection.begin()
            connection.execute(statement)  # or it is no statement for this list
            connection.rollback()
    # A temporary table is private to its cursor, and the engine has one for each statement.
    lasting = [each.replace("CREATE TEMP TABLE", "CREATE TABLE") for each in makes]
    async for judge in judge_of(None, *lasting):
        texts = [each.replace("temp.scratch_pad", "scratch_pad") for each in statements]
        told = [(text, one) for text in texts for one in await judge.problems(text) if one.severity == "error"]
        assert told == []
        before = await judge.engine.data_version()
        script = ";\n".join(texts)
        assert [one for one in await judge.problems(script) if one.severity == "error"] == []
        assert await judge.engine.data_version() == before


SCRIPT = [
    "CREATE TABLE made AS SELECT 1 AS a; SELECT a FROM made; CREATE VIEW v AS FROM made; SELECT * FROM v WHERE a > 0",
    "INSERT INTO t SELECT 1; UPDATE t SET a = 2; DELETE FROM t; ALTER TABLE t ADD COLUMN c INTEGER",
    "PRAGMA table_info('t'); SET threads = 2; DESCRIBE t; SHOW TABLES; SUMMARIZE t; EXPLAIN SELECT 1",
    "PIVOT t ON a USING count(*); UNPIVOT t ON a INTO NAME n VALUE v; FROM t SELECT a; VALUES (1, 2)",
    "CREATE MACRO m(a) AS a + 1; SELECT m(2); CREATE FUNCTION tm(a) AS TABLE SELECT a AS z; SELECT z FROM tm(1)",
    "CREATE TYPE mood AS ENUM ('a', 'b'); SELECT 'a'::mood; CREATE SEQUENCE numbers; SELECT nextval('numbers')",
    "CREATE TABLE old (x INTEGER); ALTER TABLE old RENAME TO new_one; SELECT x FROM new_one",
    "ALTER TABLE t ADD COLUMN c INTEGER; ALTER TABLE t RENAME a TO b; SELECT c, b FROM t; SELECT t.b FROM t",
    "CREATE OR REPLACE TABLE t AS SELECT 1 AS b; SELECT b FROM t; CREATE OR REPLACE TABLE t (d INT); SELECT d FROM t",
    "ATTACH 'other.duckdb' AS o; SELECT 1 FROM o.s; SELECT 1 FROM o.main.s",
    "COPY (SELECT 1) TO 'x.csv'; ATTACH 'y.duckdb'; BEGIN; COMMIT; PREPARE p AS SELECT 1",
    "CREATE TABLE n (x INT, y INT); INSERT INTO n VALUES (1, 2); UPDATE n SET y = 3; DELETE FROM n WHERE x = 1",
    "ALTER TABLE t ADD COLUMN c INTEGER; INSERT INTO t VALUES (1, 2); UPDATE t SET c = a; SELECT c FROM t",
    "ALTER TABLE t ALTER a TYPE VARCHAR; SELECT upper(a), a LIKE 'x', a || 'y' FROM t; SELECT a ^ 'x' FROM t",
    "CREATE OR REPLACE TABLE t (a VARCHAR, b INT); INSERT INTO t VALUES ('x', 1);"
    " DELETE FROM t WHERE starts_with(a, 'x')",
    "CREATE UNIQUE INDEX i ON t (a); INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING;"
    " INSERT OR REPLACE INTO t VALUES (1)",
    "CREATE TEMP TABLE pad (x INT); INSERT INTO pad VALUES (1); CREATE TABLE kept AS SELECT x FROM pad;"
    " DELETE FROM kept",
    "CREATE SCHEMA s; CREATE TABLE s.n AS SELECT 1 AS x; INSERT INTO s.n VALUES (2); SELECT x FROM s.n",
    "DROP TABLE t; CREATE TABLE t (x INT, y INT); INSERT INTO t VALUES (1, 2); MERGE INTO t USING t AS o ON t.x = o.y"
    " WHEN MATCHED THEN DELETE",
    "CREATE VIEW t2 AS SELECT a AS z FROM t; SELECT z FROM t2; CREATE OR REPLACE TABLE t3 AS FROM t2;"
    " UPDATE t3 SET z = 1",
    "USE there; SELECT x FROM n; INSERT INTO n VALUES (1, 2); SELECT b FROM t; USE main; SELECT a FROM t",
    "SET search_path = 'there,main'; SELECT n.x FROM n, t; DELETE FROM n WHERE x = 1",
    "SET schema = 'there'; UPDATE n SET x = 2; CREATE TABLE m AS SELECT y FROM n",
    "USE memory.there; SELECT y FROM n",
    "ATTACH 'dir/other.duckdb'; USE other; SELECT 1 FROM s; INSERT INTO whatever VALUES (1)",
    "ATTACH 'dir/other.db'; SELECT 1 FROM other.s; INSERT INTO other.main.s VALUES (1);"
    " CREATE TABLE other.u AS SELECT 1",
    "LOAD spatial; SELECT st_point(1, 2); CREATE TABLE p AS SELECT st_point(1, 2) AS g",
    "SELECT $$a;b$$, 'it''s', E'\\n', \"a\" /* ; */ FROM t; -- ; SELECT nope\nSELECT a[1:2] FROM (SELECT [1] AS a)",
]


THERE = (
    "CREATE TABLE t (a INTEGER)",
    "CREATE SCHEMA there",
    "CREATE TABLE there.n (x INTEGER, y INTEGER)",
    "CREATE TABLE there.t (b INTEGER)",
)


@pytest.mark.parametrize("text", SCRIPT)
async def test_statements_of_a_script(text: str) -> None:
    async for judge in judge_of(None, *THERE):
        assert [one for one in await judge.problems(text) if one.severity == "error"] == []
        assert [one for one in await judge.problems(text.replace("\n", "\r\n")) if one.severity == "error"] == []


@pytest.mark.parametrize(
    "text",
    [
        "CREATE MACRO m(a) AS a + 1; SELECT n(2)",
        "SELECT m(2); CREATE MACRO m(a) AS a + 1",
        "CREATE OR REPLACE TABLE t AS SELECT a AS b FROM t; SELECT c FROM t",
        "CREATE TABLE s AS SELECT 1 AS b; SELECT b FROM t",
        "ALTER TABLE t ADD COLUMN c INTEGER; SELECT d FROM t",
        "CREATE TYPE mood AS ENUM ('a'); SELECT 'a'::mod",
        "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1, 2)",  # it has been run
        "CREATE TABLE u (x INT); INSERT INTO t VALUES (1, 2)",
        "ALTER TABLE t DROP COLUMN c; ALTER TABLE t RENAME b TO a; INSERT INTO t VALUES (1, 2)",
        "INSERT INTO n VALUES (1, 2); USE there",
        "USE main; INSERT INTO n VALUES (1, 2)",
        "USE there; USE memory; SELECT x FROM n",
        "SET threads = 1; SELECT x FROM n",
        "LOAD json; SELECT st_point(1, 2)",
        "USE there; SELECT x FROM n WHERE WHERE",
    ],
)
async def test_what_no_statement_before_makes_is_wrong(text: str) -> None:
    async for judge in judge_of(None, *THERE):
        assert [one.severity for one in await judge.problems(text) if one.severity == "error"] == ["error"]
