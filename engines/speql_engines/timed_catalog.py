"""The catalog of an engine that does not tell when it changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable

from speql_sql import Catalog

CATALOG_SECONDS = 60.0
"""Tables that others make or change are looked for so often."""


class TimedCatalog:
    """A catalog that is read again after a statement of the user's that may have changed it, and once a minute."""

    def __init__(self, read: Callable[[], Awaitable[Catalog]]) -> None:
        self._read = read
        self._known: Catalog | None = None
        self._seen: Hashable = None
        self._read_at = 0.0
        self._reading: asyncio.Lock = asyncio.Lock()

    async def catalog(self, mine: Hashable) -> Catalog:
        """The catalog, the same object while it has not changed; ``mine`` changes when the user may have done that."""
        async with self._reading:
            now = time.monotonic()
            known = self._known
            if known is not None and mine == self._seen and now < self._read_at + CATALOG_SECONDS:
                return known
            found = await self._read()
            if known is None or found.version != known.version or mine != self._seen:
                known = found
            self._known, self._seen, self._read_at = known, mine, now
            return known

    async def close(self) -> None:
        """Nothing: it is read while somebody waits for it, and at no other time."""
