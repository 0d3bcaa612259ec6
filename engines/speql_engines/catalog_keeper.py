"""The catalog of an engine over time: what is known at once, and what is true soon."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from speql_engines.catalog_store import CatalogStore
from speql_engines.engine import EngineError
from speql_engines.known_catalog import KnownCatalog
from speql_sql import Catalog

logger = logging.getLogger(__name__)

SAVE_SECONDS = 60.0
"""While it changes, a catalog is saved so often at most, and once more at the end."""


NEVER = 1 << 62
"""More tables than any catalog has: whoever asks for it waits."""


class Read(Protocol):
    """Reads the catalog in a thread; tells from there what of a large one is known so far."""

    def __call__(self, known: KnownCatalog | None, progress: Callable[[Catalog], None]) -> Awaitable[KnownCatalog]:
        """The catalog as it is now; of what is ``known`` only that is read again which has changed."""
        ...


@dataclass(frozen=True)
class CatalogSource:
    """Where a catalog comes from: the engine, and a file."""

    read: Read
    state: Callable[[], Awaitable[str]]
    """Identifies the state of the database as it is now, in every process; empty if nothing does."""
    elsewhere: Callable[[Callable[[], object]], Awaitable[object]]
    """Runs what blocks in a thread."""
    store: CatalogStore | None = None


class CatalogKeeper:
    """Gives the catalog of one engine, and keeps it up to date. Owned by the event loop.

    What we want: nobody waits for a catalog of 100,000 tables, neither for its first reading nor after a write; and no
    query is ever answered by what such a catalog wrongly says.

    What cannot be had: both for a catalog of which we do not know whether it is still true. Reading a small one takes
    milliseconds, so whoever asks for it waits, and what he gets is true. With more than ``background_tables`` tables,
    what is there is given at once, and it says that it is ``partial`` or ``stale``: completion and repair propose from
    it, the engine binds what they propose, and no proof is made of it (`Catalog.certain`). Whoever got such a one asks
    again; the reading goes on in the background, by one task.

    What is read is compared with what was known, from the last session too, so after a small change a small part is
    read. A file that the database's state has not changed since is as good as a reading.
    """

    def __init__(
        self, source: CatalogSource, background_tables: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._background_tables = background_tables
        self._clock = clock
        self._known: KnownCatalog | None = None
        self._shown: Catalog | None = None
        self._large = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._waiting = 0
        self._looked_for_file = source.store is None
        self._saved_at = -SAVE_SECONDS
        self._unsaved = False
        self._saving: asyncio.Future[object] | None = None

    async def catalog(self, version: str) -> Catalog:
        """The catalog of this version of the data; of a large one what is known, if that is not known yet."""
        for _ in range(3):  # one that was being read when the data changed, and one that is read for this
            if self._known is not None and self._known.catalog.version == version:
                return self._known.catalog
            task = self._begin(version)
            await self._until_done_or_large(task)
            if self._large.is_set() and self._shown is not None and (not task.done() or _error(task) is not None):
                return self._shown  # if it cannot be read, the next statement that runs will say why
            if not task.cancelled():
                task.result()
            elif self._closed:
                break
        if self._known is None or self._closed:
            raise EngineError("The connection is closed.", "Open it again.")
        return self._known.catalog

    async def close(self) -> None:
        """Stop reading; keep what is known for the next session. The engine must still be there."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._unsaved and self._known is not None and self._source.store is not None:
            self._save(self._source.store, self._known)
        if self._saving is not None:
            await asyncio.gather(self._saving, return_exceptions=True)

    def _begin(self, version: str) -> asyncio.Task[None]:
        if self._task is None or self._task.done():
            if self._known is not None:
                # At once: nobody may take for certain what was so before.
                self._show(self._known.catalog.as_stale())
            self._task = asyncio.get_running_loop().create_task(self._refresh(version), name="reading the catalog")
            self._task.add_done_callback(_look_at_error)
        return self._task

    async def _until_done_or_large(self, task: asyncio.Task[None]) -> None:
        large = asyncio.ensure_future(self._large.wait())
        self._waiting += 1
        try:
            await asyncio.wait({task, large}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if self._waiting == 1 and not self._large.is_set():
                # Nobody else wants it: what is cancelled stops on the engine.
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            raise
        finally:
            self._waiting -= 1
            large.cancel()

    async def _refresh(self, version: str) -> None:
        if not self._looked_for_file:
            self._looked_for_file = True
            if await self._from_file(version):
                return
        loop = asyncio.get_running_loop()

        def progress(part: Catalog) -> None:
            loop.call_soon_threadsafe(self._progressed, part)

        known = await self._source.read(self._known, progress)
        if known is not self._known:
            self._known = known
            self._show(known.catalog)
            self._save_if_due(known)

    async def _from_file(self, version: str) -> bool:
        """Take what the last session has kept; whether the database is still in that state."""
        store = self._source.store
        assert store is not None, "it is looked for once, if there is one"
        found: list[KnownCatalog | None] = []
        await self._source.elsewhere(lambda: found.append(store.load()))
        saved = found[0]
        if saved is None:
            return False
        state = await self._source.state()
        if state and state == saved.state:
            catalog = saved.catalog
            self._known = replace(saved, catalog=catalog.renewed(catalog.tables, version, catalog.loaded_at))
            self._show(self._known.catalog)
            return True
        self._known = saved
        self._show(saved.catalog.as_stale())
        return False

    def _progressed(self, part: Catalog) -> None:
        """More of the catalog is there; what was known before is better while that is read again."""
        if self._known is None:
            self._show(part)

    def _show(self, catalog: Catalog) -> None:
        self._shown = catalog
        if len(catalog.tables) > self._background_tables:
            self._large.set()

    def _save_if_due(self, known: KnownCatalog) -> None:
        store = self._source.store
        self._unsaved = store is not None
        if store is not None and self._clock() - self._saved_at >= SAVE_SECONDS:
            self._save(store, known)

    def _save(self, store: CatalogStore, known: KnownCatalog) -> None:
        """In the background: nobody waits for the disk."""
        self._saved_at = self._clock()
        self._unsaved = False
        self._saving = asyncio.ensure_future(self._source.elsewhere(partial(store.save, known)))


def _error(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _look_at_error(task: asyncio.Task[None]) -> None:
    """An error is told to whoever waits; of a reading in the background that is nobody."""
    error = _error(task)
    if error is not None:
        logger.info("the catalog could not be read: %s", type(error).__name__)
