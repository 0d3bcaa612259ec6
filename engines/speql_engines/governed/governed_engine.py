"""An engine behind a governor: nothing above it needs to know."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from speql_engines.asked import is_asked_for
from speql_engines.bill import billed_to
from speql_engines.engine import Binding, Engine, EngineInfo, Estimate, Result, TempTable
from speql_engines.governed.governor import Booking, Governor
from speql_engines.governed.ledger import Kind, State
from speql_engines.governed.unsampled import unsampled_sql
from speql_engines.statement_log import RunningStatement
from speql_sql import Catalog, FunctionSignature

T = TypeVar("T")

REMEMBERED = 256

REMEMBERED_SECONDS = 300.0
"""So long an estimate stands for what a statement costs; the data may grow."""


class GovernedEngine:
    """``engine`` as it is, but that each statement is booked, and one that nobody has asked for may be refused.

    Refused is what raises :class:`~speql_engines.engine.SpeculationHeldError`, before anything reaches the engine. A
    `submit`, and whatever is run within :func:`~speql_engines.asked.asked_for`, is the user's own and always runs. What
    only asks (catalog, bind, estimate) costs nothing and is handed on.
    """

    def __init__(self, engine: Engine, governor: Governor) -> None:
        self.engine = engine
        self.governor = governor
        self._estimates: OrderedDict[str, tuple[float, Estimate]] = OrderedDict()

    @property
    def info(self) -> EngineInfo:
        """What to show of this connection."""
        return self.engine.info

    @property
    def temp_tables_wait(self) -> bool:
        """Whether what reads a temp table now would wait for another statement."""
        return self.engine.temp_tables_wait

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended, where the engine tells."""
        found: tuple[RunningStatement, ...] = getattr(self.engine, "running", ())
        return found

    async def catalog(self) -> Catalog:
        """The engine's catalog."""
        return await self.engine.catalog()

    async def functions(self) -> tuple[FunctionSignature, ...]:
        """How the functions are called."""
        return await self.engine.functions()

    async def bind(self, sql: str) -> Binding:
        """Names and types of a query's result without running it."""
        return await self.engine.bind(sql)

    async def data_version(self) -> str:
        """A value that changes when the base data may have changed."""
        return await self.engine.data_version()

    async def estimate(self, sql: str) -> Estimate:
        """The engine's estimate of a query, remembered for when it is to be run."""
        found = await self.engine.estimate(sql)
        self._estimates[sql] = (time.monotonic(), found)
        self._estimates.move_to_end(sql)
        if len(self._estimates) > REMEMBERED:
            self._estimates.popitem(last=False)
        return found

    def known_estimate(self, sql: str) -> Estimate | None:
        """The estimate of a query, if somebody has asked for it not long ago."""
        known = self._estimates.get(sql)
        return known[1] if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS else None

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one query that only reads."""
        result, booking = await self._run("query", sql, lambda: self.engine.execute(sql, max_rows))
        return replace(result, statement=booking.entry.id)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        """Run a query on a fraction of a table. It is taken to cost what the whole does: not all engines read less."""

        async def estimate() -> Estimate:
            whole = await asyncio.to_thread(unsampled_sql, sql, table, await self.engine.catalog())
            return await self._estimate_of(whole)

        work = partial(self.engine.sample, sql, table, fraction, max_rows)
        result, booking = await self._run("sample", sql, work, estimate)
        return replace(result, statement=booking.entry.id)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        """Run one statement of the user's as written, whatever has been spent."""
        booking = self.governor.asked("submit", sql)
        result = await self._booked(booking, lambda: self.engine.submit(sql, max_rows))
        return replace(result, statement=booking.entry.id)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        """Materialise a query in the engine's scratch space."""
        table, booking = await self._run("create", sql, lambda: self.engine.create_temp_table(name, sql, most_rows))
        self.governor.made(booking, name)
        return table

    async def drop_temp_table(self, name: str) -> None:
        """Drop a temp table. That is never refused."""
        self.governor.dropped(name)
        await self.engine.drop_temp_table(name)

    async def close(self) -> None:
        """Close the engine, and write the ledger to its end."""
        try:
            await self.engine.close()
        finally:
            await self.governor.close()

    async def _run(
        self,
        kind: Kind,
        sql: str,
        work: Callable[[], Awaitable[T]],
        estimate: Callable[[], Awaitable[Estimate]] | None = None,
    ) -> tuple[T, Booking]:
        if is_asked_for():
            booking = self.governor.asked(kind, sql)
        else:
            booking = await self.governor.admit(kind, sql, estimate or partial(self._estimate_of, sql))
        return await self._booked(booking, work), booking

    async def _booked(self, booking: Booking, work: Callable[[], Awaitable[T]]) -> T:
        """Run a statement that is booked, for as long as it may take."""
        began = time.perf_counter()
        outcome: State = "cancelled"
        limit = asyncio.timeout(booking.seconds)
        try:
            with billed_to(booking.bill):
                async with limit:
                    result = await work()
            outcome = "done"
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self.governor.overran(booking) from error
        except Exception:
            outcome = "failed"
            raise
        finally:
            self.governor.settle(booking, outcome, time.perf_counter() - began)
        return result

    async def _estimate_of(self, sql: str) -> Estimate:
        known = self.known_estimate(sql)
        return known if known is not None else await self.estimate(sql)
