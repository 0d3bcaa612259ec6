"""What is learnt of a document's queries besides their rows: types, sizes and estimates."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from speql_engines import Engine, EngineError, Estimate, ResultColumn
from speql_engines.unasked_binding import bind_unasked, why_not_asked
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.scheduler import Scheduler
from speql_server.analysis import Analysis
from speql_server.clock import Clock
from speql_server.engine_answers import EngineAnswers
from speql_server.latest_only import LatestOnly

_KEPT = 256
_QUIET_SECONDS = 0.3


class Learnt:
    """What may be shown beside a text, as far as it is known. Owned by the event loop; nobody waits for it.

    Types and estimates are the engine's answers. Numbers of rows are those of exact results that were shown, and of
    temp tables that are proved to hold just the rows of a CTE; they are kept by the text that defines the query and by
    the version of the catalog, which changes with the data. ``told`` is called when more is known than before.
    """

    def __init__(self, engine: Engine, scheduler: Scheduler, clock: Clock, told: Callable[[], None]) -> None:
        self._types: EngineAnswers[tuple[ResultColumn, ...]] = EngineAnswers(lambda sql: _columns(engine, sql))
        self._estimates: EngineAnswers[Estimate] = EngineAnswers(lambda sql: _estimate(engine, sql))
        self._scheduler = scheduler
        self._closed = False
        self._told = told
        self._rows: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._learning: LatestOnly[bool] = LatestOnly("types of columns", sleep=clock.sleep)
        self._counting: LatestOnly[bool] = LatestOnly("rows of CTEs", sleep=clock.sleep)
        self._telling: LatestOnly[bool] = LatestOnly("telling of rows", sleep=clock.sleep)

    def types(self, sql: str, version: str) -> tuple[ResultColumn, ...]:
        """The columns of a query, if they are known."""
        return self._types.get(sql, version) or ()

    def unknown(self, queries: Sequence[str], version: str) -> list[str]:
        """Those of the queries whose columns the engine has not been asked for."""
        return [sql for sql in dict.fromkeys(queries) if not self._types.is_known(sql, version)]

    def learn(self, queries: Sequence[str], version: str) -> None:
        """Ask for the columns of these queries when the text rests, in place of what was asked before; then tell."""
        self._learning.submit(lambda: self._ask(queries, version), self._tell, quiet_seconds=_QUIET_SECONDS)

    async def learn_now(self, queries: Sequence[str], version: str) -> None:
        """Ask for the columns of these queries and wait for them."""
        await self._ask(queries, version)

    async def estimate(self, sql: str, version: str) -> Estimate | None:
        """The engine's estimate of a query; None if it does not bind, or if the text changed meanwhile."""
        return await self._estimates.ask(sql, version)

    def rows(self, defined: str, version: str) -> int | None:
        """The rows of the query that a statement's text up to here defines, if they are known."""
        return self._rows.get((defined, version))

    def stale(self) -> None:
        """The text has changed: what is asked for estimates of it is of no use any more."""
        self._estimates.cancel()
        self._counting.cancel()

    def shown(self, analysis: Analysis, answer: Answer) -> None:
        """Remember the rows of a preview, if it was of exactly what the text says."""
        unit = analysis.unit
        if self._closed or unit is None or analysis.predicted or analysis.edits or answer.total_rows is None:
            return
        is_cte = unit.kind == "cte" and len(unit.path) == 2
        if (unit.whole or is_cte) and self._remember(analysis, unit.span.end, answer) and is_cte:
            # There is a preview at nearly every key: the editor is told when they rest.
            self._telling.submit(_more, self._tell, quiet_seconds=_QUIET_SECONDS)

    def submitted(self, analysis: Analysis, answer: Answer) -> None:
        """Remember the rows of a submit."""
        if answer.total_rows is not None and analysis.repair is not None and analysis.repair.query is not None:
            self._remember(analysis, None, answer)

    def count_at_hand(self, analysis: Analysis) -> None:
        """Look whether temp tables know the rows of the statement's CTEs."""
        if self._closed or analysis.edits or analysis.repair is None or not analysis.units:
            return
        version = analysis.catalog.version
        wanted = [
            unit
            for unit in analysis.units
            if unit.kind == "cte"
            and len(unit.path) == 2
            and self.rows(_defined(analysis, unit.span.end), version) is None
        ]
        if not wanted:
            return

        async def count() -> bool:
            more = False
            for unit in wanted:
                rows = await self._scheduler.rows_at_hand(unit.query, analysis.catalog)
                if rows is not None:
                    more = True
                    self._keep(_defined(analysis, unit.span.end), version, rows)
            return more

        self._counting.submit(count, self._tell, quiet_seconds=_QUIET_SECONDS)

    async def close(self) -> None:
        """Stop all questions, and ask no more."""
        self._closed = True
        self.stale()
        await asyncio.gather(self._learning.close(), self._counting.close(), self._telling.close())

    def _remember(self, analysis: Analysis, end: int | None, answer: Answer) -> bool:
        """Whether something is known now that was not before."""
        if "exact" not in answer.states or "stale" in answer.states or answer.total_rows is None:
            return False
        if not analysis.catalog.certain:
            return False  # the data may change again without another version
        defined = _defined(analysis, end)
        known = self.rows(defined, analysis.catalog.version)
        self._keep(defined, analysis.catalog.version, answer.total_rows)
        return known != answer.total_rows

    def _keep(self, defined: str, version: str, rows: int) -> None:
        self._rows[defined, version] = rows
        self._rows.move_to_end((defined, version))
        if len(self._rows) > _KEPT:
            self._rows.popitem(last=False)

    async def _ask(self, queries: Sequence[str], version: str) -> bool:
        for sql in queries:
            await self._types.ask(sql, version)
        return any(self._types.get(sql, version) for sql in queries)

    def _tell(self, more: bool) -> None:
        if more:
            self._told()


def _defined(analysis: Analysis, end: int | None) -> str:
    """The statement's text up to an offset of it."""
    text = analysis.statement.text if analysis.statement is not None else ""
    return text if end is None else text[:end]


async def _more() -> bool:
    return True


async def _columns(engine: Engine, sql: str) -> tuple[ResultColumn, ...]:
    return (await bind_unasked(engine, sql)).columns


async def _estimate(engine: Engine, sql: str) -> Estimate:
    if reason := why_not_asked(sql, engine.info.dialect):
        raise EngineError(reason)
    return await engine.estimate(sql)
