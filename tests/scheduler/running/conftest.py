"""A desk with a scheduler on it, over a real DuckDB file of a million rows."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from speql_engines import Engine, EngineError, Estimate, Result, TempTable
from speql_engines.duckdb.engine import DuckDBEngine
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.job_graph import Job, JobGraph
from speql_scheduler.running.scheduler import Scheduler
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.speculation import Speculation
from speql_scheduler.running.store import Store
from speql_sql import Catalog, Problem

ROWS = 1_500_000
# No rest, no allowance, no expectation is too short: what is tested is what happens, not how fast this machine is.
SETTINGS = SchedulerSettings(
    page_rows=2_000,
    quiet_seconds=0.0,
    pause_seconds=0.0,
    waiting_seconds=0.0,
    at_once_seconds=0.0,
    served_seconds=600.0,
    adoption_seconds=600.0,
    free_seconds=600.0,
    overrun=1000.0,
    closed_overrun=1000.0,
    whole_overrun=1000.0,
    byte_budget=256 << 20,
)


@pytest.fixture(scope="session")
def flights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: flights, their carriers, and a small table; tests that write copy it."""
    path = tmp_path_factory.mktemp("running") / "flights.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"""
            CREATE TABLE flights AS SELECT i::INTEGER AS id, 'C' || (i % 12) AS carrier, 'A' || (i * 7 % 90) AS origin,
              CASE WHEN i % 50 = 0 THEN NULL ELSE (i * 31 % 400 - 60)::INTEGER END AS delay, (i * 13 % 3000)::INTEGER
              AS distance, DATE '2020-01-01' + (i % 1000)::INTEGER AS day FROM range({ROWS}) AS r(i)""")
        connection.execute(
            "CREATE TABLE carriers AS SELECT 'C' || i AS carrier, 'Name ' || i AS name FROM range(12) r(i)"
        )
        connection.execute("CREATE TABLE small AS SELECT i::INTEGER AS a, (i % 3)::INTEGER AS b FROM range(10) r(i)")
    return path


@pytest.fixture
async def engine(flights_file: Path) -> AsyncIterator[DuckDBEngine]:
    engine = await DuckDBEngine.open(flights_file)
    yield engine
    await engine.close()


@dataclass
class GatedEngine:
    """A real engine whose creates, executes and estimates can be held at a gate; what is run is written down.

    Scripted only in when things happen: what they do is the real engine's.
    """

    real: Engine
    created: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    fetched: list[int] = field(default_factory=list)
    running: int = 0
    most_running_creates: int = 0
    create_gate: asyncio.Event = field(default_factory=asyncio.Event)
    execute_gate: asyncio.Event = field(default_factory=asyncio.Event)
    create_begun: asyncio.Event = field(default_factory=asyncio.Event)
    execute_begun: asyncio.Event = field(default_factory=asyncio.Event)
    estimate_gate: asyncio.Event = field(default_factory=asyncio.Event)
    estimate_begun: asyncio.Event = field(default_factory=asyncio.Event)
    hold_estimate: Callable[[str], bool] = lambda sql: False
    fail_create: Callable[[str], bool] = lambda sql: False
    fail_execute: Callable[[str], bool] = lambda sql: False

    def __post_init__(self) -> None:
        self.create_gate.set()
        self.execute_gate.set()

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        self.running += 1
        self.most_running_creates = max(self.most_running_creates, self.running)
        self.create_begun.set()
        try:
            await self.create_gate.wait()
            if self.fail_create(sql):
                raise EngineError("The create was made to fail.")
            table = await self.real.create_temp_table(name, sql, most_rows)
        finally:
            self.running -= 1
        self.created.append(sql)
        return table

    async def drop_temp_table(self, name: str) -> None:
        self.dropped.append(name)
        await self.real.drop_temp_table(name)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        self.execute_begun.set()
        await self.execute_gate.wait()
        self.executed.append(sql)
        if self.fail_execute(sql):
            raise EngineError("The query was made to fail.")
        return self._seen(await self.real.execute(sql, max_rows))

    async def estimate(self, sql: str) -> Estimate:
        if self.hold_estimate(sql):
            self.estimate_begun.set()
            await self.estimate_gate.wait()
        return await self.real.estimate(sql)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        self.submitted.append(sql)
        if self.fail_execute(sql):
            raise EngineError("The query was made to fail.")
        return self._seen(await self.real.submit(sql, max_rows))

    def _seen(self, result: Result) -> Result:
        self.fetched.append(result.rows.num_rows)
        return result


@dataclass
class Desk:
    """A scheduler, and all that it has told."""

    engine: GatedEngine
    store: Store
    settings: SchedulerSettings
    catalog: Catalog
    previews: list[tuple[Speculation, Answer]] = field(default_factory=list)
    failures: list[tuple[Speculation, Problem]] = field(default_factory=list)
    graphs: list[JobGraph] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(
            self.engine,
            self.store,
            self.settings,
            self._on_preview,
            lambda speculation, problem: self.failures.append((speculation, problem)),
            self._on_jobs,
        )

    def type(
        self,
        sql: str,
        preview: str | None = "",
        predicted: bool = False,
        open_units: Collection[tuple[str, ...]] = (),
        closed_texts: tuple[str, ...] | None = None,
        edited_columns: tuple[str, ...] = (),
        superset: exp.Query | None = None,
        as_typed: bool = False,
        guessed: bool = False,
    ) -> Speculation:
        """Hand the scheduler a text, with itself as the preview unless another is given; the user has left it."""
        query = parse(sql, self.catalog.dialect)
        shown = query if preview == "" else (None if preview is None else parse(preview, self.catalog.dialect))
        closed = (sql,) if closed_texts is None else closed_texts
        speculation = Speculation(
            next(self._ids),
            sql,
            query,
            superset or without_order(query),
            shown,
            predicted,
            self.catalog,
            frozenset(open_units),
            closed,
            edited_columns=edited_columns,
            previews_all=preview in ("", sql),
            as_typed=as_typed,
            guessed=guessed,
        )
        self.scheduler.update(speculation)
        return speculation

    async def typed(self, sql: str, preview: str | None = "") -> Answer | None:
        """The same, to its end; the newest preview, if it is of this text."""
        speculation = self.type(sql, preview)
        await self.scheduler.idle()
        return next((answer for shown, answer in reversed(self.previews) if shown is speculation), None)

    async def submit(self, sql: str) -> Answer:
        return await self.scheduler.submit(sql, parse(sql, self.catalog.dialect), self.catalog)

    async def direct(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a direct run, in a comparable order."""
        return rows_of(await self.engine.real.execute(sql))

    def rows(self, result: Result) -> list[tuple[object, ...]]:
        """The rows of a result, in a comparable order."""
        return rows_of(result)

    def creates(self) -> dict[str, Job]:
        """The creates of the newest job graph by label."""
        return {job.label: job for job in self.graphs[-1].jobs if job.kind == "create"}

    async def until(self, condition: Callable[[JobGraph], bool]) -> None:
        """Let the loop run until a job graph is so."""
        while not (self.graphs and condition(self.graphs[-1])):
            self.told.clear()
            await self.told.wait()

    def _on_preview(self, speculation: Speculation, answer: Answer) -> None:
        self.previews.append((speculation, answer))
        self.told.set()

    def _on_jobs(self, graph: JobGraph) -> None:
        self.graphs.append(graph)
        self.told.set()


def parse(sql: str, dialect: str = "duckdb") -> exp.Query:
    tree = sqlglot.parse_one(sql, dialect=dialect)
    assert isinstance(tree, exp.Query)
    return tree


def without_order(query: exp.Query) -> exp.Query:
    stripped = query.copy()
    for clause in ("order", "limit", "offset"):
        stripped.set(clause, None)
    return stripped


def rows_of(result: Result) -> list[tuple[object, ...]]:
    columns = [column.to_pylist() for column in result.rows.columns]
    return sorted(zip(*columns, strict=True), key=repr)


@pytest.fixture
async def new_desk(
    engine: DuckDBEngine, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    """Makes desks with settings of their own; at the end nothing may be left, and nothing logged as an error."""
    desks: list[Desk] = []

    async def make(store: Store | None = None, on: Engine | None = None, **changes: object) -> Desk:
        settings = replace(SETTINGS, **changes)
        gated = store.engine if store else GatedEngine(on or engine)
        store = store or Store(gated, settings.byte_budget)
        desk = Desk(gated, store, settings, await (on or engine).catalog())
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        await desk.scheduler.close()
    for desk in desks:
        exact = [speculation.id for speculation, answer in desk.previews if answer.sample is None]
        assert len(exact) == len(set(exact)), "exact rows are shown once"
        assert not desk.store.views
        assert not desk.store.bytes
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not errors


@pytest.fixture
async def desk(new_desk: Callable[..., Awaitable[Desk]]) -> Desk:
    return await new_desk()
