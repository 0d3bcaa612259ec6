"""Work of which only the newest request matters."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class LatestOnly(Generic[T]):
    """One kind of work for one document: a new request cancels the one before it.

    What we want: while a user types, at most one piece of work of a kind is under way, it is the newest, and nothing
    stale is ever shown. Cancelling alone does not give that: work in a thread goes on after its task is cancelled, and
    a coroutine may finish in the very step in which it is cancelled. So each request has a number, and a result is
    published only if no later request was made. Publishing happens on the event loop, in the task itself, so nothing
    can come between the check and the publication.

    The quiet time is the first thing that the task does; a request that is overtaken in it has cost nothing.
    An error is logged, once; a cancellation is not an error.
    """

    def __init__(self, name: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self._name = name
        self._sleep = sleep
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: asyncio.Task[None] | None = None

    def submit(
        self, work: Callable[[], Awaitable[T]], publish: Callable[[T], None], *, quiet_seconds: float = 0.0
    ) -> None:
        """Start `work`, in place of what runs; hand its result to `publish` unless it is overtaken."""
        self.cancel()
        task = asyncio.get_running_loop().create_task(
            self._run(self._number, work, publish, quiet_seconds), name=self._name
        )
        # The loop keeps only a weak reference to its tasks; cancelled ones are kept too, so that close() can wait.
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        self._latest = task

    def submit_value(self, value: T, publish: Callable[[T], None], *, quiet_seconds: float) -> None:
        """Publish a value when there was no other for so long."""

        async def work() -> T:
            return value

        self.submit(work, publish, quiet_seconds=quiet_seconds)

    def cancel(self) -> None:
        """Stop what runs; nothing of it will be published."""
        self._number += 1
        if self._latest is not None:
            self._latest.cancel()
            self._latest = None

    @property
    def busy(self) -> bool:
        """Whether something runs that may still be published."""
        return self._latest is not None and not self._latest.done()

    async def settled(self) -> None:
        """Wait until nothing runs."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Stop what runs, and wait until it has really stopped."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(
        self, number: int, work: Callable[[], Awaitable[T]], publish: Callable[[T], None], quiet_seconds: float
    ) -> None:
        if quiet_seconds > 0:
            await self._sleep(quiet_seconds)
        result = await work()
        if number == self._number:
            publish(result)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", self._name, exc_info=error)
