"""What an engine runs on its threads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from speql_engines.engine import EngineError
from speql_engines.jobs import Job, JobCancelledError, JobRunner, RunningJobs
from speql_engines.statement_log import RunningStatement, StatementKind, StatementLog, outcome_of
from speql_engines.workers import DaemonExecutor

T = TypeVar("T")

STOP_SECONDS = 5.0
"""How long stopping waits for each of: the jobs that run, and the threads of an executor."""


class EngineJobs:
    """Runs the jobs of an engine: each is logged, is stopped with the task that awaits it, and ends with the engine.

    There are two sets of threads: what is quick (binding, the catalog) never waits for what takes long.
    """

    def __init__(self, name: str, quick_threads: int, long_threads: int) -> None:
        self._jobs = RunningJobs()
        self.quick = DaemonExecutor(f"speql-{name}-quick", quick_threads)
        self.long = DaemonExecutor(f"speql-{name}-job", long_threads)
        self._statements = StatementLog()
        self._closing: asyncio.Future[None] | None = None

    @property
    def running(self) -> tuple[RunningStatement, ...]:
        """The statements that have not ended."""
        return self._statements.running

    @property
    def closed(self) -> bool:
        """Whether nothing more is run."""
        return self._closing is not None

    async def ask(
        self, kind: StatementKind, work: Callable[[Job], T], about: str = "", executor: DaemonExecutor | None = None
    ) -> T:
        """The answer to a quick question; one that may wait for its turn somewhere goes to another ``executor``."""
        with self._statements.statement(kind, about):
            return await self.call(work, executor=executor)

    async def run(
        self, kind: StatementKind, work: Callable[[Job], T], about: str = "", undo: Callable[[T], object] | None = None
    ) -> T:
        """Run what may take long; ``undo`` is given a result that comes after the task was cancelled."""
        with self._statements.statement(kind, about) as statement:
            result = await self.call(work, undo, self.long)
            statement.outcome = outcome_of(result)
            return result

    async def call(
        self,
        work: Callable[[Job], T],
        undo: Callable[[T], object] | None = None,
        executor: DaemonExecutor | None = None,
    ) -> T:
        """The same without a line in the log."""
        if self.closed:
            raise EngineError("The connection is closed.", "Open it again.")
        try:
            return await JobRunner(executor or self.quick, self._jobs, work).result(undo)
        except JobCancelledError:
            raise EngineError("The connection was closed while the statement ran.", "Open it again.") from None

    async def close(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Run nothing more and await ``finish``, which has to :meth:`stop`; once, however often it is called."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(finish())
        await asyncio.shield(self._closing)

    def stop(self) -> None:
        """Stop what runs and end the threads. Blocks."""
        self._jobs.stop_all(STOP_SECONDS)
        for executor in (self.quick, self.long):
            executor.shutdown(timeout=STOP_SECONDS)
