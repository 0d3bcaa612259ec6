"""What the engine says of queries without running them, remembered while the data stays the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from speql_engines import Binding, Engine, Estimate
from speql_scheduler.running.costs import Pace, believed_work
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.shape import Shape
from speql_scheduler.running.store import Store

T = TypeVar("T")
REMEMBERED = 512


class EngineFacts:
    """Estimates, bindings and the epoch of the data, each asked of the engine as seldom as is sound.

    A pace turns estimated work into seconds; whoever has run a query tells how long that took. Estimates are off by a
    factor that depends most on which tables are joined, so queries of a shape (`shape_of`) that was run before go by
    the pace of that shape. Where they are so far off that a run was stopped, queries that only join more to the same
    are not expected to do better.
    """

    def __init__(self, engine: Engine, store: Store, settings: SchedulerSettings) -> None:
        self._engine = engine
        self._store = store
        self._settings = settings
        self._pace = Pace(settings.rows_per_second)
        self._paces: OrderedDict[Shape, Pace] = OrderedDict()
        self._stopped: OrderedDict[Shape, None] = OrderedDict()
        self._estimates: OrderedDict[tuple[str, int], Estimate] = OrderedDict()
        self._bindings: OrderedDict[tuple[str, int], Binding] = OrderedDict()
        self._being_bound: dict[tuple[str, int], asyncio.Task[Binding]] = {}

    @property
    def told_of_changes(self) -> bool:
        """Whether the engine tells of every change of the base data."""
        return self._engine.info.tells_changes

    @property
    def temp_tables_wait(self) -> bool:
        """Whether what reads a temp table now has to wait until another is made."""
        return self._engine.temp_tables_wait

    async def epoch(self, *, surely: bool = False) -> int:
        """The epoch of the base data now; if the engine's data version has moved, everything older becomes stale.

        With ``surely``, also where the engine cannot tell whether it has.
        """
        epoch = self._store.observe(await self._engine.data_version())
        if surely and not self.told_of_changes:
            self._store.invalidate("stale: the base data may have changed")
            return self._store.epoch
        return epoch

    async def estimate(self, sql: str) -> Estimate:
        """The engine's estimate of a query. :class:`~speql_engines.EngineError` if it does not bind."""
        return await self._remembered(self._estimates, sql, self._engine.estimate)

    def pace(self, shape: Shape | None = None) -> Pace:
        """How fast rows are processed by queries of a shape on base tables, or of all that was run."""
        return self._paces.get(shape, self._pace) if shape is not None else self._pace

    async def seconds(self, sql: str, base_rows: int = 0, shape: Shape | None = None) -> float:
        """How long a query is expected to run, by the engine's estimate and the pace so far."""
        return self.pace(shape).seconds(await self.work(sql, base_rows))

    async def work(self, sql: str, base_rows: int = 0) -> int:
        """How many rows a query is expected to process."""
        return believed_work(await self.estimate(sql), base_rows, self._settings)

    def known_seconds(self, sql: str, base_rows: int = 0, shape: Shape | None = None) -> float | None:
        """The same, without asking the engine: None if nobody has asked it for the estimate yet."""
        estimate = self._estimates.get((sql, self._store.epoch))
        if estimate is None:
            return None
        return self.pace(shape).seconds(believed_work(estimate, base_rows, self._settings))

    def known_rows(self, sql: str) -> int | None:
        """How many rows a query is expected to give, without asking the engine: None if nobody has."""
        estimate = self._estimates.get((sql, self._store.epoch))
        return None if estimate is None else estimate.rows

    def ran(self, sql: str, base_rows: int, shape: Shape | None, seconds: float, *, stopped: bool = False) -> None:
        """A query has run to its first page in so many seconds, or was stopped after them."""
        if shape is not None and not stopped:
            for part in [part for part in self._stopped if shape.extends(part)]:
                del self._stopped[part]
        estimate = self._estimates.get((sql, self._store.epoch))
        if estimate is None:
            return
        work = believed_work(estimate, base_rows, self._settings)
        if shape is not None and stopped:
            settings = self._settings
            if seconds > max(settings.overrun * self.pace(shape).seconds(work), settings.hopeless_seconds):
                self._stopped.pop(shape, None)  # an equal one may have other constants
                self._stopped[shape] = None
                if len(self._stopped) > REMEMBERED:
                    self._stopped.popitem(last=False)
        self.worked(shape, work, seconds, stopped=stopped)

    def is_hopeless(self, shape: Shape) -> bool:
        """Whether a run of this shape, or of a part of it, was stopped after it had taken much longer than expected."""
        return any(shape.extends(part) for part in self._stopped)

    def worked(self, shape: Shape | None, work: int, seconds: float, *, stopped: bool = False) -> None:
        """So many rows have been processed in so many seconds, or a run of them was stopped then."""
        for pace in (self._pace, self._pace_of(shape)) if shape is not None else (self._pace,):
            (pace.observe_stopped if stopped else pace.observe)(work, seconds)

    def _pace_of(self, shape: Shape) -> Pace:
        if shape not in self._paces:
            self._paces[shape] = Pace(self._pace.rows_per_second, 0.7, of_a_shape=True)
            if len(self._paces) > REMEMBERED:
                self._paces.popitem(last=False)
        self._paces.move_to_end(shape)
        return self._paces[shape]

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's columns."""
        asked = self._being_bound.get((sql, self._store.epoch))
        if asked is not None:
            await asyncio.wait({asked})
            if not asked.cancelled():
                return asked.result()
        return await self._remembered(self._bindings, sql, self._engine.bind)

    @contextmanager
    def binding(self, sql: str) -> Iterator[None]:
        """Have a query bound that may have to be: whoever asks within gets that answer."""
        key = (sql, self._store.epoch)
        if key in self._bindings or key in self._being_bound:
            yield
            return
        asked = self._being_bound[key] = asyncio.ensure_future(self._remembered(self._bindings, sql, self._engine.bind))
        asked.add_done_callback(_noticed)
        try:
            yield
        finally:
            del self._being_bound[key]
            asked.cancel()

    async def _remembered(
        self, memory: OrderedDict[tuple[str, int], T], sql: str, question: Callable[[str], Awaitable[T]]
    ) -> T:
        key = (sql, self._store.epoch)
        if key not in memory:
            memory[key] = await question(sql)
            if len(memory) > REMEMBERED:
                memory.popitem(last=False)
        memory.move_to_end(key)
        return memory[key]


def _noticed(asked: "asyncio.Future[Binding]") -> None:
    """A failure that nobody has waited for is none: the run itself will say what is wrong."""
    if not asked.cancelled():
        asked.exception()
