"""A file is let go of when no statement has used it for a while, in one step or several."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from speql_engines.engine import EngineError


class TimerHandle(Protocol):
    """What a scheduled call is cancelled by."""

    def cancel(self) -> None:
        """Forget the call."""


CallLater = Callable[[float, Callable[[], None]], TimerHandle]
"""Calls a function after so many seconds."""


Step = tuple[float, Callable[[], Awaitable[bool]]]
"""How many seconds after the last use, or after the step before, and what is done then; it says whether it was done."""


class IdleRelease:
    """Takes the ``steps`` one after the other while nothing is used; one that fails is tried again.

    Lives on the event loop, from :meth:`start` to :meth:`close`. ``call_later`` replaces the loop's, for tests.
    """

    def __init__(self, steps: Sequence[Step], call_later: CallLater | None) -> None:
        self._steps = steps
        self._next = 0
        self._call_later = call_later
        self._started = False
        self._uses = 0
        self._count = 0
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
        self._count += 1
        self._next = 0
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
        if not self._started or self._uses or self._next == len(self._steps):
            return
        self._cancel()
        call_later: CallLater = self._call_later or asyncio.get_running_loop().call_later
        self._timer = call_later(self._steps[self._next][0], self._begin)

    def _begin(self) -> None:
        if not self._started or self._uses:
            return
        task = asyncio.get_running_loop().create_task(self._run())
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _run(self) -> None:
        count, (_, take) = self._count, self._steps[self._next]
        with suppress(EngineError):  # the engine is being closed, or is gone
            done = await take()
            if count == self._count:  # else it begins anew when that use ends, or has ended
                self._next += done
                self._schedule()
