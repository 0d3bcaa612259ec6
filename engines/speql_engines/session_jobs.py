"""What an engine runs on the sessions that it has on a server."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from speql_engines.engine_jobs import EngineJobs
from speql_engines.jobs import Job
from speql_engines.own_tables import OwnTables
from speql_engines.server_session import again_if_lost
from speql_engines.statement_log import StatementKind
from speql_engines.user_settings import UserSettings


class JobSession(Protocol):
    """What the statements of a job run on."""

    def finish(self) -> None:
        """What runs here from now on must be finished: no interrupt reaches it."""
        ...


class Sessions(Protocol):
    """All sessions of an engine; ``generation`` is another one when that is lost which has the temp tables."""

    settings: UserSettings
    generation: int

    def close(self) -> None:
        """Log out everywhere. Jobs must have ended."""
        ...


@dataclass(frozen=True, slots=True)
class SessionUse:
    """What a job needs a session for: to read or make temp tables (``home``), or to run what may leave something there
    (``submits``); ``asked`` is True of the user's own statement.
    """

    home: bool = False
    submits: bool = False
    asked: bool = False


PLAIN = SessionUse()

S = TypeVar("S", bound=JobSession)
T = TypeVar("T")


class SessionJobs(ABC, Generic[S]):
    """Runs each job of an engine on a session that sees what it reads; knows the temp tables (``own_tables``).

    What only reads is run again if its session turns out to be lost.
    """

    def __init__(self, work: EngineJobs, sessions: Sessions) -> None:
        self.work = work
        self.sessions = sessions
        self.own_tables = OwnTables()

    @property
    @abstractmethod
    def temp_tables_wait(self) -> bool:
        """Whether what reads a temp table now would wait until another is made."""

    @abstractmethod
    def is_at_home(self, sql: str) -> bool:
        """Whether a statement has to wait for its turn in the session that has the temp tables."""

    @abstractmethod
    def on_session(
        self, work: Callable[[S], T], use: SessionUse = PLAIN, sql: str = "", prefix: str = ""
    ) -> Callable[[Job], T]:
        """``work`` as a job: on a session, with the driver's errors explained: they are in ``prefix`` and ``sql``."""

    async def ask(self, kind: StatementKind, work: Callable[[S], T], sql: str = "", prefix: str = "") -> T:
        """The answer to a quick question, about ``sql`` if that is given; errors are placed behind ``prefix``."""
        home = self.is_at_home(sql)
        on_session = again_if_lost(self.on_session(work, SessionUse(home), sql, prefix), again=True)
        # Who waits for the home session holds up nobody else.
        return await self.work.ask(kind, on_session, executor=self.work.long if home else None)

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
        undo: Callable[[S, T], object] | None = None,
    ) -> T:
        """Run what may take long.

        ``home`` says that it needs the session with the temp tables, of which there is no other when that is lost; else
        its text tells. ``submits`` is what may leave something in a session, and ``again`` False of what must not be
        run twice. ``undo`` is given a result that comes after the task was cancelled.
        """
        home = self.is_at_home(sql) if home is None else home
        on_session = self.on_session(work, SessionUse(home, submits and not home, kind == "submit"), sql)
        undone = self._undone(undo) if undo is not None else None
        return await self.work.run(kind, again_if_lost(on_session, again and not home), about, undone)

    def _undone(self, undo: Callable[[S, T], object]) -> Callable[[T], object]:
        return lambda result: self.on_session(lambda session: undo(session, result), SessionUse(home=True))(Job())
