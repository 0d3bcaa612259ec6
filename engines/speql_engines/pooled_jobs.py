"""What an engine runs on the sessions of a pool."""

from collections.abc import Callable
from typing import Any, TypeVar

from speql_engines.engine import EngineError
from speql_engines.engine_jobs import EngineJobs
from speql_engines.jobs import Job
from speql_engines.session_jobs import PLAIN, SessionJobs, SessionUse
from speql_engines.session_pool import PooledSession, SessionPool

S = TypeVar("S", bound=PooledSession)
T = TypeVar("T")


class PooledJobs(SessionJobs[S]):
    """Runs each job on a session of its own: the home session if its statement reads a temp table.

    A ``driver_error`` is explained with the session, the statement and what was put before it.
    """

    def __init__(
        self,
        work: EngineJobs,
        pool: SessionPool[S],
        driver_error: type[Exception],
        explain: Callable[[Any, S, str, str], EngineError],
    ) -> None:
        super().__init__(work, pool)
        self._pool = pool
        self._driver_error = driver_error
        self._explain = explain

    @property
    def temp_tables_wait(self) -> bool:
        """Whether the home session, which has them all, is making one."""
        return self.own_tables.any_being_made

    def is_at_home(self, sql: str) -> bool:
        """Whether a statement reads a temp table, which only the home session sees."""
        return self.own_tables.mentioned_in(sql)

    def on_session(
        self, work: Callable[[S], T], use: SessionUse = PLAIN, sql: str = "", prefix: str = ""
    ) -> Callable[[Job], T]:
        """``work`` on a session that is free; after what ``submits`` that is not used again as it is."""

        def on_session(job: Job) -> T:
            with self._pool.session(job, home=use.home, submits=use.submits) as session:
                try:
                    return work(session)
                except self._driver_error as error:
                    raise self._explain(error, session, sql, prefix) from error

        return on_session
