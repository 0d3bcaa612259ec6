"""What the engine accepts has no error: every query of the fixtures, alone and with others in one document."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

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
    "SELECT $$a;b$$, 'it''s', E'\\n', \"a\" /* ; */ FROM t; -- ; SELECT nope\nSELECT a[1:2] FROM (SELECT [1] AS a)",
]


@pytest.mark.parametrize("text", SCRIPT)
async def test_statements_of_a_script(text: str) -> None:
    async for judge in judge_of(None, "CREATE TABLE t (a INTEGER)"):
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
    ],
)
async def test_what_no_statement_before_makes_is_wrong(text: str) -> None:
    async for judge in judge_of(None, "CREATE TABLE t (a INTEGER)"):
        assert [one.severity for one in await judge.problems(text) if one.severity == "error"] == ["error"]
