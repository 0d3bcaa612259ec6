"""What the server does that nobody waits for."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Background:
    """Keeps tasks, since the loop does not, and logs their errors. Owned by the event loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something; it is stopped at the end."""
        self._keep(work, name, self._tasks)

    def finish(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Bring something to its end; that is waited for at the end."""
        self._keep(work, name, self._endings)

    async def finished(self) -> None:
        """Wait until all that was to be brought to its end is there."""
        await asyncio.gather(*self._endings, return_exceptions=True)

    async def close(self) -> None:
        """Stop what may be stopped, and wait for the rest."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.finished()

    def _keep(self, work: Coroutine[Any, Any, None], name: str, kept: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        kept.add(task)
        task.add_done_callback(kept.discard)
        task.add_done_callback(_log_error)


def _log_error(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s failed", task.get_name(), exc_info=error)
