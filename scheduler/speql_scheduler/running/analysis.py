"""The pure half of the scheduler, run off the event loop."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from speql_sql import SpeqlError

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class AnalysisError(SpeqlError):
    """A pure function broke its promise and raised. Whoever asked goes on without its answer."""


class Analysis:
    """Runs functions of frozen values on one thread of its own, so that the event loop never waits for a tree.

    Qualifying and matching a large query takes tens of milliseconds. The thread shares nothing with the loop but the
    arguments, which nobody changes. If the caller is cancelled, a function that has begun runs to its end unheard.
    """

    def __init__(self, give_way: Callable[[], None] = lambda: None) -> None:
        self._give_way = give_way
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speql-matching")
        self._closed = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's value; :class:`AnalysisError` if it raised, with the cause logged, or if this is closed.

        This is the one place where a defect of the matching is turned into an outcome: a query of the user's must
        run also when it meets one.
        """
        if self._closed:  # a document is closed while something is asked of it
            raise AnalysisError("This is closed.", "Open the document again.")
        loop = asyncio.get_running_loop()

        def work() -> T:
            self._give_way()
            return function(*args, **kwargs)

        try:
            return await loop.run_in_executor(self._executor, work)
        except Exception as error:
            logger.exception("%s raised", function.__qualname__)
            raise AnalysisError(f"The analysis of the query failed in {function.__name__}.") from error

    async def close(self) -> None:
        """Wait for the thread to end."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)
