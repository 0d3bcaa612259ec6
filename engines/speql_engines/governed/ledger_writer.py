"""The ledger of a connection, written in a thread of its own: no statement waits for the disk that has no limit."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from speql_engines.governed.cost import Cost
from speql_engines.governed.ledger import Entry, Ledger, LedgerError

T = TypeVar("T")

logger = logging.getLogger(__name__)

BATCH_SECONDS = 0.5
"""So long entries wait for others, to be written with them."""

RETRY_SECONDS = 5.0
"""And so long where the last batch could not be written."""

MOST_WAITING = 20_000
"""While the ledger cannot be written the newest entries are kept, so many."""


class LedgerWriter:
    """Owned by the event loop. ``problem`` says why the last write failed; ``changed`` is called when it is another."""

    def __init__(
        self, ledger: Ledger, changed: Callable[[], None] = lambda: None, *, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._ledger = ledger
        self._retry_seconds = retry_seconds
        self.changed = changed
        self.problem = ""
        self._thread: ThreadPoolExecutor | None = None
        self._entries: dict[str, Entry] = {}
        self._used: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._closed = False

    def book(self, entry: Entry, *, at_once: bool = False) -> None:
        """Write a statement down, soon; ``at_once`` where other processes go by it. Nobody waits for it."""
        self._entries[entry.id] = entry
        if at_once and not self.problem and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._soon(0.0 if at_once and not self.problem else BATCH_SECONDS)

    def use(self, ids: Sequence[str]) -> None:
        """Mark statements as used, soon."""
        self._used.update(ids)
        self._soon(BATCH_SECONDS)

    async def reserve(self, entry: Entry, limits: Sequence[tuple[float, Cost]]) -> tuple[Cost, ...] | int:
        """See :meth:`Ledger.reserve`; what waits to be written is written with it.

        Cancelled, nothing stays reserved. Raises :class:`LedgerError`.
        """
        entries, used = self._taken()
        work = self._run(lambda: self._ledger.reserve(entry, limits, entries, used))

        def reserved(done: "asyncio.Future[tuple[Cost, ...] | int]") -> None:
            self._ended(None if done.cancelled() else done.exception(), entries, used)

        work.add_done_callback(reserved)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.book(replace(entry, state="cancelled", cost=Cost()))  # nobody will run it
            raise

    async def ask(self, question: Callable[[Ledger], T]) -> T:
        """Something of the ledger, as it is with all that was booked. Raises :class:`LedgerError`."""
        await self.flush()
        return await asyncio.shield(self._run(lambda: question(self._ledger)))

    async def flush(self) -> None:
        """Write what waits, now; if that fails it waits on, and `problem` says why."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._writing is not None:
            await asyncio.wait({self._writing})
        if self._entries or self._used:
            await asyncio.wait({self._write()})

    async def close(self) -> None:
        """Write what waits, end the thread and close the file. Safe to call twice."""
        self._closed = True
        await self.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.wrap_future(thread.submit(self._ledger.close))
            thread.shutdown(wait=True)

    def _soon(self, seconds: float) -> None:
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._write)

    def _write(self) -> "asyncio.Future[None]":
        self._timer = None
        entries, used = self._taken()
        self._writing = self._run(lambda: self._ledger.write(entries, used))

        def written(done: "asyncio.Future[None]") -> None:
            self._writing = None
            self._ended(None if done.cancelled() else done.exception(), entries, used)

        self._writing.add_done_callback(written)
        return self._writing

    def _run(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "speql-ledger")
        return asyncio.wrap_future(self._thread.submit(work))

    def _taken(self) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        entries, used = tuple(self._entries.values()), tuple(self._used)
        self._entries, self._used = {}, set()
        return entries, used

    def _put_back(self, entries: Sequence[Entry], used: Sequence[str]) -> None:
        self._entries = {one.id: one for one in entries} | self._entries
        self._used.update(used)
        while len(self._entries) > MOST_WAITING:
            del self._entries[next(iter(self._entries))]

    def _ended(self, error: BaseException | None, entries: Sequence[Entry], used: Sequence[str]) -> None:
        """A write has ended; what could not be written is tried again later."""
        if isinstance(error, LedgerError):
            self._put_back(entries, used)
        elif error is not None:
            logger.error("The ledger could not be written", exc_info=error)
        problem = str(error) if isinstance(error, LedgerError) else ""
        if self.problem != problem:
            self.problem = problem
            if problem:
                logger.warning("%s", problem)
            self.changed()
        if (problem or self._entries or self._used) and not self._closed:
            # With nothing to write it is tried all the same: whoever waits for the ledger is told when it is back.
            self._soon(self._retry_seconds if problem else BATCH_SECONDS)
