"""An event loop in a thread of its own, for callers that have none or must not block theirs."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

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
        ended = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_and_set(work, ended), self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            ended.wait()
            raise

    def close(self) -> None:
        """Stop the loop and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


async def _and_set(work: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await work
    finally:
        ended.set()
