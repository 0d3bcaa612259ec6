"""Each diagnostic at its culprit: the engine's own places, made exact, judged without a server around it."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from speql_engines import DuckDBEngine, Engine
from speql_server.analysis import Analysis, Analyst
from speql_server.clock import Clock
from speql_server.diagnostics import Diagnoser
from speql_server.settings import ServerSettings
from speql_speculator.snapshot import Snapshot
from speql_sql import Problem


@dataclass
class Judge:
    """Analyses and diagnoses texts over one engine, one after another."""

    engine: Engine
    executor: ThreadPoolExecutor

    async def problems(self, text: str) -> tuple[Problem, ...]:
        """What is said of a text that rests, and whose cursor is nowhere."""
        settings = ServerSettings(binding_seconds=0.0, unfinished_seconds=0.0)
        analyst = Analyst(settings.document_limit, settings.statement_limit)
        said: asyncio.Future[tuple[Problem, ...]] = asyncio.get_running_loop().create_future()

        def publish(_: Analysis, problems: tuple[Problem, ...]) -> None:
            if not said.done():
                said.set_result(problems)

        diagnoser = Diagnoser(self.engine, analyst, self.executor, settings, Clock(), publish)
        diagnoser.update(analyst.repaired(Snapshot("file:///a.sql", 1, text), await self.engine.catalog()))
        problems = await asyncio.wait_for(said, 60)
        await diagnoser.close()
        return problems


async def judge_of(database: Path | None, *statements: str) -> AsyncIterator[Judge]:
    engine = await DuckDBEngine.open(database, writable=database is None)
    for statement in statements:
        await engine.submit(statement)
    with ThreadPoolExecutor(1) as executor:
        yield Judge(engine, executor)
    await engine.close()


@pytest.fixture
async def judge(flights: Path) -> AsyncIterator[Judge]:
    async for one in judge_of(flights):
        yield one


# ``«»`` are around the culprit, ``‹›`` around related places.
WRONG = [
    ("unknown-table", "SELECT * FROM «flihgts»"),
    ("unknown-table", "SELECT 1;\n\nSELECT *\nFROM «flihgts» f\nWHERE f.id = 1"),
    ("unknown-table", "SELECT * FROM «nowhere.flights» AS f, airlines"),
    ("unknown-table", "SELECT '😀é',\r\n  «x.carrier»\r\nFROM flights f"),
    ("unknown-column", "SELECT «carier» FROM flights"),
    ("unknown-column", "SELECT '😀', name,\n  'é😀' || «nme»\nFROM airlines"),
    ("unknown-column", "SELECT «f.nope» FROM flights f"),
    ("unknown-column", "/* é😀 */ WITH x AS (\r\n  SELECT 1 AS a\r\n)\r\nSELECT «b» FROM x"),
    ("unknown-function", "SELECT «nofun»(1, 'é')"),
    ("unknown-function", "SELECT '😀' AS f\r\nFROM «no_table_function»(1)"),
    ("unknown-type", "SELECT 1::«nope»"),
    ("engine-error", "SELECT carrier FROM flights JOIN airlines USING («nope»)"),
    ("engine-error", "SELECT day FROM flights f JOIN airlines USING (carrier, «day») WHERE f.day IS NULL"),
    ("engine-error", "SELECT * REPLACE (1 AS «nope») FROM flights"),
    ("engine-error", "SELECT '😀', carrier FROM flights GROUP BY 1, «7»"),
    ("engine-error", "SELECT carrier.«nope» FROM flights"),
    ("engine-error", "SELECT {'a': 1}.«b» AS c"),
    ("type-error", "SELECT date_part(«'nope'», day) FROM flights"),
    ("syntax-error", "SELECT sum(1) OVER «w» FROM flights"),
    ("ambiguous-column", "SELECT * FROM flights f, airlines «f»"),
    ("ambiguous-column", "SELECT\n  «carrier»\nFROM flights ‹f›\nJOIN ‹airlines› ON f.carrier = airlines.carrier"),
    (
        "ambiguous-column",
        "WITH a AS (SELECT 1 AS n), b AS (SELECT 2 AS n) SELECT '😀', «n» FROM ‹a›, ‹b›, (SELECT 3 AS m) c",
    ),
    ("ambiguous-column", "SELECT 1 FROM flights ‹f›, (SELECT carrier FROM airlines) ‹d› WHERE «carrier» = 'AA'"),
    ("type-error", "SELECT carrier «+» 1 FROM flights"),
    ("type-error", "SELECT '😀',\r\n  «sum(carrier)»\r\nFROM flights"),
    ("not-grouped", "SELECT carrier, «day», count(*)\nFROM flights\n‹GROUP BY carrier›"),
    ("not-grouped", "SELECT '😀é',\r\n  «carrier»,\r\n  ‹count(*)›\r\nFROM flights"),
    ("column-count", "SELECT ‹1, 2› UNION SELECT «3»"),
    ("column-count", "SELECT ‹id, '😀'› FROM flights\nUNION ALL\nSELECT «carrier» FROM airlines\nORDER BY 1"),
    ("column-count", "WITH x AS (\r\n  SELECT ‹1›\r\n  EXCEPT\r\n  SELECT «2, 3»\r\n) SELECT * FROM x"),
    ("duplicate-cte", "WITH ‹x› AS (SELECT 1), y AS (SELECT 2), «x» AS (SELECT 3) SELECT * FROM x"),
    ("syntax-error", "SELECT '😀' FROM flights\nWHERE «WHERE»"),
    ("syntax-error", "SELECT carrier,\r\nFROM flights\r\nGROUP «carrier»"),
    ("syntax-error", "SELECT carrier FROM flights WHERE id = «'AA»"),
    ("syntax-error", "SELECT 1 «)»"),
]


def marked(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    """A text without its marks, and where they were: ``!`` for a culprit, ``?`` for a related place."""
    plain, places, opened = "", [], 0
    for point in text:
        if point in "«‹":
            opened = len(plain)
        elif point in "»›":
            places.append(("!" if point == "»" else "?", opened, len(plain)))
        else:
            plain += point
    return plain, places


@pytest.mark.parametrize(("code", "text"), WRONG, ids=[f"{code}: {text[:40]!r}" for code, text in WRONG])
async def test_the_place_is_the_culprits(judge: Judge, code: str, text: str) -> None:
    plain, places = marked(text)
    errors = [problem for problem in await judge.problems(plain) if problem.severity == "error"]
    assert [problem.code for problem in errors] == [code]
    (problem,) = errors
    assert problem.span is not None
    found = [("!", problem.span.start, problem.span.end)]
    found += [("?", related.span.start, related.span.end) for related in problem.related]
    assert sorted(found, key=lambda place: place[1]) == sorted(places, key=lambda place: place[1])
    assert all(related.message.endswith(".") for related in problem.related)


TABLES = (
    "CREATE TABLE t (a INTEGER, b VARCHAR DEFAULT 'x', c INTEGER GENERATED ALWAYS AS (a + 1))",
    "CREATE TABLE u (id INTEGER PRIMARY KEY, d INTEGER)",
    "CREATE TABLE src (id INTEGER, d INTEGER)",
    "CREATE SCHEMA s2",
    "CREATE VIEW v AS SELECT 1 AS a",
)
WRONG_WRITES = [
    ("unknown-table", "INSERT INTO «nope» VALUES (1, 'nope')"),
    ("unknown-table", "INSERT INTO «main.nope» (a) SELECT '😀' AS nope"),
    ("unknown-table", "/* 😀 */ INSERT INTO «nos.t»\r\nVALUES (1)"),
    ("unknown-table", "INSERT INTO t (a) SELECT 1\r\nFROM «nope»"),
    ("unknown-table", "UPDATE «nope» SET a = 1"),
    ("unknown-table", "UPDATE t SET a = 1 FROM «nope» n WHERE n.a = 1"),
    ("unknown-table", "DELETE FROM «nope» WHERE nope = 1"),
    ("unknown-table", "DELETE FROM t USING «nope» WHERE true"),
    ("unknown-table", "MERGE INTO «nope» USING u ON u.id = 1 WHEN MATCHED THEN DELETE"),
    ("unknown-table", "MERGE INTO u USING «nope» ON u.id = 1 WHEN MATCHED THEN DELETE"),
    ("unknown-table", "CREATE TABLE x AS SELECT '😀' AS e,\r\n a FROM «nope»"),
    ("unknown-table", "CREATE VIEW x AS FROM «nope»"),
    ("unknown-table", "CREATE TABLE x (a INTEGER REFERENCES «nope» (a))"),
    ("unknown-table", "WITH q AS (INSERT INTO «nope» VALUES (1) RETURNING *) SELECT * FROM q"),
    ("unknown-table", "WITH q AS (FROM «nope») UPDATE t SET a = q.x FROM q"),
    ("unknown-schema", "CREATE TABLE «nos».x AS SELECT 1 AS nos"),
    ("unknown-column", "INSERT INTO t (a, «zz») VALUES (1, '😀')"),
    ("unknown-column", "INSERT INTO t (a) SELECT '😀',\r\n «zz» FROM u"),
    ("unknown-column", "INSERT INTO t BY NAME SELECT 1 AS a, 2 AS «zz»"),
    ("unknown-column", "INSERT INTO u VALUES (1, 2) ON CONFLICT («zz») DO NOTHING"),
    ("unknown-column", "INSERT INTO u VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET «zz» = d"),
    ("unknown-column", "INSERT INTO u VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET d = «excluded.zz»"),
    ("unknown-column", "INSERT INTO u VALUES (1, 2) RETURNING id, «zz»"),
    ("unknown-column", "UPDATE t SET b = '😀', «zz» = 1 WHERE a = 1"),
    ("unknown-column", "UPDATE t SET b = '😀' WHERE «zz» = 1"),
    ("unknown-column", "UPDATE t SET a = «u.zz» FROM u WHERE u.id = t.a"),
    ("unknown-column", "DELETE FROM t WHERE a = 1 AND «zz» = 2"),
    ("unknown-column", "DELETE FROM t WHERE a IN (SELECT «zz» FROM u)"),
    ("unknown-column", "MERGE INTO u USING src ON u.id = «src.zz» WHEN MATCHED THEN DELETE"),
    ("unknown-column", "MERGE INTO u USING src ON u.id = src.id WHEN MATCHED THEN UPDATE SET «zz» = 1"),
    (
        "unknown-column",
        "MERGE INTO u USING src ON u.id = src.id WHEN NOT MATCHED THEN INSERT (id, «zz») VALUES (1, 2)",
    ),
    ("unknown-column", "CREATE TABLE x AS SELECT «zz» FROM t"),
    ("unknown-function", "INSERT INTO t (a) VALUES («nofun»('😀'))"),
    ("unknown-function", "UPDATE t SET a = «nofun»(a)"),
    ("ambiguous-column", "UPDATE t SET b = 'x' FROM u, src WHERE «d» = 1"),
    ("ambiguous-column", "INSERT INTO t (a) SELECT «id» FROM ‹u›, ‹src›"),
    ("ambiguous-column", "CREATE TABLE x AS SELECT «d» FROM ‹u› JOIN ‹src› ON true"),
    ("ambiguous-column", "MERGE INTO u USING src ON «id» = 1 WHEN MATCHED THEN DELETE"),
    ("value-count", "INSERT INTO ‹t› VALUES («1, '😀', 3»)"),
    ("value-count", "INSERT INTO t (‹a, b›) VALUES («(1 + 2)»), (3)"),
    ("value-count", "INSERT INTO ‹t› SELECT «a, b, max(c) OVER (ORDER BY a)» FROM t"),
    ("value-count", "INSERT INTO t AS x (‹a›) SELECT «1, 2» UNION SELECT 3, 4"),
    ("value-count", "INSERT INTO ‹t› WITH q AS (SELECT 1 AS n) SELECT «n» FROM q"),
    ("value-count", "INSERT INTO t (a) VALUES (1), («2», 3)"),
    ("value-count", "INSERT INTO ‹t› FROM src SELECT «id»"),
    ("value-count", "INSERT INTO «u» (id) FROM src"),
    ("value-count", "CREATE TABLE x («p, q») AS SELECT 1"),
    (
        "value-count",
        "MERGE INTO u USING src ON u.id = src.id WHEN NOT MATCHED THEN INSERT (‹id›) VALUES («1, 2»)",
    ),
    ("engine-error", "INSERT INTO t (‹a›, b, «a») VALUES (1, 2, 3)"),
    ("engine-error", "INSERT INTO t («a, c») VALUES (1, 2)"),
    ("engine-error", "UPDATE t SET ‹a› = 1, «a» = 2"),
    ("engine-error", "UPDATE t SET b = 'c', «c» = 2"),
    ("engine-error", "UPDATE «v» SET a = 1"),
    ("engine-error", "DELETE FROM «v»"),
    ("engine-error", "INSERT INTO u VALUES (1, 2) ON CONFLICT («d») DO NOTHING"),
    ("engine-error", "INSERT OR REPLACE INTO «src» VALUES (1, 2)"),
    ("type-error", "INSERT INTO t (a) VALUES («'abc'»)"),
    ("not-grouped", "INSERT INTO t (a) SELECT ‹sum(a)›, «b» FROM t"),
    ("syntax-error", "INSERT INTO t VALUES (1«,»"),
    ("syntax-error", "UPDATE t «SET»"),
    ("syntax-error", "DELETE «t» WHERE a = 1"),
]


@pytest.fixture(params=["memory", "read-only"])
async def judge_of_writes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Judge]:
    if request.param == "memory":
        async for one in judge_of(None, *TABLES):
            yield one
        return
    path = tmp_path / "writes.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(";".join(TABLES))
    async for one in judge_of(path):
        yield one


async def test_the_place_in_a_statement_that_writes(judge_of_writes: Judge) -> None:
    with duckdb.connect() as connection:
        connection.execute(";".join(TABLES))
        for code, text in WRONG_WRITES:
            plain, places = marked(text)
            with pytest.raises(duckdb.Error):  # or there is nothing to be told
                connection.execute(plain)
            said = await judge_of_writes.problems(plain)
            assert [problem.code for problem in said] == [code], text
            (problem,) = said
            assert problem.span is not None
            found = [("!", problem.span.start, problem.span.end)]
            found += [("?", related.span.start, related.span.end) for related in problem.related]
            assert sorted(found, key=lambda place: place[1]) == places, text
