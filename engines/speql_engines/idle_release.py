"""A file is let go of when no statement has used it for a while."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from speql_engines.engine import EngineError


class TimerHandle(Protocol):
    """What a scheduled call is cancelled by."""

    def cancel(self) -> None:
        """Forget the call."""


CallLater = Callable[[float, Callable[[], None]], TimerHandle]
"""Calls a function after so many seconds."""


class IdleRelease:
    """Awaits ``release`` so many ``seconds`` after the last use; it says whether the file could be released.

    Lives on the event loop, from :meth:`start` to :meth:`close`. ``call_later`` replaces the loop's, for tests.
    """

    def __init__(self, seconds: float, release: Callable[[], Awaitable[bool]], call_later: CallLater | None) -> None:
        self._seconds = seconds
        self._release = release
        self._call_later = call_later
        self._started = False
        self._uses = 0
        self._timer: TimerHandle | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """From now on; there is a file to be released."""
        self._started = True
        self._schedule()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The file is used within."""
        self._uses += 1
        self._cancel()
        try:
            yield
        finally:
            self._uses -= 1
            self._schedule()

    async def close(self) -> None:
        """Release nothing any more, and wait for what is being released."""
        self._started = False
        self._cancel()
        await asyncio.gather(*self._releasing)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        if not self._started or self._uses:
            return
        self._cancel()
        call_later: CallLater = self._call_later or asyncio.get_running_loop().call_later
        self._timer = call_later(self._seconds, self._begin)

    def _begin(self) -> None:
        if not self._started or self._uses:
            return
        task = asyncio.get_running_loop().create_task(self._run())
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _run(self) -> None:
        with suppress(EngineError):  # the engine is being closed, or is gone
            if not await self._release():
                self._schedule()
