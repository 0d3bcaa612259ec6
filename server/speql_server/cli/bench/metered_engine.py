"""An engine that counts what is asked of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from speql_engines import Binding, Engine, EngineInfo, Estimate, Result, TempTable
from speql_engines.engine import EngineError
from speql_server.cli.bench.virtual_time import VirtualTimeLoop
from speql_sql import Catalog, FunctionSignature

CallKind = Literal["execute", "submit", "create", "drop", "sample", "estimate", "bind", "catalog"]
Outcome = Literal["done", "failed", "cancelled"]


@dataclass(slots=True)
class Call:
    """One call: when it began and ended on the virtual clock, in seconds. ``outcome`` is set when it ends."""

    kind: CallKind
    began: float
    ended: float = 0.0
    outcome: Outcome = "cancelled"


@dataclass
class Meter:
    """The calls so far, and the bytes of temp tables: now, and at most."""

    calls: list[Call] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    peak_bytes: int = 0

    def clear(self) -> None:
        """Count from here."""
        self.calls.clear()
        self.peak_bytes = sum(self.held.values())

    def work_over_time(self, began: float, ended: float, *kinds: CallKind) -> list[float]:
        """The milliseconds of calls of these kinds up to each twentieth of a time."""
        ends = [began + (ended - began) * part / 20 for part in range(1, 21)]
        return [round(self.busy_seconds(*kinds, until=end) * 1e3, 1) for end in ends]

    def busy_seconds(self, *kinds: CallKind, until: float = float("inf")) -> float:
        """How long at least one call of these kinds (of any kind, if none is named) was under way."""
        spans = sorted(
            (call.began, min(call.ended, until))
            for call in self.calls
            if (not kinds or call.kind in kinds) and call.began < until
        )
        busy, end = 0.0, float("-inf")
        for began, ended in spans:
            busy += max(0.0, ended - max(began, end))
            end = max(end, ended)
        return busy

    def count(self, kind: CallKind, outcome: Outcome | None = None) -> int:
        """How many calls of a kind there were, of one outcome if it is named."""
        return sum(call.kind == kind and outcome in (None, call.outcome) for call in self.calls)


class MeteredEngine:
    """An engine as the scheduler sees it, in virtual time; ``meter`` knows what was asked of ``engine``.

    Seconds that the engine reports are those of the virtual clock.
    """

    def __init__(self, engine: Engine, loop: VirtualTimeLoop, slowdown: float) -> None:
        self.engine = engine
        self.meter = Meter()
        self._loop = loop
        self._slowdown = slowdown

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        return self.engine.info

    @property
    def temp_tables_wait(self) -> bool:
        """Whether what reads a temp table now would wait for another statement."""
        return self.engine.temp_tables_wait

    async def catalog(self) -> Catalog:
        """See :class:`~speql_engines.Engine`."""
        with self._call("catalog"):
            return await self.engine.catalog()

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """See :class:`~speql_engines.Engine`. Not counted: nothing that is measured asks for it."""
        with self._loop.statement():
            return await self.engine.functions()

    async def bind(self, sql: str) -> Binding:
        """See :class:`~speql_engines.Engine`."""
        with self._call("bind"):
            return await self.engine.bind(sql)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """See :class:`~speql_engines.Engine`."""
        with self._call("execute"):
            return self._slowed(await self.engine.execute(sql, max_rows))

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """See :class:`~speql_engines.Engine`."""
        with self._call("submit"):
            return self._slowed(await self.engine.submit(sql, max_rows))

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """See :class:`~speql_engines.Engine`."""
        with self._call("create"):
            table = await self.engine.create_temp_table(name, sql, most_rows)
        self.meter.held[name] = table.bytes
        self.meter.peak_bytes = max(self.meter.peak_bytes, sum(self.meter.held.values()))
        return replace(table, seconds=table.seconds * self._slowdown)

    async def drop_temp_table(self, name: str) -> None:
        """See :class:`~speql_engines.Engine`."""
        with self._call("drop"):
            await self.engine.drop_temp_table(name)
        self.meter.held.pop(name, None)

    async def estimate(self, sql: str) -> Estimate:
        """See :class:`~speql_engines.Engine`."""
        with self._call("estimate"):
            return await self.engine.estimate(sql)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """See :class:`~speql_engines.Engine`."""
        with self._call("sample"):
            return self._slowed(await self.engine.sample(sql, table, fraction, max_rows))

    async def data_version(self) -> str:
        """See :class:`~speql_engines.Engine`. Not counted: it looks at a file and a counter."""
        with self._loop.statement():
            return await self.engine.data_version()

    async def close(self) -> None:
        """See :class:`~speql_engines.Engine`."""
        with self._loop.statement():
            await self.engine.close()

    @contextmanager
    def _call(self, kind: CallKind) -> Iterator[None]:
        call = Call(kind, self._loop.time())
        self.meter.calls.append(call)
        with self._loop.statement():
            try:
                yield
                call.outcome = "done"
            except EngineError:
                call.outcome = "failed"
                raise
            finally:
                call.ended = self._loop.time()

    def _slowed(self, result: Result) -> Result:
        return replace(result, seconds=result.seconds * self._slowdown)
