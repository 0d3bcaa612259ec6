"""A session on a server, of which another connection is asked to stop what runs in it."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import TypeVar

from speql_engines.engine import EngineError
from speql_engines.jobs import Job

T = TypeVar("T")

LOST = "connection-lost"
"""The code of the problem when the server, or the way to it, is gone."""

_CANCEL_SECONDS = 5.0


class ServerSession(ABC):
    """Serves one job at a time; :meth:`interrupt` has the server stop what the job runs.

    A cancel is a question of its own to the server: it is asked on another thread, and not repeated within
    ``cancel_pause`` seconds.
    """

    def __init__(self, canceller: Executor, cancel_pause: float) -> None:
        self.settings = 0
        self.used_by_submit = False
        self._canceller = canceller
        self._cancel_pause = cancel_pause
        self._job: Job | None = None
        self._lock = threading.Lock()
        self._cancelling: Future[None] | None = None
        self._cancelled_at = 0.0

    @abstractmethod
    def cancel(self) -> None:
        """Ask the server to stop what runs here. Blocks; that the server is gone is no error."""

    def serve(self, job: Job) -> None:
        """What the job runs, runs here from now on."""
        self._job = job
        job.run_on(self)

    def interrupt(self) -> None:
        """Have the server stop what runs here. Does not wait: another thread asks the server."""
        with self._lock:
            asked = self._cancelling is not None and not self._cancelling.done()
            if asked or time.monotonic() - self._cancelled_at < self._cancel_pause:
                return
            self._cancelling = self._canceller.submit(self._cancel)

    def finish(self) -> None:
        """What runs here from now on must be finished: no interrupt reaches it, and none is under way."""
        if self._job is not None:
            self._job.run_on(None)
            self._job = None
        if self._cancelling is not None:
            with suppress(Exception):
                self._cancelling.result(_CANCEL_SECONDS)
            self._cancelling = None

    def _cancel(self) -> None:
        try:
            self.cancel()
        finally:
            self._cancelled_at = time.monotonic()


def again_if_lost(work: Callable[[Job], T], again: bool) -> Callable[[Job], T]:
    """The work; what only reads may be run ``again`` if its session turns out to be lost."""

    def twice(job: Job) -> T:
        try:
            return work(job)
        except EngineError as error:
            if not again or error.problem is None or error.problem.code != LOST:
                raise
        return work(job)

    return twice
