"""The preview of a document: at most one runs, and only as long as it is wanted."""

import asyncio
from collections.abc import Collection

from speql_engines import Engine
from speql_scheduler.running.allowance import Allowance
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.answering import Answerer
from speql_scheduler.running.job_graph import Job, JobBoard, JobState
from speql_scheduler.running.question import Question
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_scheduler.running.tasks import TaskSet
from speql_sql import Problem, SpeqlError


class Previews:
    """Runs previews by the key of their question, so that a text that changes without changing it keeps it running.

    See :mod:`speql_scheduler.running.runner` for the rules of cancellation: the tasks are cancelled here only, and
    others wait for them with ``asyncio.wait``.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        answerer: Answerer,
        board: JobBoard,
        allowance: Allowance,
        settings: SchedulerSettings,
    ) -> None:
        self._engine = engine
        self._store = store
        self._answerer = answerer
        self._board = board
        self._allowance = allowance
        self._settings = settings
        self.tasks = TaskSet()
        self._running: tuple[str, int, asyncio.Task[Answer | Problem]] | None = None

    def find(self, key: str, epoch: int) -> asyncio.Task[Answer | Problem] | None:
        """The preview of that key that runs, or has just ended, on the data of that epoch."""
        running = self._running
        if running is None or running[:2] != (key, epoch) or running[2].cancelling() or running[2].cancelled():
            return None
        return running[2]

    def start(self, question: Question, epoch: int, expected_seconds: float) -> asyncio.Task[Answer | Problem]:
        """Run the preview, or go on with it if it runs already; any other is cancelled. What failed fails again."""
        task = self.find(question.key, epoch)
        if task is None or (task.done() and isinstance(task.result(), Answer)):
            self.keep(None)
            task = self.tasks.spawn(self._run(question, epoch, expected_seconds), "preview")
            self._running = (question.key, epoch, task)
        return task

    def keep(self, key: str | None) -> None:
        """Cancel the preview that runs or waits, unless it is the one of that key."""
        for job in self._board.jobs:
            if job.kind == "preview" and job.state == "queued" and job.key != f"preview:{key}":
                self._board.change(job.key, state="greyed", reason="overtaken")
        if self._running is not None and self._running[0] != key:
            self._running[2].cancel()
            self._running = None

    def queue(self, question: Question, ancestors: Collection[str]) -> None:
        """Draw the preview as waiting for these creates."""
        job = self._draw(question, "queued")
        for ancestor in ancestors:
            self._board.connect(job, ancestor, "served-by")

    def _draw(self, question: Question, state: JobState) -> str:
        """Put the preview on the board in place of any other; its key there."""
        job = f"preview:{question.key}"
        self._board.remove(other.key for other in self._board.jobs if other.kind == "preview" and other.key != job)
        self._board.put(Job(job, "preview", "preview", state, question.sql))
        return job

    async def _run(self, question: Question, epoch: int, expected_seconds: float) -> Answer | Problem:
        """The preview's first rows, or why there are none."""
        settings = self._settings
        most = max(2 * self._allowance.rest(expected_seconds), settings.free_seconds)
        limit = min(settings.overrun * expected_seconds + 0.5, settings.preview_seconds, most)
        job = self._draw(question, "running")
        started = self._settings.clock()
        try:
            with self._board.noting_queries(job):
                async with asyncio.timeout(limit):
                    answer = await self._answerer.answer(question, epoch, self._engine.execute)
        except TimeoutError:
            message = f"The preview took longer than {limit:.2g} s and was stopped."
            self._board.change(job, state="failed", reason=message)
            hint = "Submit the query to run it to its end."
            return Problem("preview-too-slow", message, severity="warning", hint=hint)
        except SpeqlError as error:
            self._board.change(job, state="failed", reason=str(error))
            return problem_of(error)
        except asyncio.CancelledError:
            if self._running is None or self._running[0] != question.key:
                self._board.change(job, state="cancelled", reason="overtaken")
            raise
        finally:
            self._allowance.spend(self._settings.clock() - started, "writing")
        self._board.answered(job, answer, self._store.keys)
        return answer


def problem_of(error: SpeqlError) -> Problem:
    """An error of the engine as a value."""
    found = getattr(error, "problem", None)
    return found if isinstance(found, Problem) else Problem("engine", error.message, hint=error.hint)
