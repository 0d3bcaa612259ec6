"""What a client asks of a whole result."""

import asyncio
from concurrent.futures import Executor
from functools import partial

import pyarrow as pa

from speql_engines import EngineError
from speql_scheduler.results.arrangement import Arrangement
from speql_scheduler.results.chart_choice import proposed
from speql_scheduler.results.held_results import HeldResults
from speql_server import protocol
from speql_server.results import exporting, to_wire

MOST_ROWS = 10_000
"""So many rows a page: a client that wants more asks again, or exports."""


class ResultRequests:
    """Answers for one document. Raises :class:`~speql_engines.EngineError` for what cannot be answered."""

    def __init__(self, held: HeldResults, replies: Executor) -> None:
        self._held = held
        self._replies = replies

    async def rows(self, asked: protocol.RowsParams) -> protocol.Rows:
        """A page."""
        if asked.offset < 0 or not 0 <= asked.count <= MOST_ROWS:
            raise EngineError("There is no such page.", f"A page starts at 0 or later and has up to {MOST_ROWS} rows.")
        async with self._held.reading(asked.result) as held:
            arrangement = to_wire.arrangement_of(asked.filters, asked.orders, held.columns)
            page = await self._held.page(held, arrangement, asked.offset, asked.count)
        make = partial(to_wire.rows, page, asked.offset, arrow=asked.format == "arrow")
        return await asyncio.get_running_loop().run_in_executor(self._replies, make)

    async def whole(self, name: str) -> pa.Table:
        """All rows of a result, for a program in this process."""
        async with self._held.reading(name) as held:
            page = await self._held.page(held, Arrangement(), 0, held.table.rows)
        return page.result.rows

    async def profile(self, asked: protocol.ProfileParams) -> protocol.Profile:
        """Statistics of columns."""
        async with self._held.reading(asked.result) as held:
            numbers = asked.columns or list(range(len(held.columns)))
            if any(not 0 <= number < len(held.columns) for number in numbers):
                raise EngineError("The result has no such column.", f"It has {len(held.columns)}, the first is 0.")
            filters = to_wire.arrangement_of(asked.filters, (), held.columns).filters
            found = await self._held.profile(held, numbers, filters)
        return await asyncio.get_running_loop().run_in_executor(self._replies, to_wire.profile, found, numbers)

    async def chart(self, asked: protocol.ChartParams) -> protocol.Chart:
        """A chart with its data: the one that was asked for, or one that fits."""
        async with self._held.reading(asked.result) as held:
            filters = to_wire.arrangement_of(asked.filters, (), held.columns).filters
            fitting = proposed(held.columns)
            choice = to_wire.choice_of(asked, held.columns) or next(iter(fitting), None)
            if choice is None:
                raise EngineError("No column of this result can be drawn.", "Numbers, times and texts can.")
            data = await self._held.chart(held, choice, filters)
            columns = held.columns
        return await asyncio.get_running_loop().run_in_executor(self._replies, to_wire.chart, data, columns, fitting)

    async def export(self, asked: protocol.ExportParams) -> protocol.Exported:
        """The whole result in a file."""
        async with self._held.reading(asked.result) as held:
            arrangement = to_wire.arrangement_of(asked.filters, asked.orders, held.columns)
            return await exporting.export(self._held, held, arrangement, asked)
