"""An event loop in a thread of its own, for callers that have none or must not block theirs."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundLoop:
    """A running event loop. A notebook's cells call into it and wait; what it runs goes on between cells.

    The thread is a daemon: the interpreter must be able to exit while it runs. Whoever made the loop closes it before.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return its value.

        If the caller is interrupted (Ctrl+C, the notebook's stop button), the coroutine is cancelled, and only when it
        has really ended is the interrupt raised: nothing goes on behind a cell that is shown as stopped.
        """
        run = _Run(work)
        try:
            self._loop.call_soon_threadsafe(run.start)
            run.ended.wait()
        except KeyboardInterrupt:
            self._loop.call_soon_threadsafe(run.cancel)
            run.ended.wait()
            raise
        return run.result()

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start a coroutine, and go on. Cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def soon(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Have a function called on the loop, after those that were handed over before; nothing once it is closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Stop the loop and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class _Run(Generic[T]):
    """One coroutine on its way: made by the caller, all else on the loop.

    An interrupt can come between any two steps of the caller, so it keeps no state of its own: `cancel` is right
    whether `start` has been called, will be, or never is.
    """

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.ended = threading.Event()
        self._work = work
        self._task: asyncio.Task[T] | None = None

    def start(self) -> None:
        """Start it, if it was not cancelled before."""
        if not self.ended.is_set():
            self._task = asyncio.get_running_loop().create_task(self._work)
            self._task.add_done_callback(lambda _: self.ended.set())

    def cancel(self) -> None:
        """Cancel it; `ended` is set when it has really ended."""
        if self._task is not None:
            self._task.cancel()
        else:
            self._work.close()
            self.ended.set()

    def result(self) -> T:
        """Its value or its error, once it has ended."""
        assert self._task is not None, "only an interrupted run has no task, and it raises"
        return self._task.result()
