"""A document while it is open: from each snapshot to analysis, diagnostics, speculation and previews."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from lsprotocol import types

from speql_engines import EngineError
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.job_graph import JobGraph
from speql_scheduler.running.scheduler import Scheduler
from speql_scheduler.running.speculation import Speculation
from speql_server import protocol, to_lsp
from speql_server.analysis import Analysis, Analyst, shifted, typed_cursor
from speql_server.clock import Clock
from speql_server.completer import Completer
from speql_server.connection import Connection
from speql_server.diagnostics import Diagnoser
from speql_server.documents import Edited
from speql_server.earlier_cells import not_run_yet
from speql_server.language_model.mender import Mender
from speql_server.language_model.room import LanguageModel
from speql_server.latest_only import LatestOnly
from speql_server.masks import refusal
from speql_server.pauses import RestCollector
from speql_server.positions import Encoding
from speql_server.prediction import NOTHING_PREDICTED, Predicted
from speql_server.settings import ServerSettings
from speql_speculator.navigating.hovering import Hover
from speql_speculator.repair import Repair
from speql_sql import Catalog, FunctionSignature, Problem, SpeqlError

T = TypeVar("T")


@dataclass(frozen=True)
class Executors:
    """Threads of our own, one each: pygls reads standard input on its pool, so nothing of ours may run there.

    ``analysis`` turns snapshots into analyses; ``replies`` answers what the client waits for and makes messages.
    """

    analysis: Executor
    replies: Executor


@dataclass(frozen=True)
class Outlets:
    """Where a session's results go: functions that send one message each, called on the event loop."""

    preview: Callable[[protocol.Preview], None]
    jobs: Callable[[protocol.Jobs], None]
    diagnostics: Callable[[Analysis, tuple[Problem, ...]], None]
    wrote: Callable[[], None] = lambda: None
    """Called after a submit that may have changed data: what other documents show may be stale."""
    answered: Callable[[Answer], None] = lambda _: None
    """Called with each answer before it is made a message, for those who check answers."""


@dataclass(frozen=True, slots=True)
class _Analysed:
    """An analysis, and when the edit that asked for it arrived."""

    analysis: Analysis
    at: float


class Session:
    """The state of one open document. Owned by the event loop; analysis runs in a thread of its own.

    One way: `changed` takes a frozen snapshot, the analysis thread turns it into a frozen analysis, and on the loop
    that goes to the diagnoser and the scheduler, whose answers come back through callbacks. A snapshot that comes
    while an older one is analysed takes its place: at most one waits, so nothing queues up.
    """

    def __init__(
        self,
        connection: Connection,
        executors: Executors,
        settings: ServerSettings,
        clock: Clock,
        encoding: Encoding,
        outlets: Outlets,
        language_model: LanguageModel | None = None,
        catalog: Callable[[], Awaitable[Catalog]] | None = None,
    ) -> None:
        self._connection = connection
        self._catalog = catalog or connection.catalog
        self._executors = executors
        self.completer = Completer(connection, executors.replies, self._catalog, encoding)
        self._settings = settings
        self._clock = clock
        self._encoding = encoding
        self._outlets = outlets
        self._analyst = Analyst(settings.document_limit, settings.statement_limit)
        self._analyses: LatestOnly[_Analysed] = LatestOnly("analysis", sleep=clock.sleep)
        self._messages: LatestOnly[protocol.Preview] = LatestOnly("preview message", sleep=clock.sleep)
        self._diagnoser = Diagnoser(
            connection.engine, self._analyst, executors.analysis, settings, clock, self._publish_diagnostics
        )
        self._scheduler = Scheduler(
            connection.engine,
            connection.store,
            connection.scheduler_settings,
            self._on_preview,
            self._on_preview_failed,
            self._on_jobs,
        )
        self._uri = ""
        self._number = 0
        self._current: _Analysed | None = None
        self._submits: set[asyncio.Task[Answer]] = set()
        self._garbage = RestCollector()
        self._submitted: dict[str, asyncio.Event] = {}
        self._edited: Edited | None = None
        self._mender: Mender | None = None
        if language_model is not None:
            self._mender = Mender(
                language_model,
                connection,
                clock,
                executors.analysis,
                self._analyse_again,
                connection.predictor.similar,
            )
        self.working = False
        self.tokens_sent: tuple[str, list[int]] = ("", [])
        """The semantic tokens that the client has, with their name: what it asks for next is the difference."""

    def changed(self, edited: Edited) -> None:
        """The document has a new text or cursor."""
        self._uri, self._edited = edited.snapshot.uri, edited
        self._garbage.typed()
        if self._mender is not None:
            self._mender.changed(edited.snapshot.text)
        self._analyses.submit(lambda: self._analyse(edited), self._analysed)

    async def submit(self, edited: Edited) -> protocol.Preview:
        """Run the statement at the cursor as the user wrote it, and show its result.

        What the engine does not accept is refused with the problem; if there is a repair, the message says how to
        take it: running something else than what was written is not ours to decide.
        """
        self._garbage.hold()
        submitted = self._submitted[edited.snapshot.text] = asyncio.Event()
        try:
            analysis = await self._repaired(edited)
            started = self._clock.now()
            answer, problems = await self._run(analysis)
        finally:
            submitted.set()
            self._submitted.pop(edited.snapshot.text, None)
        if answer is not None:
            self._outlets.answered(answer)
            if analysis.statement is not None:
                self._connection.predictor.record(analysis.statement.text, analysis.catalog)
        message = await self._message(analysis, started, "submit", answer, problems)
        self._outlets.preview(message)
        if answer is not None and (analysis.repair is None or analysis.repair.query is None):
            self._outlets.wrote()
        return message

    def cancel(self) -> None:
        """Stop everything that runs for this document."""
        for task in self._submits:
            task.cancel()
        self._scheduler.cancel()

    async def read(self, edited: Edited, reader: Callable[[str, Catalog], T]) -> T:
        """What ``reader`` makes of the text and the catalog, in the thread for replies."""
        catalog = await self._catalog()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executors.replies, reader, edited.snapshot.text, catalog)

    async def explained(self, found: Hover) -> str:
        """What to say of a name. The engine is asked what the text cannot tell: types, and how a function is called."""
        types: dict[str, str] = {}
        if found.binding:
            with suppress(SpeqlError):  # text that does not bind is shown without types
                binding = await self._connection.engine.bind(found.binding)
                types = {column.name.lower(): column.type for column in reversed(binding.columns)}
        return found.markdown(types, await self.signatures(found.function) if found.function else ())

    async def signatures(self, name: str) -> tuple[FunctionSignature, ...]:
        """How a function is called."""
        folded = name.lower()
        try:
            functions = await self._connection.engine.functions()
        except SpeqlError:
            return ()  # the next statement that runs will say what is wrong
        return tuple(function for function in functions if function.name.lower() == folded)

    async def continuation(self, edited: Edited) -> str | None:
        """What a language model thinks comes next at the cursor, asked once the text has rested; None without one."""
        if self._mender is None or not self._settings.language_model.ghost_text:
            return None
        await self._clock.sleep(self._settings.language_model.debounce_seconds)
        current = self._current.analysis if self._current is not None else None
        if self._edited is not edited or current is None or current.snapshot.version != edited.snapshot.version:
            return None
        return await self._mender.continuation(current)

    def repair_edit(self, edited: Edited) -> types.WorkspaceEdit | str:
        """The repair of the statement at the cursor as an edit of exactly this version, or why there is none."""
        current = self._current.analysis if self._current is not None else None
        if current is None or current.snapshot.version != edited.snapshot.version:
            return "The text has changed since it was repaired. Wait for the next preview, then accept again."
        if not current.edits:
            return "There is nothing to repair in the statement at the cursor."
        cannot = "The repair cannot be written here: the document says this part of the SQL in another way."
        return to_lsp.repair_edit(current, self._encoding) or cannot

    async def idle(self) -> None:
        """Wait until nothing runs for this document any more, for tests and the demo."""
        await self._analyses.settled()
        if self._mender is not None:
            await self._mender.settled()
        await self._analyses.settled()
        await self._scheduler.idle()
        await self._messages.settled()

    async def close(self) -> None:
        """Stop everything and wait until it has stopped."""
        self.cancel()
        self._garbage.close()
        mending = [self._mender.close()] if self._mender is not None else []
        await asyncio.gather(self._analyses.close(), self._messages.close(), self._diagnoser.close(), *mending)
        await asyncio.gather(*self._submits, return_exceptions=True)
        await self._scheduler.close()

    async def _analyse(self, edited: Edited) -> _Analysed:
        repaired = await self._repaired(edited)
        if self._mender is not None:
            repaired = await self._mender.patched(repaired)
        if submitted := self._submitted.get(edited.snapshot.text):
            await submitted.wait()  # its rows are the preview, and threads of Python's take each other's time
        predicted = await self._predicted(repaired)
        return _Analysed(await self._planned(repaired, predicted), edited.at)

    async def _repaired(self, edited: Edited) -> Analysis:
        """The first half of the analysis. Each half is a job of its own: a submit waits for the first only."""
        catalog = await self._catalog()
        run = partial(asyncio.get_running_loop().run_in_executor, self._executors.analysis)
        repaired = await run(self._analyst.repaired, edited.snapshot, catalog)
        return await run(self._analyst.as_typed, repaired) if await self._accepted(repaired) else repaired

    async def _predicted(self, analysis: Analysis) -> Predicted:
        """What the statement will need next, by what was run before."""
        repaired = analysis.repair
        if repaired is None or repaired.query is None:
            return NOTHING_PREDICTED
        return await self._connection.predictor.predicted(repaired.typed, typed_cursor(analysis), analysis.catalog)

    async def _planned(self, repaired: Analysis, predicted: Predicted) -> Analysis:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executors.analysis, self._analyst.planned, repaired, predicted)

    async def _accepted(self, analysis: Analysis) -> bool:
        """Whether the engine takes as it is typed a statement that the rules would repair, or make nothing of."""
        repaired, statement = analysis.repair, analysis.statement
        if repaired is None or statement is None or not (repaired.edits or repaired.query is None):
            return False
        try:
            return (await self._connection.engine.bind(statement.text)).ok
        except SpeqlError:
            return False  # whoever runs the statement will say what is wrong

    def _analysed(self, analysed: _Analysed) -> None:
        """On the loop: hand the newest analysis on."""
        self._current = analysed
        analysis = analysed.analysis
        self._diagnoser.update(analysis)
        if self._mender is not None:
            self._mender.consider(analysis)
        # From here on answers to what was asked before are not shown any more, whatever this analysis comes to.
        self._number += 1
        repaired = analysis.repair
        if repaired is None or repaired.sql is None or repaired.query is None or analysis.superset is None:
            if not any(problem.code == "unfinished" for problem in analysis.problems):
                # Of an unfinished word nothing can be run, but what runs is likely to be wanted again at the next one.
                self._scheduler.stop_speculating()
            self._show(analysed, problems=analysis.problems)
            return
        if not self._settings.speculate:
            return
        self._scheduler.update(
            Speculation(
                id=self._number,
                sql=repaired.sql,
                query=repaired.query,
                superset=analysis.superset,
                preview=analysis.unit.query if analysis.unit is not None else repaired.query,
                predicted=analysis.predicted,
                catalog=analysis.catalog,
                open_units=analysis.open_units,
                closed_texts=analysis.closed_texts,
                guessed=analysis.guessed,
                edited_columns=analysis.hot.edited,
                likely_columns=analysis.hot.likely,
                predicted_columns=tuple((column.name.lower(), column.score) for column in analysis.likely),
                previews_all=analysis.unit is None or analysis.unit.whole,
            )
        )

    def _analyse_again(self) -> None:
        """The language model has mended the newest text: analyse it again, with that."""
        if (edited := self._edited) is not None:
            self._analyses.submit(lambda: self._analyse(edited), self._analysed)

    async def _run(self, analysis: Analysis) -> tuple[Answer | None, tuple[Problem, ...]]:
        """Submit the statement of an analysis; a refusal is told as problems, with their places in the document."""
        statement, repaired = analysis.statement, analysis.repair
        if statement is None:
            return None, analysis.problems
        if (unresolved := refusal(analysis.masks)) is not None:
            return None, (unresolved,)
        start, query = statement.span.start, None
        if repaired is not None and repaired.query is not None and not repaired.edits:
            query = repaired.query
        elif repaired is not None and not _is_statement(repaired):
            refused = (await self._connection.engine.bind(statement.text)).problems
            if refused and repaired.query is not None:
                return None, (*(shifted(problem, start) for problem in refused), _offer_of_repair(repaired))
            if refused:
                return None, tuple(shifted(problem, start) for problem in refused)
        task = asyncio.get_running_loop().create_task(
            self._scheduler.submit(statement.text, query, analysis.catalog), name="submit"
        )
        self._submits.add(task)
        try:
            return await task, ()
        except EngineError as error:
            problem = error.problem or Problem("engine", error.message, None, "error", error.hint)
            return None, (shifted(problem, start),)
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():  # the client took its request back
                raise
            return None, (Problem("cancelled", "The submit was cancelled.", None, "information"),)
        finally:
            self._submits.discard(task)

    def _on_preview(self, speculation: Speculation, answer: Answer) -> None:
        if self._current is not None and speculation.id == self._number:
            self._outlets.answered(answer)
            self._show(self._current, answer=answer)

    def _on_preview_failed(self, speculation: Speculation, problem: Problem) -> None:
        if self._current is not None and speculation.id == self._number:
            # The place is one in the executed text, which the user has not typed.
            analysis = self._current.analysis
            shown = not_run_yet(analysis.repair.sql or "", analysis.catalog) if analysis.repair is not None else None
            self._show(self._current, problems=(*analysis.problems, replace(shown or problem, span=None)))

    def _show(self, analysed: _Analysed, *, answer: Answer | None = None, problems: tuple[Problem, ...] = ()) -> None:
        analysis = analysed.analysis
        said = problems if answer is None else analysis.problems
        self._messages.submit(
            lambda: self._message(analysis, analysed.at, "preview", answer, said), self._outlets.preview
        )

    async def _message(
        self,
        analysis: Analysis,
        started: float,
        purpose: Literal["preview", "submit"],
        answer: Answer | None,
        problems: tuple[Problem, ...],
    ) -> protocol.Preview:
        """A preview, made in a thread so that a wide page does not hold up the loop."""
        make = partial(
            to_lsp.preview,
            analysis,
            self._encoding,
            purpose=purpose,
            answer=answer,
            problems=problems,
            total_seconds=self._clock.now() - started,
        )
        return await asyncio.get_running_loop().run_in_executor(self._executors.replies, make)

    def _on_jobs(self, graph: JobGraph) -> None:
        self.working = any(job.state in ("queued", "running") for job in graph.jobs)
        self._outlets.jobs(to_lsp.jobs(self._uri, graph))

    def _publish_diagnostics(self, analysis: Analysis, problems: tuple[Problem, ...]) -> None:
        self._outlets.diagnostics(analysis, problems)


def _is_statement(repaired: Repair) -> bool:
    """Whether there is a statement to run as written, though it is not a query."""
    return any(problem.code == "not-a-query" for problem in repaired.problems)


def _offer_of_repair(repaired: Repair) -> Problem:
    reasons = "; ".join(edit.reason for edit in repaired.edits[:3])
    return Problem(
        "not-submitted",
        "The statement was not run, because the engine does not accept it as it is written.",
        None,
        "information",
        f"Accept the repair (speql.acceptRepair) and submit again. It would change this: {reasons}.",
    )
