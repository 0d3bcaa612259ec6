"""From what the user may want next to what the engine does now."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from sqlglot import exp

from speql_engines import Engine, EngineError
from speql_scheduler.matching.proved import proved_for
from speql_scheduler.matching.view import View
from speql_scheduler.results.held_results import HeldResults
from speql_scheduler.running.allowance import Allowance
from speql_scheduler.running.analysis import Analysis
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.answering import Answerer
from speql_scheduler.running.costs import Verdict
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.explanation import Explanation, explanation_of
from speql_scheduler.running.job_graph import JobBoard, JobGraph
from speql_scheduler.running.planner import Plan, Planner
from speql_scheduler.running.presenter import Presenter
from speql_scheduler.running.preview import Previews, problem_of
from speql_scheduler.running.question import Question, ask
from speql_scheduler.running.questions import Questions
from speql_scheduler.running.runner import Runner
from speql_scheduler.running.sampling import Sampler
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.shape import Shape, shape_of
from speql_scheduler.running.speculation import Speculation
from speql_scheduler.running.store import Store, StoredTable
from speql_scheduler.running.submits import Submits
from speql_scheduler.running.tasks import TaskSet
from speql_sql import Catalog, Problem, SpeqlError

logger = logging.getLogger(__name__)

_NOT_PROVED = Problem(
    "not-proved",
    "Temp tables are not used on this engine yet: only on DuckDB and PostgreSQL is it proved what makes queries equal.",
    severity="information",
)


class Scheduler:
    """Runs what a document wants: temp tables for what may come, a preview of what is there, and what is submitted.

    One event loop owns all of it; call it only there. The callbacks are called on the loop and must return at once:
    ``on_preview`` and ``on_preview_failed`` only for the newest speculation, ``on_jobs`` at most once per turn.
    Schedulers of several documents may share an engine and its store. The engine stays the caller's to close.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        settings: SchedulerSettings,
        on_preview: Callable[[Speculation, Answer], None],
        on_preview_failed: Callable[[Speculation, Problem], None],
        on_jobs: Callable[[JobGraph], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._analysis = Analysis(settings.give_way)
        self._facts = EngineFacts(engine, store, settings)
        self._board = JobBoard(on_jobs)
        self._questions = Questions(self._analysis, settings)
        self._answerer = Answerer(store, self._analysis, self._facts, settings)
        self._planner = Planner(store, self._analysis, self._facts, settings)
        self._allowance = Allowance(settings)
        self._runner = Runner(engine, store, self._analysis, self._facts, self._board, self._allowance, settings)
        self._previews = Previews(engine, store, self._answerer, self._board, self._allowance, settings)
        self._tasks = TaskSet()
        self._presenter = Presenter(
            store,
            self._facts,
            self._answerer,
            Sampler(engine, self._analysis, self._facts, settings),
            self._previews,
            self._allowance,
            settings,
            self._tasks,
            on_preview,
            on_preview_failed,
        )
        self._submits = Submits(
            engine,
            store,
            self._questions,
            self._facts,
            self._answerer,
            self._runner,
            self._previews,
            self._board,
            settings,
        )
        self.results = HeldResults(engine, store, self._questions, self._answerer, self._facts)
        """Whole results, for who wants more of them than the first rows."""
        self._planned: tuple[Speculation, tuple[View, ...], int, Plan] | None = None
        self._round: asyncio.Task[None] | None = None
        self._submitted = ""
        self._explored: Shape | None = None
        self._closed = False
        store.join(self._on_dropped)

    def update(self, speculation: Speculation) -> None:
        """Replace what is wanted, at once: what is still wanted goes on, the rest is cancelled on the engine."""
        if self._closed:
            return
        if self._presenter.current is not None and self._presenter.current.sql != speculation.sql:
            self._runner.drop_open("the text goes on")
        self._presenter.turn_to(speculation)
        self._begin_round(self._speculate(speculation))

    async def submit(self, sql: str, query: exp.Query | None, catalog: Catalog) -> Answer:
        """The first page of what the user asked for, ahead of everything else.

        ``query`` is the tree of ``sql``, or None if it is not a query: then it runs as written. Raises
        :class:`~speql_engines.EngineError` if the statement fails, ``CancelledError`` if `cancel` or `close` stops it.
        """
        if self._closed:
            raise EngineError("This document is closed.", "Open it again to run its queries.")
        self._cancel_round()
        self._submitted = sql
        self._explored = shape_of(query) if query is not None else None
        try:
            return await self._tasks.spawn(self._submits.run(sql, query, catalog), "submit")
        finally:
            self._allowance.renew()  # not before: a preview that the submit has adopted is no work ahead
            self._resume_after_submit()

    async def explain(self, query: exp.Query, superset: exp.Query, catalog: Catalog) -> Explanation:
        """What would be done for a query, and why; nothing is run."""
        epoch = await self._facts.epoch()
        question = await self._questions.of(None, query, catalog)
        plan = await self._planner.plan(superset, catalog, epoch)
        stored = await self._answerer.rewrite(question, self._store.views)
        planned = await self._answerer.rewrite(question, (*self._store.views, *_planned_views(plan)))
        problems = question.refusals if proved_for(catalog.dialect) else (*question.refusals, _NOT_PROVED)
        return explanation_of(plan, stored, planned, question.sql, problems)

    async def sample(self) -> str:
        """Show an estimate of the newest preview, for who would rather have that than wait for the exact one; an empty
        text, or a sentence that says why there is none.
        """
        speculation = self._presenter.current
        question = await self._questions.of_preview(speculation) if speculation is not None else None
        if speculation is None or question is None:
            return "There is no preview to estimate."
        if question.refusals:
            return question.refusals[0].message
        return await self._presenter.estimate_asked_for(speculation, question)

    async def rows_at_hand(self, query: exp.Query, catalog: Catalog) -> int | None:
        """How many rows a query has, if a temp table is proved to hold just these; nothing is run."""
        if self._closed or not self._store.views:
            return None
        try:
            await self._facts.epoch()  # what is stale is not asked
            question = await self._analysis.run(ask, None, query, catalog, self._settings.allowed_paths)
            return await self._answerer.rows_at_hand(question)
        except SpeqlError:
            return None  # the next query that runs will say what is wrong

    def stop_speculating(self) -> None:
        """Stop all that nobody asked for: there is no query to prepare for any more. Submits go on."""
        self._presenter.turn_to(None)
        self._cancel_round()
        self._previews.keep(None)
        self._runner.drop_all_but(None, "no longer wanted")

    def cancel(self) -> None:
        """Stop all that runs and waits, submits too. What is in the store stays."""
        self._tasks.cancel()
        self.stop_speculating()

    async def idle(self) -> None:
        """Wait until nothing runs or waits, and every change of the job graph has been told."""
        owners = (self._tasks, self._previews.tasks, self._runner.tasks)
        while any(owners):
            for tasks in owners:
                await tasks.finished()
        await self._store.settled()
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop everything and drop the temp tables, if no other document uses the store. Safe to call twice."""
        self._closed = True
        self.cancel()
        for tasks in (self._tasks, self._previews.tasks, self._runner.tasks):
            await tasks.stop()
        await self.results.close()
        await self._store.leave(self._on_dropped)
        self._board.close()
        await self._analysis.close()

    # The pipeline of a speculation, a function a stage.

    async def _speculate(self, speculation: Speculation) -> None:
        """All that an update sets in motion.

        What is at hand is shown at once. SELECTs that the user has left become temp tables as soon as they are seen;
        for those that are still being written, and for a preview that costs more, the text must rest: the next
        keystroke would undo the work.
        """
        settings = self._settings
        try:
            epoch = await self._facts.epoch()
            question = await self._question_of(speculation)
            self._previews.keep(question)
            if speculation.sql == self._submitted:
                await self._submits.none_running()  # its rows are this preview
            shown = question is not None and await self._presenter.at_once(speculation, question, epoch)
            if self._needs_no_rest(speculation):
                plan = await self._plan(speculation, epoch)
                self._start_creates(speculation, plan)
                closed = await self._ancestors_of(question if not shown else None, plan, closed_only=True)
                if question is not None and closed:
                    self._tasks.spawn(self._preview_over(speculation, question, closed, epoch), "preview over creates")
            await settings.sleep(settings.quiet_seconds)
            plan = await self._plan(speculation, epoch)
            self._start_creates(speculation, plan)
            if question is not None and not (shown or self._presenter.exact_is_shown(speculation)):
                await self._presenter.estimate(speculation, question)
            rehearsed = self._explores(speculation) and await self._rehearse(speculation, plan, epoch)
            if rehearsed and question is not None and not shown:
                shown = await self._presenter.at_once(speculation, question, epoch)
            if not (rehearsed and shown):
                await settings.sleep(self._rest(plan, await self._presenter.seconds(question) if question else 0.0))
            plan = await self._plan(speculation, epoch)
            self._start_creates(speculation, plan)
            shown = shown or self._presenter.exact_is_shown(speculation)
            # A submit of what is shown, was just submitted or is rehearsed, is answered from the cache.
            whole_is_shown = bool(shown and speculation.preview and speculation.previews_all)
            answered = rehearsed or whole_is_shown or speculation.sql == self._submitted
            if not speculation.guessed and not answered:
                self._runner.release()
            if question is not None and not shown:
                if not speculation.guessed:
                    ancestors = await self._ancestors_of(question, plan)
                    self._previews.queue(question, ancestors)
                    await self._runner.settled(ancestors)
                await self._presenter.at_rest(speculation, question, epoch)
        except SpeqlError as error:
            logger.info("speculation stopped: %s", type(error).__name__)
            self._runner.drop_all_but(None, "speculation stopped")
            self._presenter.fail(speculation, problem_of(error))

    def _explores(self, speculation: Speculation) -> bool:
        """Whether the text is an edit of the query that was submitted last, and complete: who has seen a result and
        changes what it was asked for wants to see the next one.
        """
        changed = speculation.as_typed and speculation.sql != self._submitted
        if not self._facts.told_of_changes:
            return False  # its submit would not use what was run ahead
        return changed and self._explored is not None and shape_of(speculation.query) == self._explored

    async def _rehearse(self, speculation: Speculation, plan: Plan, epoch: int) -> bool:
        """Run the whole query, once the text has rested for a moment: its submit then finds the rows. Whether it ran.

        Temp tables that it would read and that will be there sooner than its own rows are waited for.
        """
        settings = self._settings
        await settings.sleep(settings.pause_seconds - settings.quiet_seconds)
        question = await self._questions.of(speculation.sql, speculation.query, speculation.catalog)
        if question.refusals:
            return False
        ancestors = await self._ancestors_of(question, plan, closed_only=True)
        if sum(unit.seconds for unit in plan.creates if unit.key in ancestors) <= await self._presenter.seconds(
            question
        ):
            await self._runner.settled(ancestors)
        return await self._presenter.rehearse(question, epoch)

    async def _plan(self, speculation: Speculation, epoch: int) -> Plan:
        """The plan for the speculation's superset query; that of the text before if nothing has changed for it."""
        if self._planned is not None:
            before, views, refused, plan = self._planned
            same_store = views == self._store.views and refused == len(self._store.refusals)
            if _asks_the_same(before, speculation) and plan.epoch == epoch and same_store:
                return plan
        hot = () if speculation.guessed else speculation.edited_columns
        if self._submitted == speculation.sql:
            hot = (*hot, *speculation.likely_columns)
        plan = await self._planner.plan(speculation.superset, speculation.catalog, epoch, speculation.open_units, hot)
        self._planned = (speculation, self._store.views, len(self._store.refusals), plan)
        return plan

    def _needs_no_rest(self, speculation: Speculation) -> bool:
        """Whether the user has just left a SELECT, or begun to change a constant: what is wanted then will stay."""
        if self._planned is None:
            return bool(speculation.closed_texts)
        before = self._planned[0]
        newly_closed = not set(speculation.closed_texts) <= set(before.closed_texts)
        return newly_closed or bool(speculation.edited_columns)

    async def _question_of(self, speculation: Speculation) -> Question | None:
        """The preview as a question; None if there is none, or none that may be run before it is submitted."""
        question = await self._questions.of_preview(speculation)
        if question is not None and question.refusals:
            self._presenter.fail(speculation, question.refusals[0])
            return None
        return question

    async def _preview_over(
        self, speculation: Speculation, question: Question, creates: frozenset[str], epoch: int
    ) -> None:
        """Show the preview when these creates are there, if the text is still the same."""
        await self._runner.settled(creates)
        if speculation is self._presenter.current:
            await self._presenter.at_once(speculation, question, epoch)

    def _rest(self, plan: Plan, preview_seconds: float) -> float:
        """How much longer the text must rest before work on what is still being written begins.

        The next keystroke would undo it, so the longer it takes, the longer it waits: who waits for a multiple of what
        the work takes wastes at most that part of the time (the ski-rental argument).
        """
        settings = self._settings
        longest = max([preview_seconds, *(unit.seconds for unit in plan.creates if not unit.closed)])
        rest = min(settings.pause_seconds + settings.patience * longest, settings.waiting_seconds)
        return max(rest - settings.quiet_seconds, 0.0)

    async def _ancestors_of(
        self, question: Question | None, plan: Plan, *, closed_only: bool = False
    ) -> frozenset[str]:
        """The keys of the planned creates that the preview would read, with those that they read."""
        creates = [unit for unit in plan.creates if unit.closed or not closed_only]
        if question is None or not creates:
            return frozenset()
        planned = tuple(unit.wanted.view for unit in creates)
        rewritten = await self._answerer.rewrite(question, (*self._store.views, *planned))
        ancestors = {unit.key for unit in creates if unit.wanted.view.name in rewritten.uses}
        for unit in reversed(creates):  # each stands after its inputs
            if unit.key in ancestors:
                ancestors.update(unit.inputs)
        return frozenset(ancestors & {unit.key for unit in creates})

    def _start_creates(self, speculation: Speculation, plan: Plan) -> None:
        """Hand the plan to the runner and draw it: what is closed may start, the open may when the text rests."""
        if speculation.sql == self._submitted:
            plan = self._ahead_of_an_edit(plan)
        closed = {unit.key for unit in plan.creates if unit.closed}
        self._runner.want(plan, closed)
        for unit in plan.units:
            for source in unit.inputs:
                self._board.connect(source, unit.key, "input")
            for source in unit.answered_by:
                self._board.connect(source, unit.key, "subsumes")

    def _ahead_of_an_edit(self, plan: Plan) -> Plan:
        """What of a plan is worth making after its submit: little is risked for an edit that may never come. What one
        wants that does come is begun at its first keystroke. What runs already goes on.
        """
        settings, running = self._settings, self._runner.running
        key = running.unit.key if running is not None else None
        share = plan.direct_seconds * settings.submitted_share
        most = max(share, settings.at_once_seconds)
        dear = Verdict(False, "too much work ahead of an edit that has not begun")
        units = (
            replace(unit, verdict=dear) if unit.verdict.create and unit.seconds > most and unit.key != key else unit
            for unit in plan.units
        )
        return replace(plan, units=tuple(units), direct_seconds=share)

    # Rounds.

    def _begin_round(self, work: Coroutine[Any, Any, None]) -> None:
        self._cancel_round()
        self._round = self._tasks.spawn(work, "speculation")

    def _cancel_round(self) -> None:
        if self._round is not None:
            self._round.cancel()
            self._round = None

    def _resume_after_submit(self) -> None:
        """Go on with the temp tables of the newest text: the next edit will want them. Its preview was the submit."""
        if self._presenter.current is not None and not self._closed and self._round is None:
            self._begin_round(self._speculate(replace(self._presenter.current, preview=None)))

    def _on_dropped(self, stored: StoredTable, reason: str) -> None:
        self._board.change(stored.key, state="evicted", reason=reason)


def _asks_the_same(left: Speculation, right: Speculation) -> bool:
    """Whether two speculations want the same temp tables."""
    return (left.sql, left.open_units, left.edited_columns, left.catalog.version) == (
        right.sql,
        right.open_units,
        right.edited_columns,
        right.catalog.version,
    )


def _planned_views(plan: Plan) -> tuple[View, ...]:
    return tuple(unit.wanted.view for unit in plan.creates)
