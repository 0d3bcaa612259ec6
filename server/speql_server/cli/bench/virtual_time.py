"""An event loop whose clock leaves out the time in which nothing happens."""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop for replaying a person's typing: a pause costs nothing, work takes the time that it takes.

    While a callback, a function on a thread or the engine works, the clock goes as the real one does, so keystrokes
    come in the middle of running statements and cancel them as they would in an editor. When nothing works, the clock
    jumps to the next timer. So a replay costs the time of the database and of the analysis, not of the typing.

    ``slowdown`` makes the clock go that many times faster while a statement runs: everything that the engine does
    takes that many times as long, as on larger data or a busier engine. What else runs meanwhile is slowed down too.
    """

    def __init__(self, slowdown: float = 1.0) -> None:
        self._slowdown = slowdown
        self._virtual = 0.0
        self._mark = time.perf_counter()
        self._rate = 1.0
        self._on_threads = 0
        self._statements = 0
        self._stopped = 0
        self.on_thread: Callable[[Executor | None, float], None] = lambda _executor, _seconds: None
        """Called after each function on a thread, with its executor and its real seconds."""
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._virtual + (time.perf_counter() - self._mark) * self._rate

    @property
    def working(self) -> bool:
        """Whether something is under way that ends by itself, in real time."""
        return bool(self._on_threads or self._statements)

    @property
    def rate(self) -> float:
        """How many virtual seconds pass in a real one while something works."""
        return self._rate

    def jump(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._virtual += seconds

    @contextmanager
    def statement(self) -> Iterator[None]:
        """A statement runs on the engine."""
        self._statements += 1
        self._set_rate()
        try:
            yield
        finally:
            self._statements -= 1
            self._set_rate()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No time passes, whatever is done: for looking at results."""
        self._stopped += 1
        self._set_rate()
        try:
            yield
        finally:
            self._stopped -= 1
            self._set_rate()

    def run_in_executor(  # type: ignore[override]  # typeshed writes the function as TypeVarTuple and the result as Future
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """As any loop does it; the clock goes on until the function has ended."""
        seconds = 0.0

        def timed() -> T:
            nonlocal seconds
            began = time.perf_counter()
            try:
                return func(*args)
            finally:
                seconds = time.perf_counter() - began

        def done(_: object) -> None:
            self._on_threads -= 1
            self.on_thread(executor, seconds)

        future = super().run_in_executor(executor, timed)
        self._on_threads += 1
        future.add_done_callback(done)
        return future

    def _set_rate(self) -> None:
        self._virtual, self._mark = self.time(), time.perf_counter()
        self._rate = 0.0 if self._stopped else self._slowdown if self._statements else 1.0


class _JumpingSelector(selectors.DefaultSelector):
    """Waits as long as something works, and otherwise not at all."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        loop = self._loop
        if loop.rate == 0:
            return super().select(None if loop.working else 0.01)
        if loop.working:
            return super().select(timeout / loop.rate)
        ready = super().select(0)
        if not ready:
            loop.jump(timeout)
        return ready


def run_in_virtual_time(work: Callable[[VirtualTimeLoop], Coroutine[Any, Any, T]], slowdown: float = 1.0) -> T:
    """Run a coroutine to its end in a loop of its own, like ``asyncio.run``."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(slowdown)) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualTimeLoop)
        return runner.run(work(loop))
