"""From a question to its answer: from the cache, over temp tables, or on base tables."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sqlglot import exp, parse_one

from speql_engines import EngineError, Result, ResultColumn, SpeculationHeldError
from speql_scheduler.matching.rewrite import NOT_REWRITTEN, Rewrite, rewrite
from speql_scheduler.matching.view import View
from speql_scheduler.running.analysis import Analysis, AnalysisError
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.costs import base_tables
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.question import Question
from speql_scheduler.running.result_cache import ResultCache
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Lease, Store

logger = logging.getLogger(__name__)

Run = Callable[[str, int], Awaitable[Result]]
"""Runs a query and fetches so many rows: the engine's ``execute`` for what works ahead, else its ``submit``."""

REMEMBERED = 128


class Answerer:
    """Answers questions with exactly what running them directly would give.

    That is enforced here, whatever the matching did: the columns of a rewritten query are compared with what the
    engine binds for the user's own text, and anything that fails or differs is answered from base tables instead.
    """

    def __init__(self, store: Store, analysis: Analysis, facts: EngineFacts, settings: SchedulerSettings) -> None:
        self._store = store
        self._analysis = analysis
        self._facts = facts
        self._settings = settings
        self._cache = ResultCache(settings.cache_bytes)
        self._rewrites: OrderedDict[tuple[str, tuple[str, ...]], Rewrite] = OrderedDict()

    async def from_cache(self, question: Question, epoch: int) -> Answer | None:
        """The answer, if the same was answered before on the same data."""
        started = self._settings.clock()
        cached = self._cache.get(question.rows_key, epoch, question.limit) if question.lasting else None
        named = await self._named_as_asked(question, cached.result) if cached else None
        if cached is None or named is None:
            return None
        return Answer(
            result=named,
            states=("exact", "cached"),
            total_rows=cached.total_rows,
            executed_sql=question.sql,
            seconds=self._settings.clock() - started,
            direct_sql=question.sql,
            direct_seconds=self._direct_seconds(question),
            estimated_rows=self._facts.known_rows(question.sql),
        )

    async def rewrite(self, question: Question, views: Sequence[View]) -> Rewrite:
        """The question's query over these temp tables; one that uses none if the analysis fails."""
        if not question.lasting or not views:
            return NOT_REWRITTEN
        key = (question.key, tuple(view.sql_name for view in views))
        if key not in self._rewrites:
            try:
                found = await self._analysis.run(rewrite, question.qualified or question.query, views, question.catalog)
            except AnalysisError:
                found = NOT_REWRITTEN
            self._rewrites[key] = self._if_less_to_read(question, found)
            if len(self._rewrites) > REMEMBERED:
                self._rewrites.popitem(last=False)
        self._rewrites.move_to_end(key)
        return self._rewrites[key]

    async def is_served(self, question: Question) -> bool:
        """Whether temp tables that can be read now answer it, alone or with base tables that are read in no time."""
        if self._facts.temp_tables_wait:
            return False
        rewritten = await self.rewrite(question, self._store.views)
        if rewritten.sql is None or rewritten.temp_only:
            return rewritten.temp_only
        most = self._settings.cheap_work
        rows = [_row_count(question, name) for name in rewritten.tables]
        return sum(most + 1 if count is None else count for count in rows) <= most

    async def rows_at_hand(self, question: Question) -> int | None:
        """How many rows the answer has, if one temp table has just these; nothing is run, no table counts as used."""
        if question.refusals:
            return None
        with self._store.lease() as lease:
            rewritten = await self.rewrite(question, lease.views)
            return _rows_of_table(rewritten, lease, question) if rewritten.temp_only else None

    def _if_less_to_read(self, question: Question, rewritten: Rewrite) -> Rewrite:
        """The rewrite, unless its temp tables have more rows than the base tables that they stand for."""
        base_rows = sum(_row_count(question, name) or 0 for name in rewritten.tables)
        read = self._store.rows(rewritten.uses) + base_rows
        if not question.base_rows or read <= question.base_rows:
            return rewritten
        reason = f"it has more to read than the base tables: {read:,} rows instead of {question.base_rows:,}"
        refused = (replace(each, used=False, reason=reason) if each.used else each for each in rewritten.decisions)
        return replace(NOT_REWRITTEN, decisions=tuple(refused))

    async def answer(self, question: Question, epoch: int, run: Run, *, waits: bool = True) -> Answer:
        """The answer, computed now. :class:`~speql_engines.EngineError` if the query itself fails.

        Where it ``waits`` for no other statement, temp tables that others work on are left alone.
        """
        started = self._settings.clock()
        with self._store.lease() as lease:
            views = lease.views if waits or not self._facts.temp_tables_wait else ()
            rewritten = await self.rewrite(question, views)
            lease.keep_only(rewritten.uses)
            answer = await self._over_temp_tables(question, rewritten, lease, epoch, run)
        if answer is None:
            result = await self._run_directly(question, run)
            answer = Answer(
                result,
                ("exact",),
                _rows_if_complete(result),
                question.sql,
                decisions=rewritten.decisions,
                base_tables=base_tables(question.qualified) if question.qualified is not None else (),
            )
        if question.lasting and await self._facts.epoch() == epoch:
            self._cache.put(question.rows_key, epoch, answer.result, answer.total_rows, question.limit)
        return replace(
            answer,
            seconds=self._settings.clock() - started,
            direct_sql=question.sql,
            direct_seconds=self._direct_seconds(question),
            estimated_rows=self._facts.known_rows(question.sql),
        )

    def _direct_seconds(self, question: Question) -> float | None:
        """What the question is expected to take on base tables, if that is known: nothing is asked for it."""
        return self._facts.known_seconds(question.sql, question.base_rows, question.shape)

    async def _run_directly(self, question: Question, run: Run) -> Result:
        """The result on base tables; how long it takes says how fast the engine is, also if it is stopped."""
        began = self._settings.clock()
        stopped = True
        try:
            result = await run(question.sql, self._settings.page_rows)
            stopped = False
        finally:
            seconds = self._settings.clock() - began
            self._facts.ran(question.sql, question.base_rows, question.shape, seconds, stopped=stopped)
        return result

    async def _over_temp_tables(
        self, question: Question, rewritten: Rewrite, lease: Lease, epoch: int, run: Run
    ) -> Answer | None:
        """The answer from temp tables; None if there is none, or none that is surely right."""
        if rewritten.sql is None:
            return None
        try:
            # The binding is asked for now and needed later: by then it is there.
            executed, _ = await asyncio.gather(
                run(rewritten.sql, self._settings.page_rows), self._facts.bind(question.bound)
            )
            result = await self._named_as_asked(question, executed)
        except SpeculationHeldError:
            raise  # on base tables it would cost more
        except EngineError as error:
            # Not the engine's words, which may quote values of rows.
            names = ", ".join(rewritten.uses)
            logger.warning("a query over %s failed, so it runs on base tables: %s", names, type(error).__name__)
            return None
        if result is None or not (rewritten.temp_only or await self._facts.epoch() == epoch):
            return None  # the second: base tables that changed while they were read together with temp tables
        return Answer(
            result=result,
            states=("exact",),
            total_rows=_rows_if_complete(result) if result.complete else _rows_of_table(rewritten, lease, question),
            executed_sql=rewritten.sql,
            served_from=rewritten.uses,
            temp_only=rewritten.temp_only,
            decisions=rewritten.decisions,
            base_tables=rewritten.tables,
        )

    async def _named_as_asked(self, question: Question, result: Result) -> Result | None:
        """The result with the names that the user's own text gives its columns; None if it is not the same columns."""
        binding = await self._facts.bind(question.bound)
        if not binding.ok:
            return None  # the run on base tables will say what is wrong with the query
        if not same_types(binding.columns, result.columns):
            # Types only: the name of a column may be a constant of the query's.
            logger.warning(
                "a result was discarded: its columns are of the types %s, those of the query %s",
                [column.type for column in result.columns],
                [column.type for column in binding.columns],
            )
            return None
        if binding.columns == result.columns:
            return result
        rows = result.rows.rename_columns([column.name for column in binding.columns])
        return replace(result, columns=binding.columns, rows=rows)


def _row_count(question: Question, table: str) -> int | None:
    """The rows of a base table by its full name, if they are known."""
    found = question.catalog.find(*reversed(table.split(".")))
    return found.row_count if found is not None else None


def same_types(left: Sequence[ResultColumn], right: Sequence[ResultColumn]) -> bool:
    """Whether two results have as many columns, of the same types in the same order."""
    return [column.type for column in left] == [column.type for column in right]


def _rows_if_complete(result: Result) -> int | None:
    return int(result.rows.num_rows) if result.complete else None


def _rows_of_table(rewritten: Rewrite, lease: Lease, question: Question) -> int | None:
    """How many rows the result has, if the rewritten query is no more than columns of all rows of one temp table."""
    if len(rewritten.uses) != 1 or rewritten.sql is None:
        return None
    query = parse_one(rewritten.sql, dialect=question.catalog.dialect)
    source = query.args.get("from_")
    harmless = {"expressions", "from_", "order", "kind"}
    if (
        not isinstance(query, exp.Select)
        or any(value for name, value in query.args.items() if name not in harmless)
        or source is None
        or not isinstance(source.this, exp.Table)
        or any(value for name, value in source.this.args.items() if name not in {"this", "db", "catalog", "alias"})
        or any(not isinstance(projection.unalias(), exp.Column) for projection in query.expressions)
    ):
        return None
    return lease.table(rewritten.uses[0]).table.rows
