"""What an engine runs in its one session."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from speql_engines.engine import EngineError
from speql_engines.engine_jobs import EngineJobs
from speql_engines.jobs import Job
from speql_engines.session_jobs import PLAIN, JobSession, SessionJobs, Sessions, SessionUse

S = TypeVar("S", bound=JobSession)
S_co = TypeVar("S_co", bound=JobSession, covariant=True)
T = TypeVar("T")


class SharedSession(Sessions, Protocol[S_co]):
    """The one session of an engine, in which all statements run side by side."""

    def running(self, job: Job, *, asked: bool = False) -> AbstractContextManager[S_co]:
        """Where the job runs its statements; the driver's errors come out as they are.

        What the user has ``asked`` for may do what costs or disturbs: ask for a login, start what is suspended.
        """
        ...


class SharedJobs(SessionJobs[S]):
    """Runs all jobs side by side in one session, which has the temp tables, too.

    A ``driver_error`` is explained with the statement and what was put before it.
    """

    def __init__(
        self,
        work: EngineJobs,
        shared: SharedSession[S],
        driver_error: type[Exception],
        explain: Callable[[Any, str, str], EngineError],
    ) -> None:
        super().__init__(work, shared)
        self._shared = shared
        self._driver_error = driver_error
        self._explain = explain

    @property
    def temp_tables_wait(self) -> bool:
        """Never: statements run side by side."""
        return False

    def is_at_home(self, sql: str) -> bool:
        """Never: no statement waits for another."""
        return False

    def on_session(
        self, work: Callable[[S], T], use: SessionUse = PLAIN, sql: str = "", prefix: str = ""
    ) -> Callable[[Job], T]:
        """``work`` in the session, whatever it is."""

        def on_session(job: Job) -> T:
            try:
                with self._shared.running(job, asked=use.asked) as session:
                    return work(session)
            except self._driver_error as error:
                raise self._explain(error, sql, prefix) from error

        return on_session
