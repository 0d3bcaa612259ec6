"""Which preview of a text is shown, and when."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from speql_engines import EngineError
from speql_scheduler.running.allowance import Allowance
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.answering import Answerer
from speql_scheduler.running.costs import streams
from speql_scheduler.running.engine_facts import EngineFacts
from speql_scheduler.running.preview import Previews
from speql_scheduler.running.question import Question
from speql_scheduler.running.sampling import Sampler
from speql_scheduler.running.settings import SchedulerSettings
from speql_scheduler.running.shape import Shape
from speql_scheduler.running.speculation import Speculation
from speql_scheduler.running.store import Store
from speql_scheduler.running.tasks import TaskSet
from speql_sql import Problem

_HELD = Problem(
    "preview-held",
    "This preview is not run, because much more than the query's own work was done ahead already.",
    severity="information",
    hint="Submit the query to see its rows, or leave it as it is for a while.",
)

_GUESSED = Problem(
    "preview-held",
    "This preview is not run: how its tables are joined is guessed so far, and it would take long.",
    severity="information",
    hint="Go on with the conditions that join them.",
)

_HOPELESS = Problem(
    "preview-held",
    "This preview is not run: that of fewer tables was stopped, as it took much longer than the engine expected.",
    severity="information",
    hint="Add a condition, or submit the query to see its rows.",
)


class Presenter:
    """Shows the preview of the newest text: at once where that costs little, else an estimate, else when it rests.

    The callbacks are called for the newest speculation only. What runs in the background is spawned on ``tasks``.
    """

    def __init__(
        self,
        store: Store,
        facts: EngineFacts,
        answerer: Answerer,
        sampler: Sampler,
        previews: Previews,
        allowance: Allowance,
        settings: SchedulerSettings,
        tasks: TaskSet,
        on_preview: Callable[[Speculation, Answer], None],
        on_preview_failed: Callable[[Speculation, Problem], None],
    ) -> None:
        self._store = store
        self._facts = facts
        self._answerer = answerer
        self._sampler = sampler
        self._previews = previews
        self._allowance = allowance
        self._settings = settings
        self._tasks = tasks
        self._on_preview = on_preview
        self._on_preview_failed = on_preview_failed
        self._shown = (-1, False)
        self._served_seconds: dict[Shape | None, float] = {}
        self._looking: asyncio.TimerHandle | None = None
        self.current: Speculation | None = None

    def turn_to(self, speculation: Speculation | None) -> None:
        """This is the newest speculation now; None if there is nothing to show."""
        self.current = speculation
        self._look_away()

    def exact_is_shown(self, speculation: Speculation) -> bool:
        """Whether the rows that are shown are those of the speculation, and no estimate."""
        return self._shown == (speculation.id, True)

    async def at_once(self, speculation: Speculation, question: Question, epoch: int) -> bool:
        """Show or start the preview if it costs little now: from the cache, from temp tables alone, or cheap anyway."""
        cached = await self._answerer.from_cache(question, epoch)
        if cached is not None:
            self._publish(speculation, cached)
            return True
        running = self._previews.find(question, epoch) or self._previews.find_other(question, epoch)
        if running is None and not await self._is_cheap(question):
            return False
        self._tasks.spawn(self._run(speculation, question, epoch), "show preview")
        return True

    async def estimate(self, speculation: Speculation, question: Question) -> None:
        """Show an estimate of a preview that would be late: it is replaced when the exact one is there."""
        seconds = await self.seconds(question)
        if self._allowance.room(seconds, "writing") <= 0:
            return
        started = self._settings.clock()
        try:
            answer = await self._sampler.answer(question, seconds)
        finally:
            self._allowance.spend(self._settings.clock() - started, "writing")
        if answer is not None and not self.exact_is_shown(speculation):
            self._publish(speculation, answer)

    async def estimate_asked_for(self, speculation: Speculation, question: Question) -> str:
        """Show an estimate, because the user asks for it; an empty text, or a sentence that says why there is none."""
        if self.exact_is_shown(speculation):
            return "The exact rows are there."
        answer = await self._sampler.asked_for(question)
        if isinstance(answer, str):
            return answer
        if speculation is not self.current or self.exact_is_shown(speculation):
            return "The exact rows, or another text, came meanwhile."
        self._publish(speculation, answer)
        return ""

    async def at_rest(self, speculation: Speculation, question: Question, epoch: int) -> None:
        """Show the preview of a text that rests: at once if the allowance has room for all of it, when it has rested
        longer if it has for half, and when somebody has looked at it for long, in any case.

        Of a query whose joins are guessed an estimate is enough, if there is one; it runs only if that is soon done.
        """
        if self.exact_is_shown(speculation):
            return
        settings = self._settings
        seconds = await self.seconds(question)
        served = await self._answerer.is_served(question)
        estimated = self._shown == (speculation.id, False)
        is_little = served or await self._costs_nothing(question)
        if not is_little and question.shape is not None and self._facts.is_hopeless(question.shape):
            if not estimated:
                self.fail(speculation, _HOPELESS)
            return
        looked_at = False
        if not is_little and (speculation.guessed or self._allowance.rest(seconds) < seconds):
            await settings.sleep(settings.waiting_seconds - settings.pause_seconds)
            if speculation.guessed and (estimated or seconds > settings.guessed_seconds):
                if not estimated:
                    self.fail(speculation, _GUESSED)
                return
            if 2 * self._allowance.rest(seconds) < seconds:
                late = speculation.guessed or seconds > settings.looking_seconds
                if not estimated:
                    self.fail(speculation, replace(_HELD, hint="Submit the query to see its rows.") if late else _HELD)
                if late:
                    return
                await settings.sleep(settings.looking_seconds - settings.waiting_seconds)
                looked_at = True
        await self._run(speculation, question, epoch, looked_at=looked_at)

    async def rehearse(self, question: Question, epoch: int) -> bool:
        """Run a query ahead of its submit, which then finds its rows; nothing is shown.

        Whether the allowance had room for it.
        """
        await self._previews.tasks.finished()
        if await self._answerer.from_cache(question, epoch) is not None:
            return True
        direct = await self.seconds(question)
        served = await self._answerer.is_served(question)
        expected = min(direct, self._settings.at_once_seconds) if served else direct
        if self._allowance.rest(direct) < expected:
            return False
        patience = self._settings.preview_seconds
        await asyncio.wait({self._previews.start(question, epoch, expected, direct, patience=patience)})
        return True

    async def seconds(self, question: Question) -> float:
        """How long the question is expected to take on base tables; no time if the engine refuses it at once."""
        try:
            return await self._facts.seconds(question.sql, question.base_rows, question.shape)
        except EngineError:
            return 0.0

    def fail(self, speculation: Speculation, problem: Problem) -> None:
        """Tell why there is no preview."""
        if speculation is self.current:
            self._on_preview_failed(speculation, problem)

    async def _is_cheap(self, question: Question) -> bool:
        """Whether the first page comes at once and the allowance has room for it."""
        if streams(question.query) or await self._costs_nothing(question):
            return True
        direct = await self.seconds(question)
        if self._allowance.room(direct, "writing") <= 0:
            return False
        if await self._answerer.is_served(question):
            return self._served_seconds.get(question.shape, 0.0) <= self._settings.served_seconds
        return direct < self._settings.at_once_seconds

    async def _costs_nothing(self, question: Question) -> bool:
        """Whether so little is processed that it is no work to speak of."""
        try:
            return await self._facts.work(question.sql, question.base_rows) < self._settings.cheap_work
        except EngineError:
            return False

    async def _run(self, speculation: Speculation, question: Question, epoch: int, *, looked_at: bool = False) -> None:
        """Run the preview to its end and publish it. One that is ``looked_at`` may take as long as that has lasted."""
        if other := self._previews.find_other(question, epoch):
            await asyncio.wait({other})
        served = await self._answerer.is_served(question)
        direct = await self.seconds(question)
        expected = self._settings.at_once_seconds if served else direct
        costs_nothing = await self._costs_nothing(question)
        cached = await self._answerer.from_cache(question, epoch)  # it may have come while that was asked
        if speculation is not self.current:
            return  # it was overtaken while that was asked: to start would stop the preview of the newer text
        if cached is not None:
            self._publish(speculation, cached)
            return
        patience = self._settings.looking_seconds if looked_at else None
        task = self._previews.start(question, epoch, expected, direct, costs_nothing=costs_nothing, patience=patience)
        await asyncio.wait({task})
        if not task.cancelled():
            outcome = task.result()
            if isinstance(outcome, Answer) and outcome.served_from:
                self._served_seconds[question.shape] = outcome.seconds
            self._publish(speculation, outcome) if isinstance(outcome, Answer) else self.fail(speculation, outcome)

    def _publish(self, speculation: Speculation, answer: Answer) -> None:
        """Show it, unless the exact rows are shown: two ways may lead to them; the first says where they are from."""
        if speculation is self.current and not self.exact_is_shown(speculation):
            self._shown = (speculation.id, answer.sample is None)
            self._look_away()
            if answer.sample is None:
                call_later = asyncio.get_running_loop().call_later
                self._looking = call_later(self._settings.looking_seconds, self._allowance.renew)
            states = (*answer.states, "predicted") if speculation.predicted else answer.states
            self._on_preview(speculation, replace(answer, states=states))

    def _look_away(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
