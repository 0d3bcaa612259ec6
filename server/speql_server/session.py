"""A document while it is open: from each snapshot to analysis, diagnostics, speculation and previews."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from speql_engines import ResultColumn
from speql_engines.unasked_binding import bind_unasked
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.job_graph import JobGraph
from speql_scheduler.running.scheduler import Scheduler
from speql_scheduler.running.speculation import Speculation
from speql_server import protocol
from speql_server.analysing import Analysing
from speql_server.analysis import Analysis, Analyst
from speql_server.clock import Clock
from speql_server.completer import Completer
from speql_server.connecting.connection import Connection
from speql_server.diagnostics import Diagnoser
from speql_server.documents import Edited
from speql_server.earlier_cells import not_run_yet
from speql_server.executors import Executors
from speql_server.language_model.mender import Mender
from speql_server.language_model.room import LanguageModel
from speql_server.latest_only import LatestOnly
from speql_server.learnt import Learnt
from speql_server.lsp import to_lsp
from speql_server.lsp.positions import Encoding
from speql_server.outlets import Outlets
from speql_server.pauses import RestCollector
from speql_server.precedence import SAME_BREATH_SECONDS
from speql_server.results.requests import ResultRequests
from speql_server.settings import ServerSettings
from speql_server.stale_reads import StaleReads
from speql_server.statement_runs import StatementRuns
from speql_speculator.navigating.hovering import Hover
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, FunctionSignature, Problem, Span, SpeqlError

T = TypeVar("T")

ANALYSIS_SECONDS = 1.0
"""How long a request waits for the analysis of the newest text: a submit may be ahead of it."""

_READ = "read"
"""The kind of `StaleReads`."""


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
        earlier: Callable[[], Sequence[Snapshot]] = tuple,
    ) -> None:
        self._connection = connection
        self.made_of = (connection, settings, language_model, connection.predictor)
        """What it works with. Where one of these is another now, another session takes its place."""
        self._catalog = catalog or connection.catalog
        self._executors = executors
        self._settings = settings
        self._clock = clock
        self._encoding = encoding
        self._outlets = outlets
        self._reads = StaleReads(executors.replies)
        self.completer = Completer(
            connection, self._reads, self._catalog, encoding, values=_proposes_values(settings, connection)
        )
        self._analyst = Analyst(settings.document_limit, settings.statement_limit)
        self._analyses: LatestOnly[_Analysed] = LatestOnly("analysis", sleep=clock.sleep)
        self._messages: LatestOnly[protocol.Preview] = LatestOnly("preview message", sleep=clock.sleep)
        self._diagnoser = Diagnoser(
            connection.engine, self._analyst, executors.analysis, settings, clock, self._publish_diagnostics, earlier
        )
        self._scheduler = Scheduler(
            connection.engine,
            connection.store,
            connection.scheduler_settings,
            self._on_preview,
            self._on_preview_failed,
            self._on_jobs,
        )
        self.results = ResultRequests(self._scheduler.results, executors.replies)
        self._shown: tuple[int, str] = (0, "")
        self.paused = False
        """Whether the user has stopped working ahead."""
        self.learnt = Learnt(connection.engine, self._scheduler, clock, outlets.learnt)
        self._uri = ""
        self._number = 0
        self._current: _Analysed | None = None
        self._runs = StatementRuns(connection.engine, self._scheduler)
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
        self._analysing = Analysing(connection, self._analyst, executors.analysis, self._catalog, self._mender)
        self.working = False
        self.tokens_sent: tuple[str, list[int]] = ("", [])
        """The semantic tokens that the client has, with their name: what it asks for next is the difference."""

    @property
    def analyses(self) -> int:
        """How many snapshots were analysed."""
        return self._analysing.count

    def changed(self, edited: Edited) -> None:
        """The document has a new text or cursor."""
        if self._edited is None or self._edited.host.text != edited.host.text:
            self.learnt.stale()
        if self._edited is not None and edited.snapshot.text != self._edited.snapshot.text:
            self._reads.drop(_READ)
        self._uri, self._edited = edited.snapshot.uri, edited
        self._garbage.typed()
        if self._mender is not None:
            self._mender.changed(edited.snapshot.text)
        # What the client asks of the same text, in the same breath, goes before it.
        self._analyses.submit(lambda: self._analyse(edited), self._analysed, quiet_seconds=SAME_BREATH_SECONDS)

    async def submit(self, edited: Edited) -> protocol.Preview:
        """Run the statement at the cursor as the user wrote it, and show its result.

        What the engine does not accept is refused with the problem: see :class:`StatementRuns`.
        """
        return (await self.submit_with_answer(edited))[0]

    async def submit_with_answer(self, edited: Edited) -> tuple[protocol.Preview, Answer | None]:
        """The same, with the answer that the message was made of: the first rows as the engine gave them."""
        self._garbage.hold()
        submitted = self._submitted[edited.snapshot.text] = asyncio.Event()
        try:
            analysis = await self._analysing.repaired_or_why_not(edited.snapshot)
            started = self._clock.now()
            ran = await self._runs.run(analysis)
        finally:
            submitted.set()
            self._submitted.pop(edited.snapshot.text, None)
        answer = ran.answer
        if answer is not None:
            self._outlets.answered(answer)
            self.learnt.submitted(analysis, answer)
            self._connection.served(answer)
            if analysis.statement is not None:
                self._connection.predictor.record(analysis.statement.text, analysis.catalog)
        message = await self._message(analysis, started, "submit", answer, ran.problems, ran.name)
        self._outlets.preview(message)
        if answer is not None and (analysis.repair is None or analysis.repair.query is None):
            self._outlets.wrote()
        return message, answer

    async def explain(self, edited: Edited, offset: int | None) -> protocol.Explained:
        """What would be computed for the statement at a place, and what it would be served from; nothing is run."""
        analysis = await self._analysing.repaired(replace(edited.snapshot, cursor=offset))
        analysis = await self._analysing.planned(analysis)
        repaired = analysis.repair
        if repaired is None or repaired.query is None or analysis.superset is None:
            return to_lsp.explained(analysis, None, self._encoding)
        explanation = await self._scheduler.explain(repaired.query, analysis.superset, analysis.catalog)
        return to_lsp.explained(analysis, explanation, self._encoding)

    def pause(self, paused: bool) -> None:
        """Stop working ahead until further notice, or go on with the next change."""
        self.paused = paused
        if paused:
            self.stop_speculating()

    def stop_speculating(self) -> None:
        """Stop what works ahead; the next change may begin it again."""
        self._scheduler.stop_speculating()

    def cancel(self) -> None:
        """Stop everything that runs for this document."""
        self.cancel_submits()
        self._scheduler.cancel()

    def cancel_submits(self) -> None:
        """Stop what the user has submitted in this document; what works ahead goes on."""
        self._runs.cancel()

    async def read(self, edited: Edited, reader: Callable[[Snapshot, Catalog], T]) -> T:
        """What ``reader`` makes of the newest snapshot and the catalog, in the thread for replies."""
        catalog = await self._catalog()
        if self._edited is not None and edited.snapshot.text != self._edited.snapshot.text:
            raise JsonRpcContentModified("The text has changed since it was asked about.")
        return await self._reads.run(_READ, reader, edited.snapshot, catalog)

    async def columns(self, edited: Edited) -> tuple[ResultColumn, ...]:
        """The columns of the SELECT at the cursor of this version, as the engine binds it; none where it does not.

        Nothing is run.
        """
        current = await self._analysis_of(edited)
        if current is None or current.unit is None:
            return ()
        whole = current.repair.sql if current.repair is not None and current.unit.whole else None
        text = whole or current.unit.query.sql(current.catalog.dialect)
        return (await bind_unasked(self._connection.engine, text)).columns

    async def sample(self) -> str:
        """Show an estimate of the newest preview; an empty text, or why there is none."""
        return await self._scheduler.sample()

    async def explained(self, found: Hover) -> str:
        """What to say of a name. The engine is asked what the text cannot tell: types, and how a function is called."""
        types: dict[str, str] = {}
        if found.binding:
            with suppress(SpeqlError):  # text that does not bind is shown without types
                binding = await bind_unasked(self._connection.engine, found.binding)
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

    async def repair_edit(self, edited: Edited) -> types.WorkspaceEdit | str:
        """The repair of the statement at the cursor as an edit of exactly this version, or why there is none."""
        current = await self._analysis_of(edited)
        if current is None:
            return "The text has changed since it was repaired. Wait for the next preview, then accept again."
        if not current.edits:
            return "There is nothing to repair in the statement at the cursor."
        if all(current.is_predicted(edit) for edit in current.edits):
            return "There is nothing to repair but the word at the cursor: Tab takes what is proposed for it."
        cannot = "The repair cannot be written here: the document says this part of the SQL in another way."
        return to_lsp.repair_edit(current, self._encoding) or cannot

    async def repaired_at(self, edited: Edited, span: Span) -> Analysis | None:
        """The analysis, up to its repair, of the statement that a stretch of this version touches, if there is one.

        A statement that the engine takes as it is typed has no repair.
        """
        current = await self._analysis_of(edited)
        if current is None:
            return None
        touched = (one for one in current.statements if one.span.start <= span.end and span.start <= one.span.end)
        statement = next(touched, None)
        if statement is None or statement == current.statement:
            return current if statement is not None else None
        if self._analyst.too_long(statement) is not None:
            return None
        return await self._analysing.repaired_statement(current, statement)

    async def _analysis_of(self, edited: Edited) -> Analysis | None:
        """The analysis of exactly this version, which may have to be waited for, but not for long; else None."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANALYSIS_SECONDS):
                await self._analyses.settled()
        current = self._current.analysis if self._current is not None else None
        return current if current is not None and current.snapshot.version == edited.snapshot.version else None

    async def same_columns(self, before: str, after: str) -> bool:
        """Whether the engine gives two statements columns of the same names and types; so if it takes neither."""
        engine = self._connection.engine
        try:
            found, again = await bind_unasked(engine, before), await bind_unasked(engine, after)
        except SpeqlError:
            return False  # there is no telling
        return not found.ok or (again.ok and again.columns == found.columns)

    async def idle(self) -> None:
        """Wait until nothing runs for this document any more, for tests and the demo."""
        await self._analyses.settled()
        if self._mender is not None:
            await self._mender.settled()
        await self._analyses.settled()
        await self._scheduler.idle()
        await self._messages.settled()

    async def finish(self) -> None:
        """Close it once what the user has submitted has ended; all else stops now."""
        self.stop_speculating()
        await self._stop_following()
        while self._submitted:
            await next(iter(self._submitted.values())).wait()
        await self.close()

    async def close(self) -> None:
        """Stop everything and wait until it has stopped."""
        self.cancel()
        self._garbage.close()
        await self._stop_following()
        await asyncio.gather(self._runs.close(), self.learnt.close(), return_exceptions=True)
        await self._scheduler.close()

    async def _stop_following(self) -> None:
        """Stop what is done for the text as it is typed."""
        self._reads.drop()
        mending = [self._mender.close()] if self._mender is not None else []
        await asyncio.gather(self._analyses.close(), self._messages.close(), self._diagnoser.close(), *mending)

    async def _analyse(self, edited: Edited) -> _Analysed:
        await self._after_submit(edited.snapshot)
        repaired = await self._analysing.mended(await self._analysing.repaired_or_why_not(edited.snapshot))
        await self._after_submit(edited.snapshot)
        return _Analysed(await self._analysing.planned(repaired), edited.at)

    async def _after_submit(self, snapshot: Snapshot) -> None:
        """Let a submit of this text go ahead: its rows are the preview, and Python's threads take each other's time."""
        if submitted := self._submitted.get(snapshot.text):
            await submitted.wait()

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
        if not self._settings.speculate or self.paused or not self._connection.speculates:
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
                as_typed=analysis.as_typed,
            )
        )

    def _analyse_again(self) -> None:
        """The language model has mended the newest text: analyse it again, with that."""
        if (edited := self._edited) is not None:
            self._analyses.submit(lambda: self._analyse(edited), self._analysed)

    def _on_preview(self, speculation: Speculation, answer: Answer) -> None:
        if self._current is not None and speculation.id == self._number:
            self._outlets.answered(answer)
            self._connection.shown(answer)
            self.learnt.shown(self._current.analysis, answer)
            self._show(self._current, answer=answer, result=self._name_of(speculation))

    def _name_of(self, speculation: Speculation) -> str:
        """The name of a preview's result: the same for the sample and for what takes its place."""
        if self._shown[0] != speculation.id and speculation.preview is not None:
            sql = speculation.sql if speculation.previews_all else None
            name = self._scheduler.results.name(sql, speculation.preview, speculation.catalog)
            self._shown = (speculation.id, name)
        return self._shown[1]

    def _on_preview_failed(self, speculation: Speculation, problem: Problem) -> None:
        if self._current is not None and speculation.id == self._number:
            # The place is one in the executed text, which the user has not typed.
            analysis = self._current.analysis
            shown = not_run_yet(analysis.repair.sql or "", analysis.catalog) if analysis.repair is not None else None
            self._show(self._current, problems=(*analysis.problems, replace(shown or problem, span=None)))

    def _show(
        self,
        analysed: _Analysed,
        *,
        answer: Answer | None = None,
        problems: tuple[Problem, ...] = (),
        result: str = "",
    ) -> None:
        analysis = analysed.analysis
        said = problems if answer is None else analysis.problems
        self._messages.submit(
            lambda: self._message(analysis, analysed.at, "preview", answer, said, result), self._outlets.preview
        )

    async def _message(
        self,
        analysis: Analysis,
        started: float,
        purpose: Literal["preview", "submit"],
        answer: Answer | None,
        problems: tuple[Problem, ...],
        result: str,
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
            result=result,
        )
        return await asyncio.get_running_loop().run_in_executor(self._executors.replies, make)

    def _on_jobs(self, graph: JobGraph) -> None:
        self.working = any(job.state in ("queued", "running") for job in graph.jobs)
        if not self.working and self._current is not None:
            self.learnt.count_at_hand(self._current.analysis)
        catalog = self._current.analysis.catalog if self._current is not None else Catalog()
        self._outlets.jobs(to_lsp.jobs(self._uri, graph, catalog))

    def _publish_diagnostics(self, analysis: Analysis, problems: tuple[Problem, ...]) -> None:
        self._outlets.diagnostics(analysis, problems)


def _proposes_values(settings: ServerSettings, connection: Connection) -> bool:
    """Whether completion may ask the engine for the values of columns: without a word of the user's, where it costs
    nothing.
    """
    wanted = settings.completion_values
    return settings.speculate and (connection.engine.info.engine == "DuckDB" if wanted is None else wanted)
