"""What a connection's documents predict with: its history, in a thread of its own."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from speql_engines import Engine
from speql_speculator.completing.completion import Completion
from speql_speculator.completing.statement_around import statement_around
from speql_speculator.predicting.changing_constants import changing_constants
from speql_speculator.predicting.ghost_text import GhostText, ghost_texts
from speql_speculator.predicting.history import History
from speql_speculator.predicting.history_files import HistoryError, HistoryFiles
from speql_speculator.predicting.likely_columns import LikelyColumn, align_with_history, likely_columns
from speql_speculator.predicting.place import place_at
from speql_speculator.predicting.proposals import proposals
from speql_speculator.predicting.tree_hash import TreeHash
from speql_sql import Catalog, SpeqlError

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a statement is likely to need next: columns with their scores, the likeliest first, and the columns whose
    constants were changed in earlier runs of it, with the share of runs.
    """

    columns: tuple[LikelyColumn, ...] = ()
    changing: tuple[tuple[str, float], ...] = ()


NOTHING_PREDICTED = Predicted()


def ranking_score(completion: Completion, scores: dict[str, float]) -> float:
    """How far in front a completion comes: a column by its score, everything else not at all."""
    return scores.get(completion.label.lower(), 0.0) if completion.kind in ("column", "alias") else 0.0


class Predictor:
    """Predicts for all documents of a connection. Called on the event loop; works in one thread, so the history needs
    no lock. ``directory`` is where the history lies; None keeps none, and then rules and schema alone predict.
    """

    def __init__(
        self,
        engine: Engine,
        directory: Path | None = None,
        limit: int = 5_000,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._keeps = directory is not None
        self._now = now
        dialect = engine.info.dialect
        files = HistoryFiles(directory) if directory is not None else None
        self._history = History(TreeHash(dialect=dialect), files, limit, dialect)
        self._thread = ThreadPoolExecutor(1, "speql-prediction")
        self._records: set[asyncio.Future[None]] = set()
        self.problem = ""

    def record(self, text: str, catalog: Catalog) -> None:
        """Keep a statement that the user has run; in the background, and never an error of the submit."""
        if self._keeps:
            task = asyncio.ensure_future(self._run(lambda: self._record(text, catalog)))
            self._records.add(task)
            task.add_done_callback(self._records.discard)

    async def ghost_text(self, text: str, offset: int, catalog: Catalog) -> GhostText | None:
        """The text to show at a place of a document: the likeliest that the engine binds, or None."""
        for ghost in await self._run(lambda: self._ghost_texts(text, offset, catalog)):
            if await self._binds(ghost.sql):
                return ghost
        return None

    async def predicted(self, text: str, cursor: int | None, catalog: Catalog) -> Predicted:
        """What a statement will need next, by earlier ones; nothing while there are none."""
        return await self._run(lambda: self._predicted(text, cursor, catalog)) if self._keeps else NOTHING_PREDICTED

    async def column_scores(self, text: str, offset: int, catalog: Catalog) -> dict[str, float]:
        """Folded names of the columns that earlier statements make likely at a place of a document, with their scores.

        Nothing while there are none: then the schema's own order is what people know.
        """
        if not self._keeps:
            return {}
        return await self._run(lambda: self._column_scores(text, offset, catalog))

    async def close(self) -> None:
        """Save the history and end the thread."""
        await asyncio.gather(*self._records, return_exceptions=True)
        await self._run(self._save)
        self._thread.shutdown(wait=True)

    def _run(self, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _binds(self, sql: str) -> bool:
        try:
            return (await self._engine.bind(sql)).ok
        except SpeqlError:
            return False  # an engine that does not answer has not said yes

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _record(self, text: str, catalog: Catalog) -> None:
        try:
            self._history.record(text, catalog, self._now())
            self.problem = self._history.problem
        except HistoryError as error:
            self.problem = str(error)
            logger.warning("%s", error)

    def _ghost_texts(self, text: str, offset: int, catalog: Catalog) -> tuple[GhostText, ...]:
        start, statement = statement_around(text, offset, catalog.dialect)
        cursor = offset - start
        padded = statement + text[start + len(statement) : offset]  # the blanks behind the last word count
        candidates = proposals(padded, cursor, catalog, self._history).candidates
        return tuple(ghost_texts(padded, cursor, candidates, catalog))

    def _predicted(self, text: str, cursor: int | None, catalog: Catalog) -> Predicted:
        self._history.refresh()
        if not len(self._history):
            return NOTHING_PREDICTED
        columns = self._columns(text, len(text) if cursor is None else cursor, catalog)
        return Predicted(columns, tuple(changing_constants(text, self._history, catalog.dialect).items()))

    def _column_scores(self, text: str, offset: int, catalog: Catalog) -> dict[str, float]:
        self._history.refresh()
        if not len(self._history):
            return {}
        start, statement = statement_around(text, offset, catalog.dialect)
        padded = statement + text[start + len(statement) : offset]
        return {column.name.lower(): column.score for column in self._columns(padded, offset - start, catalog)}

    def _columns(self, text: str, cursor: int, catalog: Catalog) -> tuple[LikelyColumn, ...]:
        place = place_at(text, cursor, catalog)
        return likely_columns(place, align_with_history(place, self._history)) if place is not None else ()

    def _save(self) -> None:
        try:
            self._history.close()
        except HistoryError as error:
            logger.warning("%s", error)
