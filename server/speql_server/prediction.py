"""What a connection's documents predict with: its history, in a thread of its own."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from speql_engines import Engine
from speql_engines.unasked_binding import bind_unasked
from speql_speculator.completing.completion import NO_SCORES, NameScores
from speql_speculator.completing.statement_around import statement_around
from speql_speculator.predicting.candidate import Candidate
from speql_speculator.predicting.changing_constants import changing_constants
from speql_speculator.predicting.embedding import Embedding
from speql_speculator.predicting.ghost_text import GhostText, ghost_texts
from speql_speculator.predicting.history import History
from speql_speculator.predicting.history_files import HistoryError, HistoryFiles
from speql_speculator.predicting.learnt_embedding import EmbeddingError
from speql_speculator.predicting.likely_columns import LikelyColumn, align_with_history, likely_columns
from speql_speculator.predicting.likely_tables import likely_tables
from speql_speculator.predicting.place import place_at
from speql_speculator.predicting.proposals import Proposals, proposals
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

PATIENCE_SECONDS = 0.05
"""So long an analysis waits for what history says; usually it takes a tenth of that."""

COMPLETION_SECONDS = 0.025
"""So long a completion waits for it."""

SUGGESTED = 0.8
"""The chance that a column is used that a language model has suggested, before all else is weighed."""

LONGEST_STATEMENT = 50_000
"""For a statement of more characters than this nothing is predicted: nobody types it."""


class Predictor:
    """Predicts for all documents of a connection. Called on the event loop; works in one thread, so the history needs
    no lock; only the proofs of ghost text have another. ``directory`` is where the history lies; None keeps none, and
    then rules and schema alone predict.
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
        self._proofs = ThreadPoolExecutor(1, "speql-ghost-text")
        self._records: set[asyncio.Future[None]] = set()
        self.problem = ""
        if self._keeps:
            # Reading the log and loading FAISS takes a moment: done before the first prediction is asked for.
            self._thread.submit(lambda: self._guarded(lambda: len(self._history.neighbours("SELECT")), 0))

    def embed_with(self, embedding: Embedding) -> None:
        """From now on look for past statements with another embedding."""

        def change() -> None:
            self._history = self._history.embedded_with(embedding)

        self._thread.submit(change)

    def record(self, text: str, catalog: Catalog) -> None:
        """Keep a statement that the user has run; in the background, and never an error of the submit."""
        if self._keeps:
            task = asyncio.ensure_future(self._run(lambda: self._record(text, catalog)))
            self._records.add(task)
            task.add_done_callback(self._records.discard)

    async def ghost_text(
        self, text: str, offset: int, catalog: Catalog, wanted: Callable[[], bool] = lambda: True
    ) -> GhostText | None:
        """The text to show at a place of a document: the likeliest that the engine binds, or None.

        ``wanted`` is asked before each step, and where it says no, the rest is not done.
        """
        typed, cursor, candidates = await self._run(lambda: self._proposed(text, offset, catalog))
        ghosts = ghost_texts(typed, cursor, candidates, catalog)
        loop = asyncio.get_running_loop()
        while wanted():
            # Not in the history's thread: previews wait for what that says, and a proof takes several repairs.
            ghost = await loop.run_in_executor(self._proofs, next, ghosts, None)
            if ghost is None or await self._binds(ghost.sql):
                return ghost
        return None

    async def predicted(
        self, text: str, cursor: int | None, catalog: Catalog, suggested: Sequence[str] = ()
    ) -> Predicted:
        """What a statement will need next, by earlier ones and by the columns that a language model has ``suggested``;
        nothing while there are neither.
        """
        if not self._keeps and not suggested:
            return NOTHING_PREDICTED
        return await self._soon(lambda: self._predicted(text, cursor, catalog, suggested), NOTHING_PREDICTED)

    async def name_scores(self, text: str, offset: int, catalog: Catalog) -> NameScores:
        """How likely earlier statements make columns and tables at a place of a document.

        Nothing while there are none: then the schema's own order is what people know.
        """
        if not self._keeps:
            return NO_SCORES
        return await self._soon(lambda: self._name_scores(text, offset, catalog), NO_SCORES, COMPLETION_SECONDS)

    async def similar(self, text: str) -> tuple[str, ...]:
        """The texts of the past statements that are most like a text, the most alike first; at most three.

        This waits until it is known: it is no keystroke that asks.
        """
        if not self._keeps:
            return ()
        await asyncio.gather(*self._records, return_exceptions=True)
        nothing: tuple[str, ...] = ()
        return await self._run(
            lambda: self._guarded(
                lambda: tuple(one.statement.text for one in self._history.neighbours(text, 3)), nothing
            )
        )

    async def close(self) -> None:
        """Save the history and end the thread."""
        await asyncio.gather(*self._records, return_exceptions=True)
        await self._run(lambda: self._guarded(self._history.close, None))
        self._thread.shutdown(wait=True)
        self._proofs.shutdown(wait=True, cancel_futures=True)

    def _run(self, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _soon(self, work: Callable[[], T], otherwise: T, patience: float = PATIENCE_SECONDS) -> T:
        """What ``work`` gives if that is there soon: nobody waits for a history that is being loaded or written."""
        if self._records:
            return otherwise
        task = asyncio.ensure_future(self._run(lambda: self._guarded(work, otherwise)))
        done, _ = await asyncio.wait({task}, timeout=patience)
        return task.result() if done else otherwise

    async def _binds(self, sql: str) -> bool:
        try:
            return (await bind_unasked(self._engine, sql)).ok
        except SpeqlError:
            return False  # an engine that does not answer has not said yes

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], T], otherwise: T) -> T:
        """What ``work`` gives; ``otherwise``, and `problem` says why, where files or vectors cannot be had."""
        try:
            found = work()
        except (HistoryError, EmbeddingError) as error:
            if self.problem != str(error):
                logger.warning("%s", error)
            self.problem = str(error)
            return otherwise
        self.problem = self._history.problem
        return found

    def _record(self, text: str, catalog: Catalog) -> None:
        self._guarded(lambda: self._history.record(text, catalog, self._now()), False)
        # The vector is made now, when nobody waits for it.
        self._guarded(lambda: len(self._history.neighbours(text)), 0)

    def _proposed(self, text: str, offset: int, catalog: Catalog) -> tuple[str, int, tuple[Candidate, ...]]:
        """The statement at a place, the place in it, and what may come there."""
        typed, cursor = _statement(text, offset, catalog.dialect)
        if len(typed) > LONGEST_STATEMENT:
            return typed, cursor, ()
        found = self._guarded(lambda: proposals(typed, cursor, catalog, self._history), Proposals())
        return typed, cursor, found.candidates

    def _predicted(self, text: str, cursor: int | None, catalog: Catalog, suggested: Sequence[str]) -> Predicted:
        self._history.refresh()
        if not len(self._history) and not suggested:
            return NOTHING_PREDICTED
        columns = self._columns(text, len(text) if cursor is None else cursor, catalog, suggested)
        return Predicted(columns, tuple(changing_constants(text, self._history, catalog.dialect).items()))

    def _name_scores(self, text: str, offset: int, catalog: Catalog) -> NameScores:
        self._history.refresh()
        if not len(self._history):
            return NO_SCORES
        typed, cursor = _statement(text, offset, catalog.dialect)
        place = place_at(typed, cursor, catalog) if len(typed) <= LONGEST_STATEMENT else None
        if place is None:
            return NO_SCORES
        if place.scope.clause == "source":
            return NameScores(tables=likely_tables(place.before, self._history))
        columns = likely_columns(place, align_with_history(place, self._history))
        return NameScores({column.name.lower(): column.score for column in columns})

    def _columns(
        self, text: str, cursor: int, catalog: Catalog, suggested: Sequence[str] = ()
    ) -> tuple[LikelyColumn, ...]:
        place = place_at(text, cursor, catalog) if len(text) <= LONGEST_STATEMENT else None
        if place is None:
            return ()
        return likely_columns(place, align_with_history(place, self._history), dict.fromkeys(suggested, SUGGESTED))


def _statement(text: str, offset: int, dialect: str) -> tuple[str, int]:
    """The statement that is written at a place of a document, with the blanks up to it, and the place in it."""
    start, statement = statement_around(text, offset, dialect)
    return statement + text[start + len(statement) : offset], offset - start
