"""What an engine runs in the sessions of its pool."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from speql_engines.engine import EngineError
from speql_engines.engine_jobs import EngineJobs
from speql_engines.jobs import Job
from speql_engines.server_session import again_if_lost
from speql_engines.session_pool import PooledSession, SessionPool
from speql_engines.statement_log import StatementKind

S = TypeVar("S", bound=PooledSession)
T = TypeVar("T")


class SessionWork(Generic[S]):
    """Runs jobs, each in a session of its own, or in the home session, which has the temp tables.

    ``explain`` is given an error of the driver's (``driver_error``), the session, the text that was run, and what stood
    before it.
    """

    def __init__(
        self,
        jobs: EngineJobs,
        sessions: SessionPool[S],
        driver_error: type[Exception],
        explain: Callable[[Any, S, str, str], EngineError],
    ) -> None:
        self._jobs = jobs
        self._sessions = sessions
        self._driver_error = driver_error
        self._explain = explain

    async def ask(
        self, kind: StatementKind, work: Callable[[S], T], sql: str = "", prefix: str = "", *, home: bool = False
    ) -> T:
        """The answer to a quick question; one to the home session may wait for its turn there."""
        in_session = self._in_session(work, sql, prefix, home=home, again=True)
        return await self._jobs.ask(kind, in_session, executor=self._jobs.long if home else None)

    async def run(
        self,
        kind: StatementKind,
        work: Callable[[S], T],
        sql: str = "",
        about: str = "",
        *,
        home: bool = False,
        submits: bool = False,
        again: bool = True,
        undo: Callable[[T], object] | None = None,
    ) -> T:
        """Run what may take long; ``submits`` says that it may leave something in its session."""
        in_session = self._in_session(work, sql, home=home, submits=submits, again=again and not home)
        return await self._jobs.run(kind, in_session, about, undo)

    def _in_session(
        self,
        work: Callable[[S], T],
        sql: str,
        prefix: str = "",
        *,
        home: bool = False,
        submits: bool = False,
        again: bool = False,
    ) -> Callable[[Job], T]:
        """In a session of its own; what only reads is run ``again`` if the session turns out to be lost."""

        def once(job: Job) -> T:
            with self._sessions.session(job, home=home, submits=submits) as session:
                try:
                    return work(session)
                except self._driver_error as error:
                    raise self._explain(error, session, sql, prefix) from error

        return again_if_lost(once, again)
