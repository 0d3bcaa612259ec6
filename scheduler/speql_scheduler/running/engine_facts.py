"""What the engine says of queries without running them, remembered while the data stays the same."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from speql_engines import Binding, Engine, Estimate
from speql_scheduler.running.store import Store

T = TypeVar("T")
REMEMBERED = 512


class EngineFacts:
    """Estimates, bindings and the epoch of the data, each asked of the engine as seldom as is sound."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._estimates: OrderedDict[tuple[str, int], Estimate] = OrderedDict()
        self._bindings: OrderedDict[tuple[str, int], Binding] = OrderedDict()

    async def epoch(self) -> int:
        """The epoch of the base data now; if the engine's data version has moved, everything older becomes stale."""
        return self._store.observe(await self._engine.data_version())

    async def estimate(self, sql: str) -> Estimate:
        """The engine's estimate of a query. :class:`~speql_engines.EngineError` if it does not bind."""
        return await self._remembered(self._estimates, sql, self._engine.estimate)

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's columns."""
        return await self._remembered(self._bindings, sql, self._engine.bind)

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
