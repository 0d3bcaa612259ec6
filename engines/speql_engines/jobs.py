"""Running a blocking driver call for an asyncio task, and stopping it when that task is cancelled."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

# How often an interrupt is repeated until the statement has ended.
_INTERRUPT_SECONDS = 0.005


class Interruptible(Protocol):
    """What a job runs its statements on: a cursor or a session."""

    def interrupt(self) -> None:
        """Stop the statement that runs. Does not wait, and does nothing where none runs."""
        ...


class Job:
    """One call on an engine thread: what it runs on now, and whether it is wanted still.

    ``cancelled`` and ``_runs_on`` change under the lock, so that an interrupt never reaches a cursor or a session that
    has been handed back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs_on: Interruptible | None = None
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether it is not wanted any more."""
        return self._cancelled

    def run_on(self, interruptible: Interruptible | None) -> None:
        """From now on interrupts go there, or nowhere if None (work that must be finished)."""
        with self._lock:
            if interruptible is not None and self._cancelled:
                raise JobCancelledError
            self._runs_on = interruptible

    def cancel(self) -> None:
        """Interrupt what runs and let nothing more start. Does not wait; call it until the job has ended."""
        with self._lock:
            self._cancelled = True
            if self._runs_on is not None:
                self._runs_on.interrupt()


class JobCancelledError(Exception):
    """The job was cancelled before its statement started. Never leaves this package."""


class RunningJobs:
    """The jobs that run now, so that closing an engine (or the end of the process) can stop them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: set[Job] = set()
        self._none_left = threading.Condition(self._lock)

    def add(self, job: Job) -> None:
        """``job`` begins."""
        with self._lock:
            self._jobs.add(job)

    def remove(self, job: Job) -> None:
        """``job`` has ended."""
        with self._lock:
            self._jobs.discard(job)
            self._none_left.notify_all()

    def stop_all(self, timeout: float) -> None:
        """Interrupt every job until all have ended or ``timeout`` seconds have passed. Blocks."""
        rounds = max(1, int(timeout / _INTERRUPT_SECONDS))
        for _ in range(rounds):
            with self._lock:
                jobs = tuple(self._jobs)
            if not jobs:
                return
            for job in jobs:
                job.cancel()
            with self._lock:
                self._none_left.wait_for(lambda: not self._jobs, _INTERRUPT_SECONDS)


class JobRunner(Generic[T]):
    """Runs one job and waits for it; cancelling the waiting task stops the job.

    What we want: when ``await`` raises ``CancelledError``, the engine has stopped and nothing of the job is left, so
    that the next statement has the machine to itself and no table appears later.

    What we cannot have: a thread cannot be cancelled, and ``Future.cancel`` of a running call does nothing. Awaiting a
    wrapped future and being cancelled would return at once, with the statement still running.

    What does not work: one ``interrupt()``. DuckDB clears the flag when a statement starts, so that an interrupt which
    comes between our "has it begun?" and the driver's own beginning is lost; and a job is more than one statement
    (attach, USE, the query, fetching), between any two of which the same can happen.

    The solution: the call is shielded, so that cancelling us does not touch it. On cancellation the job is marked,
    which lets no further statement start on its cursor, and interrupted again every few milliseconds until its thread
    is really done; a second cancellation while waiting changes nothing. If the job got through all the same (it ended
    as we were cancelled), ``undo`` is given its result, on the same executor, before ``CancelledError`` goes on. Work
    that must not be interrupted (dropping a half-made table) is done with the job pointing at no cursor.

    What still fails: a statement that checks the flag rarely (one huge sort step, a slow disk) delays the cancelled
    task by as long; a job queued behind a full executor is cancelled where it waits, without having begun.
    """

    def __init__(self, executor: Executor, jobs: RunningJobs, work: Callable[[Job], T]) -> None:
        self._executor = executor
        self._jobs = jobs
        self._work = work
        self._job = Job()

    async def result(self, undo: Callable[[T], object] | None = None) -> T:
        """The result of the work, or its error."""
        self._jobs.add(self._job)
        try:
            # With what is so where it was asked for, such as what the statement may cost.
            future = self._executor.submit(contextvars.copy_context().run, self._run)
        except BaseException:
            self._jobs.remove(self._job)
            raise
        waited = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waited)
        except asyncio.CancelledError:
            if future.cancel():
                self._jobs.remove(self._job)
                raise
            await self._stop(waited)
            if undo is not None and not waited.cancelled() and waited.exception() is None:
                await _until_done(asyncio.wrap_future(self._executor.submit(undo, waited.result())))
            raise

    def _run(self) -> T:
        try:
            return self._work(self._job)
        finally:
            self._job.run_on(None)
            self._jobs.remove(self._job)

    async def _stop(self, waited: "asyncio.Future[T]") -> None:
        while not waited.done():
            self._job.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({waited}, timeout=_INTERRUPT_SECONDS)
        if not waited.cancelled():
            # Looked at, or asyncio would report an error that nobody asked for: the interrupt is ours.
            waited.exception()


async def _until_done(waited: "asyncio.Future[object]") -> None:
    while not waited.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({waited})
    if not waited.cancelled():
        waited.exception()
