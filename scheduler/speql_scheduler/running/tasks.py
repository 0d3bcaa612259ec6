"""The tasks of one owner: started, watched, and all gone when the owner is."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from speql_sql import SpeqlError

logger = logging.getLogger(__name__)
T = TypeVar("T")


class TaskSet:
    """Starts tasks, keeps them alive, and sees to it that no failure is lost.

    A :class:`~speql_sql.SpeqlError` is an outcome for the one who awaits the task (a submit that fails); any other
    exception is a defect and is logged here. A cancelled task is not an error.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start ``work`` as a task that this set owns."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, SpeqlError):
            logger.error("%s failed", task.get_name(), exc_info=error)

    def __len__(self) -> int:
        return len(self._tasks)

    def cancel(self) -> None:
        """Ask every task to stop."""
        for task in tuple(self._tasks):
            task.cancel()

    async def finished(self) -> None:
        """Wait until every task has ended, those included that are started meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Cancel every task and wait until each has really ended."""
        while self._tasks:
            self.cancel()
            await asyncio.wait(self._tasks)
