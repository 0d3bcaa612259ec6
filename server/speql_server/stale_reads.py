"""Reading a text in a thread for a client that waits, as long as it is the newest text."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, ParamSpec, TypeVar

from pygls.exceptions import JsonRpcContentModified

from speql_server.precedence import REPLIES

P = ParamSpec("P")
T = TypeVar("T")


class StaleReads:
    """Work whose answer is of no use once the text has changed, or once the same is asked again.

    What waits for the thread is then not done at all, so that what a fast typist asks for never queues up; what runs
    is over in milliseconds, and its answer is not waited for.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._running: dict[asyncio.Future[Any], str] = {}

    async def run(self, kind: str, work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """What ``work`` gives, in the thread. Raises `JsonRpcContentModified` if it is not wanted any more."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, lambda: work(*arguments, **options))
        self._running[future] = kind
        try:
            with REPLIES.reply():
                return await future
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not future.cancelled() or (task is not None and task.cancelling()):
                raise  # the client took its request back, or the server ends
            raise JsonRpcContentModified("The text has changed since it was asked about.") from None
        finally:
            del self._running[future]

    def drop(self, kind: str = "") -> None:
        """Nobody wants these answers any more: those of one kind, or all."""
        for future, its_kind in tuple(self._running.items()):
            if kind in ("", its_kind):
                future.cancel()
