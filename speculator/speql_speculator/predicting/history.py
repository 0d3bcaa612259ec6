"""What the user has run on a connection, found again by what it is like."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from speql_speculator.predicting.embedding import Embedding, Vectors
from speql_speculator.predicting.history_files import HistoryFiles, Run
from speql_speculator.predicting.normalise import normalise
from speql_speculator.predicting.secret_words import holds_a_secret
from speql_speculator.predicting.words import CLAUSES, Clause, Word, read
from speql_sql import Catalog

DEFAULT_LIMIT = 5_000
"""So many different statements are kept a connection; the ones not run for longest go first."""

_KEPT_TEXTS = 4
"""Of statements that differ in constants only, so many texts are known: which constants change is told by them."""

_SPARE_LINES = 1_000
"""The log is made short when it has so many lines more than twice those that stay: a statement may run in a loop."""

_SAVE_EVERY = 20
"""The vectors are saved after so many new statements: they can be made again, which takes a millisecond each."""


DEPTHS = 64
"""Parentheses deeper than this are taken for this deep."""


@dataclass(frozen=True)
class PastStatement:
    """Statements that were run and differ in literals only. ``texts`` are the last different ones, the newest first.

    ``runs`` is how often, ``last_run`` when last (seconds since 1970). The words are read when first asked for: of
    thousands of statements only the few that are like the text count.
    """

    texts: tuple[str, ...]
    key: str
    template: str
    is_query: bool
    runs: int
    last_run: float
    dialect: str = "duckdb"

    @property
    def text(self) -> str:
        """The text that was run last."""
        return self.texts[0]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words of the newest text."""
        return read(self.text, self.dialect).words

    @cached_property
    def states(self) -> npt.NDArray[np.int32]:
        """Clause and depth before each word and behind the last (`state_code`), shape (number of words + 1,)."""
        behind = (state_code(word.clause, word.depth + (word.shape == "(")) for word in self.words)
        return np.fromiter((0, *behind), np.int32, len(self.words) + 1)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A past statement and how alike it is: 1 says the same things, 0 none of them."""

    statement: PastStatement
    similarity: float


class History:
    """The statements of one connection. Used from one thread; several processes may share the files.

    Without ``files`` it lives in memory only. Rows are never kept, nor statements that may hold a secret
    (`secret_words.py`). ``problem`` says what is wrong with the files, or is empty.
    """

    def __init__(
        self,
        embedding: Embedding,
        files: HistoryFiles | None = None,
        limit: int = DEFAULT_LIMIT,
        dialect: str = "duckdb",
    ) -> None:
        self._embedding = embedding
        self._files = files
        self._limit = max(limit, 1)
        self._dialect = dialect
        self._statements: dict[str, PastStatement] = {}
        self._index: Any = None
        self._keys: list[str] = []
        self._unsaved = 0
        self._logged = 0
        self.problem = ""

    def embedded_with(self, embedding: Embedding) -> "History":
        """The same history, found by other vectors."""
        self.close()
        found = History(embedding, self._files, self._limit, self._dialect)
        found._statements, found._logged = self._statements, self._logged
        return found

    def __len__(self) -> int:
        return len(self._statements)

    def statements(self) -> list[PastStatement]:
        """All of them, the one run last first."""
        self.refresh()
        return sorted(self._statements.values(), key=lambda statement: -statement.last_run)

    def record(self, text: str, catalog: Catalog, at: float) -> bool:
        """Keep a statement that the user ran at ``at`` (seconds since 1970); False if it is one that is never kept.

        Raises :class:`HistoryError` where the disk refuses.
        """
        if holds_a_secret(text, catalog.dialect):
            return False
        found = normalise(text, catalog)
        if found is None:
            return False
        run = Run(found.text, found.key, found.template, found.is_query, at)
        if self._files is None:
            self._take([run])
        else:
            self._files.append(run)
            self.refresh()
        stays = sum(len(one.texts) for one in self._statements.values())
        if len(self._statements) > self._limit * 1.1 + 10 or self._logged > 2 * stays + _SPARE_LINES:
            self._tidy()
        return True

    def refresh(self) -> None:
        """Take in what this and other processes have logged since the last look."""
        if self._files is None:
            return
        anew, runs = self._files.new_runs()
        if anew:
            self._forget()
        if runs:
            self._take(runs)
            self._logged += len(runs)
        damaged = self._files.damaged
        self.problem = (
            f"{damaged} lines of the history in {self._files.directory} cannot be read and are left out."
            if damaged
            else ""
        )

    def neighbours(self, text: str, count: int = 12) -> tuple[Neighbour, ...]:
        """The past queries that are most like a text, which may be the beginning of one; the most alike first."""
        self.refresh()
        if not self._statements:
            return ()
        index = self._indexed()
        if not self._keys:
            return ()  # what was run so far are no queries
        scores, places = index.search(self._embedding.embed([text]), min(count, len(self._keys)))
        return tuple(
            Neighbour(self._statements[self._keys[place]], float(score))
            for score, place in zip(scores[0], places[0], strict=True)
            if place >= 0 and self._keys[place] in self._statements
        )

    def clear(self) -> None:
        """Forget everything, on disk too."""
        if self._files is not None:
            self._files.clear()
        self._forget()

    def close(self) -> None:
        """Save the vectors."""
        if self._unsaved:
            self._save()

    def _forget(self) -> None:
        self._statements, self._keys, self._index, self._unsaved, self._logged = {}, [], None, 0, 0

    def _take(self, runs: Sequence[Run]) -> None:
        for run in runs:
            before = self._statements.get(run.key)
            texts = (run.text, *(text for text in before.texts if text != run.text)) if before else (run.text,)
            self._statements[run.key] = PastStatement(
                texts[:_KEPT_TEXTS],
                run.key,
                run.template,
                run.is_query,
                run.runs + (before.runs if before else 0),
                max(run.at, before.last_run if before else 0.0),
                self._dialect,
            )

    def _indexed(self) -> Any:
        """The FAISS index of all queries, with the vectors that are missing added."""
        import faiss  # takes a tenth of a second: not before somebody asks

        if self._index is None:
            self._index, self._keys = faiss.IndexFlatIP(self._embedding.dimensions), []
            self._read_saved(faiss)
        known = set(self._keys)
        missing = [one for one in self._statements.values() if one.is_query and one.key not in known]
        if missing:
            self._index.add(self._embedding.embed([one.text for one in missing]))
            self._keys += (one.key for one in missing)
            self._unsaved += len(missing)
            if self._unsaved >= _SAVE_EVERY:
                self._save()
        return self._index

    def _read_saved(self, faiss: Any) -> None:
        """Take the saved vectors of statements that are still there."""
        saved = self._files.read_vectors(self._embedding.name) if self._files is not None else None
        if saved is None:
            return
        keys, body = saved
        index = faiss.deserialize_index(np.frombuffer(body, dtype=np.uint8))
        if index.ntotal != len(keys) or index.d != self._embedding.dimensions:
            return
        kept = [row for row, key in enumerate(keys) if key in self._statements]
        if kept:
            vectors: Vectors = index.reconstruct_n(0, len(keys))
            self._index.add(np.ascontiguousarray(vectors[kept]))
            self._keys = [keys[row] for row in kept]

    def _save(self) -> None:
        import faiss

        self._unsaved = 0
        if self._files is not None and self._index is not None:
            self._files.write_vectors(self._embedding.name, self._keys, faiss.serialize_index(self._index).tobytes())

    def _tidy(self) -> None:
        """Keep as many as the limit allows, and one line a text in the log."""
        kept = sorted(self._statements.values(), key=lambda one: one.last_run)[-self._limit :]
        if self._files is not None:
            self._files.rewrite(lambda runs: tidied(runs, self._limit))
            self.refresh()
        else:
            self._statements = {one.key: one for one in kept}
        self._index = None


def tidied(runs: Sequence[Run], limit: int) -> list[Run]:
    """The log without what is over the limit: one line a text, the ``limit`` keys that were run last, in order."""
    last: dict[str, float] = {}
    texts: dict[tuple[str, str], Run] = {}
    for run in runs:
        last[run.key] = max(run.at, last.get(run.key, 0.0))
        before = texts.pop((run.key, run.text), None)
        texts[run.key, run.text] = Run(
            run.text,
            run.key,
            run.template,
            run.is_query,
            max(run.at, before.at if before else 0.0),
            run.runs + (before.runs if before else 0),
        )
    kept = set(sorted(last, key=lambda key: last[key])[-limit:])
    newest: dict[str, int] = {}
    dropped: dict[str, int] = {}
    found: list[Run] = []
    for run in reversed(texts.values()):
        newest[run.key] = newest.get(run.key, 0) + 1
        if newest[run.key] > _KEPT_TEXTS:
            dropped[run.key] = dropped.get(run.key, 0) + run.runs
        elif run.key in kept:
            found.append(run)
    # What is counted is the statement: the oldest text that is left takes over the runs of those that are not.
    return [replace(run, runs=run.runs + dropped.pop(run.key, 0)) for run in reversed(found)]


def state_code(clause: Clause, depth: int) -> int:
    """A clause and a depth of parentheses as one number."""
    return CLAUSES.index(clause) * DEPTHS + min(depth, DEPTHS - 1)
