"""What the user asked for, ahead of everything else."""

import asyncio
import logging
from dataclasses import replace

from sqlglot import exp

from speql_engines import Engine, EngineError
from speql_scheduler.running.analysis import AnalysisError
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.answering import Answerer
from speql_scheduler.running.costs import seconds_to_adopt, work_of
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.job_graph import Job, JobBoard
from speql_scheduler.running.preview import Previews
from speql_scheduler.running.question import Question
from speql_scheduler.running.questions import Questions
from speql_scheduler.running.runner import Runner
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.store import Store
from speql_sql import Catalog, SpeqlError

logger = logging.getLogger(__name__)


class Submits:
    """Runs submits. While one runs nothing speculative starts, and only what it waits for goes on."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        questions: Questions,
        facts: EngineFacts,
        answerer: Answerer,
        runner: Runner,
        previews: Previews,
        board: JobBoard,
        settings: SchedulerSettings,
    ) -> None:
        self._engine = engine
        self._store = store
        self._questions = questions
        self._facts = facts
        self._answerer = answerer
        self._runner = runner
        self._previews = previews
        self._board = board
        self._settings = settings
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    async def none_running(self) -> None:
        """Wait until no submit runs."""
        await self._none.wait()

    async def run(self, sql: str, query: exp.Query | None, catalog: Catalog) -> Answer:
        """The answer to a statement, by the fastest way that is surely right."""
        started = self._settings.clock()
        self._count += 1
        self._none.clear()
        self._runner.hold()
        try:
            question = await self._question_of(sql, query, catalog)
            if question is None:
                answer = await self._run_as_written(sql)
            else:
                answer = await self._answer(question)
        except SpeqlError as error:
            logger.info("a submit failed: %s", type(error).__name__)
            raise
        finally:
            self._runner.resume()
            self._count -= 1
            if not self._count:
                self._none.set()
        return replace(answer, seconds=self._settings.clock() - started)

    async def _question_of(self, sql: str, query: exp.Query | None, catalog: Catalog) -> Question | None:
        """The statement as a question; None if it is to run as written, with no cache and no temp table."""
        if query is None:
            return None
        try:
            question = await self._questions.of(sql, query, catalog)
        except AnalysisError:
            return None
        return None if question.refusals else question

    async def _run_as_written(self, sql: str) -> Answer:
        """Run a statement that may have effects: a write, a setting, a volatile function, the reading of a file.

        What it made stale is seen by the engine's data version, which changes with writes and settings.
        """
        self._previews.keep(None)
        self._runner.drop_all_but(None, "a submit goes ahead")
        result = await self._engine.submit(sql, self._settings.page_rows)
        await self._facts.epoch()
        return Answer(result, ("exact",), int(result.rows.num_rows) if result.complete else None, sql, direct_sql=sql)

    async def _answer(self, question: Question) -> Answer:
        """The answer to a query that only reads."""
        epoch = await self._facts.epoch(surely=True)
        job = f"submit:{question.key}"
        self._board.remove(other.key for other in self._board.jobs if other.kind == "submit")
        self._board.put(Job(job, "submit", "submit", "running", question.sql))
        try:
            # Every answer that is not the engine's own is compared with its binding.
            with self._board.noting_queries(job), self._facts.binding(question.bound):
                answer = await self._answer_now(question, epoch)
        except asyncio.CancelledError:
            self._board.change(job, state="cancelled", reason="cancelled by the user")
            raise
        except SpeqlError as error:
            self._board.change(job, state="failed", reason=error.message)
            raise
        self._board.answered(job, answer, self._store.keys)
        return answer

    async def _answer_now(self, question: Question, epoch: int) -> Answer:
        """From the cache, else from the preview of the same query that runs, else from the store or base tables."""
        cached = await self._answerer.from_cache(question, epoch)
        if cached is not None:
            return cached  # nothing else needs to stop for this
        if other := self._previews.find_other(question, epoch):
            self._runner.drop_all_but(None, "a submit goes ahead")
            await asyncio.wait({other})
            if (cached := await self._answerer.from_cache(question, epoch)) is not None:
                return cached
        if preview := self._previews.adopt(question, epoch):
            self._runner.drop_all_but(None, "a submit goes ahead")
            await asyncio.wait({preview})
            if not preview.cancelled() and isinstance(outcome := preview.result(), Answer):
                return outcome
        self._previews.keep(None)
        adopted, most_seconds = await self._adoptable(question)
        self._runner.drop_all_but(adopted, "a submit goes ahead")
        if adopted is not None:
            await self._wait_for(adopted, most_seconds)
        return await self._answerer.answer(question, epoch, self._engine.submit)

    async def _wait_for(self, key: str, most_seconds: float) -> None:
        """Wait for a create, but no longer than that: then the direct run is sooner after all."""
        try:
            async with asyncio.timeout(max(most_seconds, self._settings.adoption_seconds)):
                await self._runner.settled([key])
        except TimeoutError:
            self._runner.drop_all_but(None, "it takes longer than was expected")

    async def _adoptable(self, question: Question) -> tuple[str | None, float]:
        """The key of the running create to wait for, and for how long: one that serves the query sooner than a run of
        its own would.
        """
        running = self._runner.running
        if running is None or (await self._answerer.rewrite(question, self._store.views)).temp_only:
            return None, 0.0
        unit = running.unit
        with_it = await self._answerer.rewrite(question, (*self._store.views, unit.wanted.view))
        if unit.wanted.view.name not in with_it.uses or unit.estimate is None:
            return None, 0.0
        try:
            direct = await self._facts.estimate(question.sql)
        except EngineError:
            return None, 0.0  # the run itself will say what is wrong with the query
        direct_seconds = self._facts.pace(question.shape).seconds(work_of(direct, question.base_rows))
        elapsed = self._settings.clock() - running.started
        most = seconds_to_adopt(create_seconds=unit.seconds, elapsed=elapsed, direct_seconds=direct_seconds)
        return (unit.key, most) if most is not None else (None, 0.0)
