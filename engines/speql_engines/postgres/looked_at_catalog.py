"""The catalog of a PostgreSQL database over time."""

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Hashable

from speql_engines.catalog_keeper import CatalogKeeper, CatalogSource
from speql_engines.known_catalog import KnownCatalog
from speql_engines.postgres.catalog import catalog_fingerprint, read_catalog
from speql_engines.postgres.sessions import Session
from speql_engines.session_jobs import SessionJobs
from speql_engines.weak import weak_method
from speql_sql import Catalog
from speql_sql.packed_columns import TypeSpellings

_LOOK_SECONDS = 1.0

_BACKGROUND_TABLES = 2_000
"""A catalog of more is read again in the background; until then it is known to be stale."""


class LookedAtCatalog:
    """A catalog that is read again when its fingerprint is another one.

    Whether others have changed it is looked at where the ``version`` of the data is another one, and once a second at
    most: on a server where somebody writes all the time, it would be at each keystroke.
    """

    def __init__(self, jobs: SessionJobs[Session], version: Callable[[], Awaitable[str]]) -> None:
        self._jobs = jobs
        self._version = version
        self._keeper = CatalogKeeper(
            CatalogSource(weak_method(self._read), _no_state, asyncio.to_thread), _BACKGROUND_TABLES
        )
        self._fingerprint = ""
        self._looked_at = float("-inf")
        self._seen: Hashable = None
        self._seen_version = ""
        self._looking: asyncio.Lock = asyncio.Lock()

    async def catalog(self, mine: Hashable) -> Catalog:
        """The catalog; after a statement of the user's, which makes ``mine`` another value, it is looked at anew."""
        async with self._looking:
            version = await self._version()
            now = time.monotonic()
            soon = mine == self._seen and now < self._looked_at + _LOOK_SECONDS
            if not self._fingerprint or (version != self._seen_version and not soon):
                self._fingerprint = await self._jobs.ask("catalog", lambda at: catalog_fingerprint(at.connection))
                self._seen_version, self._seen, self._looked_at = version, mine, now
        return await self._keeper.catalog(self._fingerprint)

    async def close(self) -> None:
        """Stop reading."""
        await self._keeper.close()

    async def _read(self, known: KnownCatalog | None, progress: Callable[[Catalog], None]) -> KnownCatalog:
        fingerprint = self._fingerprint
        found = await self._jobs.ask("catalog", lambda at: read_catalog(at.connection, fingerprint))
        return KnownCatalog(found, array("Q"), "", "", TypeSpellings())


async def _no_state() -> str:
    """Nothing tells that a catalog that was kept in a file is still true."""
    return ""
