"""The sessions of an engine on a server whose sessions run one statement at a time: one login, so many at most."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from speql_engines.engine import EngineError
from speql_engines.jobs import Job
from speql_engines.session_jobs import JobSession
from speql_engines.user_settings import UserSettings

_TURN_SECONDS = 0.02


class PooledSession(JobSession, Protocol):
    """A session of some driver. What it raises of the driver's own is for the pool to explain."""

    settings: int
    used_by_submit: bool

    def serve(self, job: Job) -> None:
        """What the job runs, runs here from now on."""
        ...

    def settle(self) -> None:
        """Leave no transaction open, and no cancel under way that could hit the next statement."""
        ...

    def reset(self) -> None:
        """Undo what a statement of the user's may have left."""
        ...

    def run(self, statement: str) -> None:
        """Run a statement that has no rows."""
        ...

    @property
    def broken(self) -> bool:
        """Whether the server, or the way to it, is gone."""
        ...

    def close(self) -> None:
        """Log out."""
        ...


S = TypeVar("S", bound=PooledSession)


class SessionPool(Generic[S]):
    """Hands out sessions, each to one job at a time; all methods block.

    The **home** session has the temp tables: they are private to it, so whatever reads or makes one waits for its turn
    there. All others are alike. ``SET`` statements of the user's are repeated on each. A session on which a statement
    of the user's ran that may have left something (a setting made by a function, a temp table) is reset before it is
    used again. A session that has broken is replaced; with the home session the temp tables are gone, which
    ``generation`` tells.
    """

    def __init__(
        self,
        connect: Callable[[], S],
        most: int,
        driver_error: type[Exception],
        explain: Callable[[Any], EngineError],
    ) -> None:
        self._connect = connect
        self._most = most
        self._driver_error = driver_error
        self._explain = explain
        self._condition = threading.Condition()
        self._idle: list[S] = []
        self._open = 0
        self._home: S | None = None
        self._home_taken = False
        self._closed = False
        self.settings = UserSettings()
        self.generation = 0

    @contextmanager
    def session(self, job: Job, *, home: bool = False, submits: bool = False) -> Iterator[S]:
        """A session for the job, which is interrupted on it; it waits for its turn as long as the job is wanted."""
        session = self._take(job, home)
        try:
            session.serve(job)
            self._configure(session)
            session.used_by_submit = submits
            yield session
        finally:
            self._give_back(session, home)

    def close(self) -> None:
        """Log out everywhere. Jobs must have ended."""
        with self._condition:
            self._closed = True
            sessions, self._idle = [*self._idle, *([self._home] if self._home else [])], []
            self._home = None
            self._condition.notify_all()
        for session in sessions:
            session.close()

    def _take(self, job: Job, home: bool) -> S:
        with self._condition:
            while not self._closed and (self._home_taken if home else not self._idle and self._open >= self._most):
                self._condition.wait(_TURN_SECONDS)
                job.run_on(_NOTHING)  # raises if the job is not wanted any more
            if self._closed:
                raise EngineError("The connection is closed.", "Open it again.")
            if home:
                self._home_taken = True
                found = self._home
            else:
                found = self._idle.pop() if self._idle else None
                self._open += found is None
        if found is not None:
            if not found.broken:
                return found
            found.close()
        try:
            fresh = self._connect()
        except BaseException:
            with self._condition:
                if home:
                    self._home_taken = False
                else:
                    self._open -= 1
                self._condition.notify()
            raise
        if home:
            with self._condition:
                self.generation += self._home is not None
                self._home = fresh
        return fresh

    def _give_back(self, session: S, home: bool) -> None:
        try:
            session.settle()
        except self._driver_error:
            session.close()
        with self._condition:
            if home:
                self._home_taken = False
                if session.broken:
                    self.generation += 1
                    self._home = None
                    session.close()
            elif session.broken or self._closed:
                self._open -= 1
                session.close()
            else:
                self._idle.append(session)
            self._condition.notify_all()

    def _configure(self, session: S) -> None:
        """Undo what a submit may have left, and set what the user has set since."""
        if session.used_by_submit:
            session.reset()
            session.settings = -1
        wanted = self.settings.count
        if session.settings != wanted and (session.settings >= 0 or self.settings.statements):
            self.settings.repeat(session.run, self._driver_error, lambda error: self._explain(error).message)
        session.settings = wanted


class _Nothing:
    def interrupt(self) -> None:
        """Nothing runs."""


_NOTHING = _Nothing()
