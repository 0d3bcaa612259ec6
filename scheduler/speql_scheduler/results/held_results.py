"""Results that are looked at as a whole: each is held in a temp table, so that all pages of it are of one moment."""

import asyncio
import itertools
import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlglot import exp

from speql_engines import Binding, Engine, EngineError, Result, TempTable
from speql_engines.asked import asked_for
from speql_scheduler.results.arrangement import Arrangement, Filter
from speql_scheduler.results.chart import ChartData, chart
from speql_scheduler.results.chart_choice import ChartChoice
from speql_scheduler.results.held import Held
from speql_scheduler.results.profile import ColumnProfile, profile
from speql_scheduler.results.result_sql import arranged_page_sql, arranging_sql, holding_sql, page_sql
from speql_scheduler.running.answering import Answerer, same_types
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.question import Question
from speql_scheduler.running.questions import Questions
from speql_scheduler.running.store import Store
from speql_scheduler.running.tasks import TaskSet
from speql_sql import Catalog, SpeqlError

logger = logging.getLogger(__name__)

MOST_NAMED = 32
MOST_HELD = 3
"""So many results of a document are held, and so many arrangements of each: the least recently used go first."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a result: ``total_rows`` of them are there in this arrangement, ``held_rows`` without its filters."""

    result: Result
    total_rows: int
    held_rows: int


@dataclass(frozen=True, slots=True)
class _Named:
    """A query whose result has a name, and the epoch of the data that it was computed from."""

    sql: str | None
    query: exp.Query
    catalog: Catalog
    epoch: int


class HeldResults:
    """The results of one document that somebody pages through. One event loop owns all of it.

    The user asks for them, so they run as submits do: nothing stops them but their own cancellation, and the budgets of
    the store and of the connection, which are for work ahead, do not hold for them. They are dropped when others have
    taken their place, and by `close`.
    """

    def __init__(
        self, engine: Engine, store: Store, questions: Questions, answerer: Answerer, facts: EngineFacts
    ) -> None:
        self._engine = engine
        self._store = store
        self._questions = questions
        self._answerer = answerer
        self._facts = facts
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._named: OrderedDict[str, _Named] = OrderedDict()
        self._numbers = itertools.count(1)
        # A client may ask for a result of a server that is gone, or of a connection that the document has left.
        self._mark = secrets.token_hex(3)
        self._making = asyncio.Lock()
        self._drops = TaskSet()
        self._closed = False

    @property
    def bytes(self) -> int:
        """What the held results take."""
        return sum(table.bytes for held in self._held.values() for table in (held.table, *held.places.values()))

    def name(self, sql: str | None, query: exp.Query, catalog: Catalog) -> str:
        """A name for the result of a query that was just computed, for `reading` it; the oldest names are forgotten.

        ``sql`` is the text of the query, None to write it from the tree.
        """
        name = f"r{next(self._numbers)}-{self._mark}"
        self._named[name] = _Named(sql, query, catalog, self._store.epoch)
        if len(self._named) > MOST_NAMED:
            forgotten, _ = self._named.popitem(last=False)
            if forgotten in self._held and not self._held[forgotten].readers:
                self._drop(self._held.pop(forgotten))
        return name

    @asynccontextmanager
    async def reading(self, name: str) -> AsyncIterator[Held]:
        """The whole result of that name, held from now on if it is not yet; it stays as long as it is read.

        :class:`~speql_engines.EngineError` if the query fails, if the name is no longer known, or if the result is not
        held and the data has changed since it was named.
        """
        named = self._named.get(name)
        if named is None:
            raise EngineError("This result is no longer known.", "Run the query again.")
        async with self._making:
            if name not in self._held and not self._closed:
                if named.epoch != await self._facts.epoch():
                    raise EngineError("The data has changed since this result was made.", "Run the query again.")
                question = await self._questions.of(named.sql, named.query, named.catalog)
                with asked_for():
                    self._held[name] = await self._hold(question)
            if self._closed:  # it may have been closed while the result was made
                self._drop_all()
                raise EngineError("This document is closed.", "Open it again to run its queries.")
            held = self._held[name]
            self._held.move_to_end(name)
            held.readers += 1
        try:
            self._trim()
            yield held
        finally:
            held.readers -= 1
            self._trim()

    async def page(self, held: Held, arrangement: Arrangement, start: int, count: int) -> Page:
        """``count`` rows of a result that is being read, the first of them after ``start`` others.

        :class:`~speql_engines.EngineError` if a filter's value does not fit its column.
        """
        # No arrangement is dropped while it is read.
        async with held.lock:
            with asked_for():
                read, total = await self._page_of(held, arrangement, start, count)
                result = await self._engine.execute(read)
        named = result.rows.rename_columns([column.name for column in held.columns])
        page = Result(held.columns, named, start + count >= total, result.seconds)
        return Page(page, total, held.table.rows)

    async def profile(
        self, held: Held, columns: Sequence[int], filters: Sequence[Filter] = ()
    ) -> tuple[ColumnProfile, ...]:
        """Statistics of columns of a result that is being read (:func:`~speql_scheduler.results.profile.profile`)."""
        with asked_for():
            return await profile(self._engine, held, columns, filters)

    async def chart(self, held: Held, choice: ChartChoice, filters: Sequence[Filter] = ()) -> ChartData:
        """A chart of a result that is being read (:func:`~speql_scheduler.results.chart.chart`)."""
        with asked_for():
            return await chart(self._engine, held, choice, filters)

    async def close(self) -> None:
        """Drop all. Readers must have ended. Safe to call twice."""
        self._closed = True
        self._drop_all()
        await self._drops.finished()

    async def _hold(self, question: Question) -> Held:
        """The whole result of a query in a temp table, made of temp tables where that is surely the same."""
        binding = await self._facts.bind(question.sql)
        if not binding.ok:
            raise EngineError(binding.problems[0].message, binding.problems[0].hint, binding.problems[0])
        name = self._store.new_name(question.key)
        epoch = await self._facts.epoch()
        with self._store.lease() as lease:
            rewritten = await self._answerer.rewrite(question, lease.views)
            lease.keep_only(rewritten.uses)
            table = await self._over_temp_tables(name, rewritten.sql, binding) if rewritten.sql else None
            if table is not None and not rewritten.temp_only and await self._facts.epoch() != epoch:
                await self._engine.drop_temp_table(table.name)
                table = None
        if table is None:
            table = await self._create(self._store.new_name(question.key), question.sql, binding)
        return Held(binding.columns, table, question.catalog.dialect)

    async def _over_temp_tables(self, name: str, sql: str, binding: Binding) -> TempTable | None:
        try:
            table = await self._create(name, sql, binding)
        except EngineError as error:
            logger.warning("a result was not held from temp tables: %s", type(error).__name__)
            return None
        if same_types(table.columns[:-1], binding.columns):
            return table
        await self._engine.drop_temp_table(table.name)
        return None

    async def _create(self, name: str, sql: str, binding: Binding) -> TempTable:
        return await self._engine.create_temp_table(name, holding_sql(sql, len(binding.columns)))

    async def _page_of(self, held: Held, arrangement: Arrangement, start: int, count: int) -> tuple[str, int]:
        """The query for a page, and how many rows there are in that arrangement."""
        width = len(held.columns)
        if arrangement.plain:
            return page_sql(held.table.sql_name, width, start, count), held.table.rows
        if arrangement not in held.places:
            sql = arranging_sql(held.table.sql_name, held.columns, arrangement, held.dialect)
            held.places[arrangement] = await self._engine.create_temp_table(self._store.new_name(sql), sql)
            if len(held.places) > MOST_HELD:
                _, oldest = held.places.popitem(last=False)
                self._drops.spawn(self._drop_table(oldest), "drop an arrangement")
        held.places.move_to_end(arrangement)
        places = held.places[arrangement]
        return arranged_page_sql(held.table.sql_name, places.sql_name, width, start, count), places.rows

    def _trim(self) -> None:
        for name in list(self._held):
            if len(self._held) <= MOST_HELD:
                return
            if not self._held[name].readers:
                self._drop(self._held.pop(name))

    def _drop_all(self) -> None:
        while self._held:
            self._drop(self._held.popitem()[1])

    def _drop(self, held: Held) -> None:
        for table in (held.table, *held.places.values()):
            self._drops.spawn(self._drop_table(table), "drop a held result")

    async def _drop_table(self, table: TempTable) -> None:
        try:
            await self._engine.drop_temp_table(table.name)
        except SpeqlError as error:
            logger.warning("a held result could not be dropped: %s", error)
