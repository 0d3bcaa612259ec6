"""What an engine runs on the sessions of a pool."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from speql_engines.engine import EngineError
from speql_engines.engine_jobs import EngineJobs
from speql_engines.jobs import Job
from speql_engines.own_tables import OwnTables
from speql_engines.server_session import again_if_lost
from speql_engines.session_pool import PooledSession, SessionPool
from speql_engines.statement_log import StatementKind

S = TypeVar("S", bound=PooledSession)
T = TypeVar("T")


class SessionJobs(Generic[S]):
    """Runs each job on a session, the home session if its statement reads a temp table, which only that sees.

    A ``driver_error`` is explained with the session, the statement and what was put before it. What only reads is run
    again if its session turns out to be lost.
    """

    def __init__(
        self,
        jobs: EngineJobs,
        sessions: SessionPool[S],
        own_tables: OwnTables,
        driver_error: type[Exception],
        explain: Callable[[Any, S, str, str], EngineError],
    ) -> None:
        self._jobs = jobs
        self._sessions = sessions
        self._own_tables = own_tables
        self._driver_error = driver_error
        self._explain = explain

    async def ask(self, kind: StatementKind, work: Callable[[S], T], sql: str = "", prefix: str = "") -> T:
        """The answer to a quick question, about ``sql`` if that is given."""
        home = self.is_at_home(sql)
        on_session = again_if_lost(self._on_session(work, sql, prefix, home=home), again=True)
        # Who waits for the home session holds up nobody else.
        return await self._jobs.ask(kind, on_session, executor=self._jobs.long if home else None)

    async def run(
        self,
        kind: StatementKind,
        work: Callable[[S], T],
        sql: str = "",
        about: str = "",
        *,
        home: bool | None = None,
        submits: bool = False,
        again: bool = True,
        undo: Callable[[T], object] | None = None,
    ) -> T:
        """Run what may take long. ``submits`` is what may leave something in a session; see `SessionPool`."""
        home = self.is_at_home(sql) if home is None else home
        on_session = self._on_session(work, sql, "", home=home, submits=submits and not home)
        return await self._jobs.run(kind, again_if_lost(on_session, again and not home), about, undo)

    def is_at_home(self, sql: str) -> bool:
        """Whether a statement reads a temp table, which only the home session sees."""
        return self._own_tables.mentioned_in(sql)

    def _on_session(
        self, work: Callable[[S], T], sql: str, prefix: str, *, home: bool, submits: bool = False
    ) -> Callable[[Job], T]:
        def on_session(job: Job) -> T:
            with self._sessions.session(job, home=home, submits=submits) as session:
                try:
                    return work(session)
                except self._driver_error as error:
                    raise self._explain(error, session, sql, prefix) from error

        return on_session
