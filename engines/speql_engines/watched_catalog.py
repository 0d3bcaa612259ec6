"""The catalog of an engine that does not tell when somebody has changed it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol

from speql_engines.engine import EngineError
from speql_sql import Catalog

logger = logging.getLogger(__name__)


class ReadCatalog(Protocol):
    """Reads the catalog in a thread; of a large one it tells from there what is known so far."""

    def __call__(self, progress: Callable[[Catalog], None]) -> Awaitable[Catalog]:
        """The catalog as it is now."""
        ...


class WatchedCatalog:
    """Read again after a statement of the user's, and looked for in the background what others change.

    Of a large catalog that is read for the first time what is known so far is given at once (it is ``partial``);
    whoever got such a one asks again. One that is the same as before stays the same object, so that what was made of it
    holds. Owned by the event loop.
    """

    def __init__(
        self,
        read: ReadCatalog,
        seconds: Callable[[Catalog], float],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``seconds`` says how long a catalog is believed before it is looked for another one."""
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._known: Catalog | None = None
        self._part: Catalog | None = None
        self._seen: Hashable = None
        self._read_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._progressed = asyncio.Event()
        self._waiting = 0
        self._closed = False

    async def catalog(self, mine: Hashable) -> Catalog:
        """The catalog; ``mine`` is another value after each statement that may have changed it."""
        if self._known is not None and mine == self._seen:
            if self._clock() > self._read_at + self._seconds(self._known):
                self._begin(mine)
            return self._known
        while self._known is None or mine != self._seen:
            task = self._begin(mine)
            await self._until_done_or_told(task)
            if task.cancelled():
                continue  # by who did not wait any longer; of a closed one no other begins
            if task.done():
                task.result()
            elif self._part is not None:
                return self._part
        return self._known

    async def close(self) -> None:
        """Stop reading."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _begin(self, mine: Hashable) -> asyncio.Task[None]:
        if self._closed:
            raise EngineError("The connection is closed.", "Open it again.")
        if self._task is None or self._task.done():
            self._progressed.clear()
            self._part = None
            self._task = asyncio.get_running_loop().create_task(self._refresh(mine), name="reading the catalog")
            self._task.add_done_callback(_look_at_error)
        return self._task

    async def _refresh(self, mine: Hashable) -> None:
        loop = asyncio.get_running_loop()

        def progress(part: Catalog) -> None:
            loop.call_soon_threadsafe(self._tell, part)

        try:
            found = await self._read(progress)
        finally:
            self._read_at = self._clock()  # what is known stays, if it cannot be read; it is tried again in a while
        if self._known is None or found.version != self._known.version or mine != self._seen:
            self._known = found
        self._seen = mine

    def _tell(self, part: Catalog) -> None:
        if self._known is None:
            self._part = part
            self._progressed.set()

    async def _until_done_or_told(self, task: asyncio.Task[None]) -> None:
        told = asyncio.ensure_future(self._progressed.wait())
        self._waiting += 1
        try:
            await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if self._waiting == 1 and self._part is None:
                task.cancel()  # nobody else wants it: what is cancelled stops on the engine
                await asyncio.wait({task})
            raise
        finally:
            self._waiting -= 1
            told.cancel()


def _look_at_error(task: asyncio.Task[None]) -> None:
    """An error is told to whoever waits; of a reading in the background that is nobody."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        logger.info("the catalog could not be read: %s", type(error).__name__)
