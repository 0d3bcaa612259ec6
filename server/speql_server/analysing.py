"""From a snapshot to its analysis, which a thread makes and the engine has a say in."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from speql_engines.unasked_binding import bind_unasked
from speql_server.analysis import Analysis, Analyst, typed_cursor
from speql_server.connecting.connection import Connection
from speql_server.language_model.mender import Mender
from speql_server.lsp.projected_lines import lines_of
from speql_server.prediction import NOTHING_PREDICTED
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement
from speql_sql import Catalog, Problem, SpeqlError


class Analysing:
    """Makes the analyses of a document, in two halves: a submit needs the first only.

    ``catalog`` are the names that the document sees.
    """

    def __init__(
        self,
        connection: Connection,
        analyst: Analyst,
        thread: Executor,
        catalog: Callable[[], Awaitable[Catalog]],
        mender: Mender | None,
    ) -> None:
        self._connection = connection
        self._analyst = analyst
        self._thread = thread
        self._catalog = catalog
        self._mender = mender
        self.count = 0
        """How many snapshots were analysed."""

    async def repaired(self, snapshot: Snapshot) -> Analysis:
        """The first half: the statement at the cursor and its repair. SpeqlError if the database is gone."""
        catalog = await self._catalog()
        self.count += 1
        run = partial(asyncio.get_running_loop().run_in_executor, self._thread)
        repaired = await run(self._analyst.repaired, snapshot, catalog)
        return await run(self._analyst.as_typed, repaired) if await self._accepted(repaired) else repaired

    async def repaired_or_why_not(self, snapshot: Snapshot) -> Analysis:
        """The same; without a database, which may be taken away at any time, an analysis that says so."""
        try:
            return await self.repaired(snapshot)
        except SpeqlError as error:
            problem = Problem("connection", error.message, None, "error", error.hint)
            return Analysis(snapshot, Catalog(), lines_of(snapshot), problems=(problem,))

    async def mended(self, analysis: Analysis) -> Analysis:
        """The first half, with what the language model has made of this text before."""
        return await self._mender.patched(analysis) if self._mender is not None else analysis

    async def planned(self, analysis: Analysis) -> Analysis:
        """The second half: the units of the query, and what may be wanted of it next, by what was run before."""
        repaired, predicted = analysis.repair, NOTHING_PREDICTED
        if repaired is not None and repaired.query is not None:
            cursor, catalog = typed_cursor(analysis), analysis.catalog
            suggested = self._mender.suggested(repaired.typed, cursor, catalog) if self._mender is not None else ()
            predicted = await self._connection.predictor.predicted(repaired.typed, cursor, catalog, suggested)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._analyst.planned, analysis, predicted)

    async def repaired_statement(self, analysis: Analysis, statement: Statement) -> Analysis:
        """The first half for another statement of the same text."""
        repair = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._analyst.repair, statement.text, analysis.catalog, None
        )
        found = replace(analysis, statement=statement, repair=repair, unit=None, units=(), superset=None)
        return replace(found, repair=None) if await self._accepted(found) else found

    async def _accepted(self, analysis: Analysis) -> bool:
        """Whether the engine takes as it is typed a statement that the rules would repair, or make nothing of."""
        repaired, statement = analysis.repair, analysis.statement
        if repaired is None or statement is None or not (repaired.edits or repaired.query is None):
            return False
        try:
            return (await bind_unasked(self._connection.engine, statement.text)).ok
        except SpeqlError:
            return False  # whoever runs the statement will say what is wrong
