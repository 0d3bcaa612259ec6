"""What a client waits for goes before what is worked out ahead."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_SECONDS = 0.03
"""Nothing gives way for longer, whatever is asked meanwhile."""

SAME_BREATH_SECONDS = 0.002
"""Editors send a change and what they want to know of it one after the other."""


class Precedence:
    """Python runs one thread of a process at a time: what two threads do at once takes both of them twice as long.

    So whoever works ahead asks here before each piece of work, and waits while somebody waits for a reply.
    """

    def __init__(self) -> None:
        self._waiting = 0
        self._nobody_waits = threading.Event()
        self._nobody_waits.set()

    @contextmanager
    def reply(self) -> Iterator[None]:
        """A client waits for what is done inside. Used on event loops of one thread."""
        self._waiting += 1
        self._nobody_waits.clear()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._nobody_waits.set()

    def give_way(self) -> None:
        """Wait until nobody waits for a reply, but not for long. Called on threads that work ahead."""
        self._nobody_waits.wait(LONGEST_SECONDS)


REPLIES = Precedence()
"""That of this process: all connections of a server share Python."""


class YieldingThread(ThreadPoolExecutor):
    """One thread whose work gives way to replies before each piece of it."""

    def __init__(self, name: str, precedence: Precedence = REPLIES) -> None:
        super().__init__(1, name)
        self._precedence = precedence

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function once nobody waits for a reply."""

        def work() -> T:
            self._precedence.give_way()
            return fn(*args, **kwargs)

        return super().submit(work)
