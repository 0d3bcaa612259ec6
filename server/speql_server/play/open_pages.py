"""The pages that are open, and the files of each: gone when it is closed."""

import asyncio
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from speql_server.app import SpeqlServer

GRACE_SECONDS = 5.0
"""So long a page's files stay after its last connection: a page that is loaded again finds its tables."""

_KEY = re.compile(r"[A-Za-z0-9-]{16,64}")


@dataclass(eq=False)
class OpenPage:
    """A page by the key that it has chosen, its private folder, and the servers that speak to it."""

    key: str
    folder: Path
    servers: set[SpeqlServer] = field(default_factory=set)
    users: int = 0
    leaving: "asyncio.Task[None] | None" = None

    @property
    def dropped(self) -> Path:
        """Where the data files are that the user has dropped on it."""
        return self.folder / "dropped"

    @property
    def exports(self) -> Path:
        """Where results are written that the page then saves."""
        return self.folder / "exports"

    @property
    def coming(self) -> Path:
        """Where files are that are still being sent."""
        return self.folder / "coming"


class OpenPages:
    """Owned by the event loop. ``root`` is a directory that belongs to this process and this user alone."""

    def __init__(self, root: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._root = root
        self._sleep = sleep
        self._pages: dict[str, OpenPage] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def find(self, key: str) -> OpenPage | None:
        """The page of that key, if it is open."""
        return self._pages.get(key)

    @asynccontextmanager
    async def entered(self, key: str) -> AsyncIterator[OpenPage]:
        """The page of that key, which stays as long as somebody is in it, and a little longer.

        Raises ValueError for what is no key.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("no key of a page")
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = OpenPage(key, self._root / uuid.uuid4().hex)
            for folder in (page.folder, page.dropped, page.exports, page.coming):
                folder.mkdir(mode=0o700, parents=True)
        page.users += 1
        if page.leaving is not None:
            page.leaving.cancel()
            page.leaving = None
        try:
            yield page
        finally:
            page.users -= 1
            if page.users == 0 and page.key in self._pages:
                page.leaving = asyncio.get_running_loop().create_task(self._leave(page), name="closing a page")
                self._leaving.add(page.leaving)
                page.leaving.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Remove the files of all pages."""
        pages, self._pages = list(self._pages.values()), {}
        for page in pages:
            if page.leaving is not None:
                page.leaving.cancel()
        # Those too that are no longer among the pages: their files are being removed.
        await asyncio.gather(*self._leaving, return_exceptions=True)
        for page in pages:
            await asyncio.to_thread(shutil.rmtree, page.folder, ignore_errors=True)

    async def _leave(self, page: OpenPage) -> None:
        await self._sleep(GRACE_SECONDS)
        if page.users == 0 and self._pages.get(page.key) is page:
            del self._pages[page.key]
            await asyncio.to_thread(shutil.rmtree, page.folder, ignore_errors=True)
