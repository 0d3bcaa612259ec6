"""Hostile statements, typed into a document: none of them reaches an engine. Harmless ones do."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from speql_engines import Engine, open_engine
from speql_scheduler.running.settings import SchedulerSettings
from speql_server.clock import Clock
from speql_server.connecting.connection import Connection
from speql_server.documents import Edited
from speql_server.executors import Executors
from speql_server.outlets import Outlets
from speql_server.session import Session
from speql_server.settings import ServerSettings
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Column, Table
from speql_sql.strict_tokens import strict_tokens

from ..recording_engine import RecordingEngine, ScriptedEngine

FIXTURES = Path(__file__).parents[1] / "fixtures" / "guard"
NO_WAITING = SchedulerSettings(
    quiet_seconds=0.0, pause_seconds=0.0, waiting_seconds=0.0, at_once_seconds=0.0, free_seconds=600.0
)
SCHEMA = {
    "duckdb": "CREATE TABLE t (a INTEGER, d DATE); INSERT INTO t VALUES (1, '2024-01-01'); CREATE SEQUENCE s; "
    "CREATE MACRO leftpad(x, y) AS random(); CREATE MACRO my_function(x) AS random();",
    "postgres": "CREATE TABLE t (a int, d date); INSERT INTO t VALUES (1, '2024-01-01'); CREATE SEQUENCE s; "
    "CREATE TABLE called (by text); "
    "CREATE FUNCTION leftpad(text, int) RETURNS text LANGUAGE sql AS $$ INSERT INTO called VALUES ('leftpad') "
    "RETURNING by $$; CREATE FUNCTION mine(t) RETURNS text LANGUAGE sql AS $$ INSERT INTO called VALUES ('mine') "
    "RETURNING by $$; CREATE FUNCTION range(int) RETURNS SETOF text LANGUAGE sql AS $$ INSERT INTO called "
    "VALUES ('range') RETURNING by $$; CREATE FUNCTION my_function(int) RETURNS text LANGUAGE sql AS "
    "$$ INSERT INTO called VALUES ('my_function') RETURNING by $$;",
}
SCRIPTED = ["redshift", "snowflake", "bigquery", "tsql", "spark", "databricks"]

# What only tells the time or of the session, or throws dice: it may be described, since that runs nothing.
TELLS = re.compile(
    r"\b(random|rand|randstr|newid|uuid\w*|now|today|getdate|sysdate|current_\w+|session_user|user)\b", re.IGNORECASE
)
# What no text may hold that an engine is given, strings and comments left out.
NEVER = re.compile(
    r"\b(random|rand|randstr|newid|uuid\w*|gen_random_uuid|pg_sleep|pg_read\w*|pg_ls\w*|pg_terminate\w*|pg_cancel\w*"
    r"|nextval|setval|next value|read_\w+|glob|external_query|openrowset|openquery|opendatasource|openxml|xp_\w+|sp_\w+"
    r"|shutdown|reconfigure|checkpoint|revert|exec|execute|kill|waitfor|result_scan|system\$\w+|cortex|ai_\w+|ml|predict"
    r"|reflect|java_method|insert|delete|update|drop|merge|truncate|into|xlock|updlock|tablockx|now|today|getdate|sysdate"
    r"|current_\w+|session_user|user|dblink\w*|lo_\w+|set_config|query_to_xml|transform using|http_request|secret"
    r"|remote_\w+|my_\w+|leftpad|mine|f|udf|tvf|stl_\w+|stv_\w+|svv_\w+|sys|information_schema|copy|call|attach)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Typed:
    """What an engine was given while a text was typed."""

    asked: list[str]
    described: list[str]


@dataclass
class Desk:
    """A document on an engine that writes down what it is asked."""

    engine: RecordingEngine
    session: Session
    version: int = 0

    async def type(self, text: str) -> Typed:
        """A text, put into the document with the cursor at its end; all that follows of it is waited for."""
        self.engine.asked.clear()
        self.engine.described.clear()
        self.version += 1
        self.session.changed(Edited(Snapshot("file:///q.sql", self.version, text, len(text)), 0.0))
        await self.session.idle()
        return Typed(list(self.engine.asked), list(self.engine.described))


@asynccontextmanager
async def desk_on(engine: Engine) -> AsyncIterator[Desk]:
    recording = RecordingEngine(engine)
    connection = Connection(recording, NO_WAITING)
    try:
        with ThreadPoolExecutor(1) as analysis, ThreadPoolExecutor(1) as replies:
            outlets = Outlets(lambda _: None, lambda _: None, lambda _analysis, _problems: None)
            clock = Clock(time.monotonic, lambda _seconds: asyncio.sleep(0))
            session = Session(connection, Executors(analysis, replies), ServerSettings(), clock, "utf-32", outlets)
            try:
                yield Desk(recording, session)
            finally:
                await session.close()
    finally:
        await connection.close()


def statements(kind: str, dialect: str) -> list[str]:
    cases = json.loads((FIXTURES / kind / f"{dialect}.json").read_text("utf-8"))
    return [case["statement"] for case in cases]


def scripted(dialect: str) -> Engine:
    columns = (Column("a", "INTEGER"), Column("d", "DATE"), Column("b", "VARCHAR"))
    return ScriptedEngine(Catalog((Table("t", columns, row_count=1), Table("u", columns)), dialect, version="1"))


def reaches(statement: str, typed: Typed, dialect: str, *, describes: bool) -> list[str]:
    """What an engine was given for a hostile statement that it should not have been: that, or a part that does harm.

    A statement that cannot be read may be repaired into a harmless one.
    """
    ran = [text for text in typed.asked if text.strip() == statement.strip() or NEVER.search(words(text, dialect))]
    described = typed.described if describes else []
    return ran + [text for text in described if NEVER.search(TELLS.sub("", words(text, dialect)))]


def words(text: str, dialect: str) -> str:
    reading = strict_tokens(text, dialect)
    if reading.doubt:
        return "execute"  # whatever the engine makes of it
    return " ".join(token.text.strip('"`[]') for token in reading.tokens if token.kind != "string")


async def check_hostile(desk: Desk, dialect: str, *, describes: bool) -> None:
    reached = {}
    for statement in statements("hostile", dialect):
        typed = await desk.type(statement)
        if found := reaches(statement, typed, dialect, describes=describes):
            reached[statement] = found
    assert reached == {}
    # The desk works: what is harmless is asked.
    assert (await desk.type("SELECT a FROM t WHERE a > 0")).asked


@pytest.mark.parametrize("dialect", SCRIPTED)
async def test_nothing_hostile_reaches_an_engine_that_takes_everything(dialect: str) -> None:
    async with desk_on(scripted(dialect)) as desk:
        await check_hostile(desk, dialect, describes=True)


async def test_nothing_hostile_reaches_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA["duckdb"])
    async with desk_on(await open_engine(str(path), writable=True)) as desk:
        await check_hostile(desk, "duckdb", describes=False)
        left = await desk.engine.real.execute("SELECT count(*) AS n FROM t")
        assert left.rows.to_pylist() == [{"n": 1}]


async def test_nothing_hostile_reaches_postgres(postgres_database: Callable[[], str]) -> None:
    psycopg = pytest.importorskip("psycopg")
    url = postgres_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA["postgres"])
        async with desk_on(await open_engine(url, writable=True)) as desk:
            await check_hostile(desk, "postgres", describes=False)
        assert connection.execute("SELECT by FROM called").fetchall() == []
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
        assert connection.execute("SELECT is_called FROM s").fetchall() == [(False,)]


@pytest.mark.parametrize("typed_before", [True, False])
async def test_what_a_cte_writes_is_written_once_by_its_submit_and_never_by_typing(
    tmp_path: Path, typed_before: bool
) -> None:
    writing = "WITH w AS (INSERT INTO t VALUES (2, NULL) RETURNING a) SELECT a FROM w"
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA["duckdb"])
    async with desk_on(await open_engine(str(path), writable=True)) as desk:
        if typed_before:
            await desk.type(writing)
        count = await desk.engine.real.execute("SELECT count(*) AS n FROM t")
        assert count.rows.to_pylist() == [{"n": 1}]

        shown = await desk.session.submit(Edited(Snapshot("file:///q.sql", 9, writing, len(writing)), 0.0))

        assert shown.outcome == "rows", shown.problems
        count = await desk.engine.real.execute("SELECT count(*) AS n FROM t")
        assert count.rows.to_pylist() == [{"n": 2}]
