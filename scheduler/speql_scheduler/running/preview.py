"""The preview of a document: at most one runs, and only as long as it is wanted."""

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import dataclass

from speql_engines import Engine, SpeculationHeldError
from speql_scheduler.running.allowance import Allowance
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.answering import Answerer
from speql_scheduler.running.costs import base_tables, needs_all_rows
from speql_scheduler.running.job_graph import Job, JobBoard, JobState
from speql_scheduler.running.question import Question
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_scheduler.running.tasks import TaskSet
from speql_sql import Problem, SpeqlError


@dataclass(frozen=True, slots=True)
class RunningPreview:
    """A preview that was started, on the data of an epoch."""

    question: Question
    epoch: int
    task: "asyncio.Task[Answer | Problem]"

    @property
    def ended(self) -> bool:
        """Whether it has been stopped, or is about to."""
        return bool(self.task.cancelling()) or self.task.cancelled()

    def has_rows_of(self, question: Question) -> bool:
        """Whether it will have the rows of a question whose columns are called otherwise, or that differs in its LIMIT,
        and takes no longer than that would.

        A LIMIT saves no work where all rows have to be seen first anyway.
        """
        mine = self.question
        if not mine.lasting or mine.rows_key != question.rows_key:
            return False
        if mine.limit == question.limit:
            return True
        fewer = question.limit is not None and (mine.limit is None or question.limit < mine.limit)
        return fewer and needs_all_rows(mine.query)


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
        self._running: RunningPreview | None = None
        self._limit: asyncio.Timeout | None = None
        self._adopted = ""

    def find(self, question: Question, epoch: int) -> asyncio.Task[Answer | Problem] | None:
        """The preview of that question that runs, or has just ended, on the data of that epoch."""
        running = self._running
        if running is None or running.ended or (running.question.key, running.epoch) != (question.key, epoch):
            return None
        return running.task

    def adopt(self, question: Question, epoch: int) -> asyncio.Task[Answer | Problem] | None:
        """The same for a submit, which waits for it: from now on it may take as long as it takes."""
        task = self.find(question, epoch)
        if task is not None and not task.done():
            self._adopted = question.key
            if self._limit is not None:
                with contextlib.suppress(RuntimeError):  # it has not begun yet, or is just over
                    self._limit.reschedule(None)
        return task

    def find_other(self, question: Question, epoch: int) -> asyncio.Task[Answer | Problem] | None:
        """The preview of another question that runs on that data and has the rows of this one among its own.

        Its rows are in the result cache once it has ended.
        """
        running = self._running
        if running is None or running.ended or running.task.done() or running.epoch != epoch:
            return None
        return running.task if running.question.key != question.key and running.has_rows_of(question) else None

    def start(
        self,
        question: Question,
        epoch: int,
        expected_seconds: float,
        direct_seconds: float,
        *,
        costs_nothing: bool = False,
        patience: float | None = None,
    ) -> asyncio.Task[Answer | Problem]:
        """Run the preview, or go on with it if it runs already; any other is cancelled. What failed fails again, unless
        it was held back for what it costs.

        It is stopped where it takes much longer than it would on base tables. What is expected to cost next to nothing
        takes nothing from the allowance, if it keeps to that. With ``patience``, of who waits for it or of a submit
        that it rehearses, it is stopped after so many seconds at the latest, but may take much longer than expected:
        so would its submit.
        """
        task = self.find(question, epoch)
        if task is None or (task.done() and _may_run_again(task.result())):
            self.keep(None)
            self._adopted = ""
            task = self.tasks.spawn(
                self._run(question, epoch, expected_seconds, direct_seconds, costs_nothing, patience), "preview"
            )
            self._running = RunningPreview(question, epoch, task)
        return task

    def keep(self, question: Question | None) -> None:
        """Cancel the preview that runs or waits, unless it is of that question, or has its rows among its own."""
        key = question.key if question is not None else None
        for job in self._board.jobs:
            if job.kind == "preview" and job.state == "queued" and job.key != f"preview:{key}":
                self._board.change(job.key, state="greyed", reason="overtaken")
        running = self._running
        if running is None or running.question.key == key:
            return
        if question is None or not running.has_rows_of(question):
            running.task.cancel()
            self._running = None

    def queue(self, question: Question, ancestors: Collection[str]) -> None:
        """Draw the preview as waiting for these creates."""
        job = self._draw(question, "queued")
        for ancestor in ancestors:
            self._board.connect(job, ancestor, "served-by")

    def _draw(self, question: Question, state: JobState, expected_seconds: float | None = None) -> str:
        """Put the preview on the board in place of any other; its key there."""
        job = f"preview:{question.key}"
        self._board.remove(other.key for other in self._board.jobs if other.kind == "preview" and other.key != job)
        tables = base_tables(question.qualified) if question.qualified is not None else ()
        drawn = Job(job, "preview", "preview", state, question.sql, tables=tables, estimated_seconds=expected_seconds)
        self._board.put(drawn)
        return job

    async def _run(
        self,
        question: Question,
        epoch: int,
        expected_seconds: float,
        direct_seconds: float,
        costs_nothing: bool,
        patience: float | None,
    ) -> Answer | Problem:
        """The preview's first rows, or why there are none."""
        settings = self._settings
        overrun = settings.overrun if patience is None else settings.whole_overrun
        most = settings.preview_seconds if patience is None else patience
        limit = min(overrun * max(expected_seconds, direct_seconds) + 0.5, most)
        if patience is None and not costs_nothing:
            limit = min(limit, max(2 * self._allowance.rest(expected_seconds), settings.free_seconds))
        job = self._draw(question, "running", expected_seconds)
        started = self._settings.clock()
        try:
            with self._board.noting_queries(job):
                async with asyncio.timeout(None if self._adopted == question.key else limit) as self._limit:
                    answer = await self._answerer.answer(question, epoch, self._engine.execute, waits=False)
        except TimeoutError:
            message = f"The preview took longer than {limit:.2g} s and was stopped."
            self._board.change(job, state="failed", reason=message)
            hint = "Submit the query to run it to its end."
            return Problem("preview-too-slow", message, severity="warning", hint=hint)
        except SpeculationHeldError as error:
            self._board.change(job, state="greyed", reason=error.message)
            return problem_of(error)
        except SpeqlError as error:
            self._board.change(job, state="failed", reason=str(error))
            return problem_of(error)
        except asyncio.CancelledError:
            if self._running is None or self._running.question.key != question.key:
                self._board.change(job, state="cancelled", reason="overtaken")
            raise
        finally:
            seconds = self._settings.clock() - started
            if not costs_nothing or seconds > settings.at_once_seconds:
                self._allowance.spend(seconds, "writing")
        self._board.answered(job, answer, self._store.keys)
        return answer


def _may_run_again(outcome: Answer | Problem) -> bool:
    """Whether a preview that has ended may end otherwise: one that was held back for what it costs may."""
    return isinstance(outcome, Answer) or outcome.code == SpeculationHeldError.CODE


def problem_of(error: SpeqlError) -> Problem:
    """An error of the engine as a value."""
    found = getattr(error, "problem", None)
    return found if isinstance(found, Problem) else Problem("engine", error.message, hint=error.hint)
