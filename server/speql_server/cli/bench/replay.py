"""Type one query by one protocol, on the virtual clock."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp

import msgspec

from speql_engines import Engine
from speql_engines.engine import EngineError
from speql_scheduler.matching.needed_columns import needs_added_columns
from speql_scheduler.running.answer import Answer
from speql_scheduler.running.settings import SchedulerSettings
from speql_server.cli.bench.edits import explorations
from speql_server.cli.bench.metered_engine import CallKind, MeteredEngine
from speql_server.cli.bench.records import Protocol, ReplayRecord, SubmitRecord
from speql_server.cli.bench.rhythm import HIDDEN_LINES, honest_moment, human, revealed, typed_over
from speql_server.cli.bench.virtual_time import VirtualTimeLoop
from speql_server.cli.comparison import difference, page_of_result
from speql_server.cli.demo.typist import Keystroke
from speql_server.clock import Clock
from speql_server.connecting.connection import Connection
from speql_server.documents import Edited
from speql_server.executors import Executors
from speql_server.outlets import Outlets
from speql_server.prediction import Predictor
from speql_server.protocol import Preview
from speql_server.session import Session
from speql_server.settings import ServerSettings
from speql_speculator.snapshot import Snapshot
from speql_sql.parse import parse_query
from speql_sql.problem import sentences

_TOO_MUCH = ("disk-full", "out-of-memory")
"""What a direct run fails of that this machine is too small for: that says nothing of the rows."""

LOOKING_SECONDS = 15.0
"""How long a line more is looked at, when all work has ended: the protocol gives each step unlimited time."""

EDIT_SECONDS = 5.0
"""From an edit's last keystroke to its submit."""

_SPECULATIVE: tuple[CallKind, ...] = ("execute", "create", "sample", "estimate", "bind", "catalog", "drop")

_QUERIES: tuple[CallKind, ...] = ("execute", "create", "sample")

_URI = "bench:query.sql"


@dataclass(frozen=True)
class ReplaySettings:
    """How much is measured: runs of each direct query, and at most so many previews of a replay compared;
    ``hidden_lines`` are those that the protocol ``lines`` reveals; ``history`` is how many other instances of each
    query were run before, and ``history_directory`` where that history lies.
    """

    slowdown: float = 1.0
    direct_runs: int = 3
    compared_previews: int = 20
    hidden_lines: int = HIDDEN_LINES
    history: int = 0
    history_directory: Path | None = None


async def replay(
    loop: VirtualTimeLoop, engine: Engine, name: str, text: str, protocols: Iterable[Protocol], settings: ReplaySettings
) -> list[ReplayRecord]:
    """Type a query by each of the protocols; ``edits`` goes on where ``human`` ended, or after the whole text."""
    records = []
    protocols = list(protocols)
    if "lines" in protocols:
        async with _document(loop, engine, name, settings) as document:
            records.append(await document.record("lines", document.type_lines(text)))
    if "human" in protocols or "edits" in protocols:
        async with _document(loop, engine, name, settings) as document:
            if "human" in protocols:
                records.append(await document.record("human", document.type_as_human(text)))
            else:
                await document.open(text)
            if "edits" in protocols:
                records.append(await document.record("edits", document.explore(text)))
    return records


@dataclass
class _Document:
    """The document that is typed, and what was seen of it since the last record."""

    loop: VirtualTimeLoop
    engine: MeteredEngine
    session: Session
    name: str
    settings: ReplaySettings
    connection: Connection
    version: int = 0
    submits: list[SubmitRecord] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    previews: list[Preview] = field(default_factory=list)
    answered_last: list[Answer] = field(default_factory=list)
    analysis: dict[int, float] = field(default_factory=dict)
    submitted_at: float = 0.0

    # The protocols.

    async def type_as_human(self, text: str) -> None:
        """Every character, and the submit right after the last."""
        await self._warm([text])
        await self._type(human(text, self.name))
        await self._submit(text, "final")

    async def open(self, text: str) -> None:
        """The whole text at once, and some seconds to think."""
        self._change(text, len(text))
        await asyncio.sleep(EDIT_SECONDS)

    async def explore(self, text: str) -> None:
        """Three edits, each with a submit 5 s after its last keystroke."""
        raw = self.engine.engine
        with self.loop.stopped():
            edits = [edit async for edit in explorations(text, raw, await raw.catalog(), self.name)]
        await self._warm([edit.versions[-1] for edit in edits])
        for edit in edits:
            await asyncio.sleep(EDIT_SECONDS)
            await self._type(typed_over(edit.versions))
            await asyncio.sleep(EDIT_SECONDS)
            await self._submit(edit.versions[-1], edit.name)

    async def type_lines(self, text: str) -> None:
        """A line at a time, each with all the time that it needs; a submit as the decisive lines appear."""
        await self._warm([text])
        prefixes = revealed(text, self.settings.hidden_lines)
        with self.loop.stopped():
            honest = honest_moment(prefixes, (await self.engine.engine.catalog()).dialect)
        for index, prefix in enumerate(prefixes):
            last = index == len(prefixes) - 1
            self._change(prefix, len(prefix))
            if last or index == honest:
                await self._submit(prefix, "final" if last else "honest")
                if last and index == honest:
                    self.submits.append(msgspec.structs.replace(self.submits[-1], moment="honest"))
            await self.session.idle()
            await asyncio.sleep(LOOKING_SECONDS)

    # Steps.

    async def _warm(self, texts: Iterable[str]) -> None:
        """Run each text once while the clock stands still, so that a submit and its direct run find the same caches."""
        with self.loop.stopped():
            for text in texts:
                await self.engine.engine.execute(text, self.connection.scheduler_settings.page_rows)

    async def _type(self, strokes: Iterable[Keystroke]) -> None:
        for stroke in strokes:
            await asyncio.sleep(stroke.pause)
            self._change(stroke.text, stroke.cursor)

    def _edited(self, text: str, cursor: int) -> Edited:
        self.version += 1
        return Edited(Snapshot(_URI, self.version, text, cursor), self.loop.time())

    def _change(self, text: str, cursor: int) -> None:
        self.session.changed(self._edited(text, cursor))

    async def _submit(self, text: str, moment: str) -> None:
        """Submit, then compare with the direct run while the clock stands still."""
        began = self.loop.time()
        self.answered_last.clear()
        shown = await self.session.submit(self._edited(text, len(text)))
        self.submitted_at = self.loop.time()
        seconds = self.submitted_at - began
        answers = tuple(self.answered_last)
        with self.loop.stopped():
            by_added = await self._by_added(text)
        await self.session.idle()
        if not answers:
            reason = " ".join(sentences(problem.message, problem.hint) for problem in shown.problems)
            raise _ReplayError(f"the submit ({moment}) failed: {reason}")
        answer = answers[-1]
        with self.loop.stopped():
            direct_ms, found = await self._compare_with_direct(text, answer)
        uncompared = found if found.startswith("not compared") else ""
        self.submits.append(
            SubmitRecord(
                moment=moment,
                submit_ms=seconds * 1e3,
                executed_ms=answer.result.seconds * 1e3,
                direct_ms=direct_ms,
                served=bool(answer.served_from) or "cached" in answer.states,
                temp_only=answer.temp_only or "cached" in answer.states,
                cached="cached" in answer.states,
                by_added=by_added,
                difference="" if uncompared else found,
                uncompared=uncompared,
                text=text if found else "",
                executed_sql=answer.executed_sql if found else "",
            )
        )

    async def _by_added(self, text: str) -> bool:
        """Whether the temp tables that are there serve the text only because of columns that were added to them."""
        catalog = await self.engine.engine.catalog()
        query = parse_query(text, catalog.dialect).query
        return query is not None and needs_added_columns(query, self.connection.store.views, catalog)

    async def _compare_with_direct(self, text: str, answer: Answer) -> tuple[float, str]:
        """The median time of direct runs, in ms, and what differs."""
        raw, seconds = self.engine.engine, []
        rows = max(int(answer.result.rows.num_rows), self.connection.scheduler_settings.page_rows)
        for _ in range(self.settings.direct_runs):
            started = time.perf_counter()
            direct = await raw.execute(text, rows)
            seconds.append(time.perf_counter() - started)
        found = await difference(raw, text, page_of_result(answer.result, answer.executed_sql), page_of_result(direct))
        return statistics.median(seconds) * 1e3 * self.settings.slowdown, found or ""

    # What is seen.

    def answered(self, answer: Answer) -> None:
        """Called with each answer of the session."""
        self.answered_last.append(answer)
        if answer.served_from:
            self.answers.setdefault(answer.direct_sql, answer)

    def previewed(self, message: Preview) -> None:
        """Called with each message to the editor."""
        if message.purpose == "preview" and message.outcome == "rows":
            self.previews.append(message)

    def analysed(self, seconds: float) -> None:
        """Called after each step of an analysis, which is counted for the newest snapshot."""
        self.analysis[self.version] = self.analysis.get(self.version, 0.0) + seconds

    # Recording.

    async def record(self, protocol: Protocol, typing: Awaitable[None]) -> ReplayRecord:
        """Run the typing and say what it has cost."""
        meter = self.engine.meter
        meter.clear()
        self.submits, self.answers, self.previews = [], {}, []
        began, real, first = self.loop.time(), time.perf_counter(), self.version
        self.analysis = {}
        failure = ""
        try:
            await typing
        except (_ReplayError, EngineError) as error:
            failure = str(error)
        await self.session.idle()
        typed = self.loop.time() - began
        with self.loop.stopped():
            compared, wrong, direct = await self._compare_previews()
        creates = [call for call in meter.calls if call.kind == "create"]
        kinds = sorted({call.kind for call in meter.calls})
        limit = self.connection.scheduler_settings.create_seconds
        queries = meter.busy_seconds(*_QUERIES)
        return ReplayRecord(
            query=self.name,
            protocol=protocol,
            submits=self.submits,
            keystrokes=self.version - first,
            analysis_ms=[round(seconds * 1e3, 2) for seconds in self.analysis.values()],
            preview_ms=[round(preview.timings.total or 0.0, 1) for preview in self.previews],
            preview_direct_ms=direct,
            previews_compared=compared,
            previews_wrong=wrong,
            speculative_ms=meter.busy_seconds(*_SPECULATIVE) * 1e3,
            queries_ms=queries * 1e3,
            after_submit_ms=(queries - meter.busy_seconds(*_QUERIES, until=self.submitted_at)) * 1e3,
            work_over_time=meter.work_over_time(began, began + typed, *_SPECULATIVE),
            busy_ms={kind: round(meter.busy_seconds(kind) * 1e3, 1) for kind in kinds},
            calls={kind: meter.count(kind) for kind in kinds},
            creates_timed_out=sum(c.outcome != "done" and c.ended - c.began >= limit * 0.95 for c in creates),
            direct_ms=sum(submit.direct_ms for submit in self.submits),
            peak_bytes=meter.peak_bytes,
            typing_seconds=round(typed, 1),
            real_seconds=round(time.perf_counter() - real, 1),
            failure=failure,
        )

    async def _compare_previews(self) -> tuple[int, list[str], list[float]]:
        """How many previews over temp tables were compared, those that are wrong, and the direct times in ms."""
        wrong, times, raw = [], [], self.engine.engine
        chosen = list(self.answers.items())
        most = self.settings.compared_previews
        step = max(1, len(chosen) // max(1, most))
        for sql, answer in chosen[::-step][:most]:
            started = time.perf_counter()
            try:
                direct = await raw.execute(
                    sql, max(int(answer.result.rows.num_rows), self.connection.scheduler_settings.page_rows)
                )
                times.append(round((time.perf_counter() - started) * 1e3 * self.settings.slowdown, 1))
                served = replace(page_of_result(answer.result), executed_sql=None)
                found = await difference(raw, sql, served, page_of_result(direct))
            except EngineError as error:
                # A page of a result need not have the row of which an expression fails.
                open_answer = not answer.result.complete or (
                    error.problem is not None and error.problem.code in _TOO_MUCH
                )
                found = f"{'not compared: ' if open_answer else ''}the direct run failed: {error}"
            if found and not found.startswith("not compared"):
                wrong.append(f"{found}\n{sql}\n--> {answer.executed_sql}")
        return len(times), wrong, times


class _ReplayError(Exception):
    """The replay cannot go on; the message says why."""


@asynccontextmanager
async def _document(
    loop: VirtualTimeLoop, engine: Engine, name: str, settings: ReplaySettings
) -> AsyncIterator[_Document]:
    """A document of an editor that was just started: no temp table is left of the query before."""
    metered = MeteredEngine(engine, loop, settings.slowdown)
    clock = Clock(loop.time, asyncio.sleep)
    # Each document has a copy of its own: a query that was replayed is not known to the next replay of it.
    past = mkdtemp(prefix="speql-bench-") if settings.history_directory is not None else None
    if past is not None and settings.history_directory is not None:
        copytree(settings.history_directory, past, dirs_exist_ok=True)
    predictor = Predictor(metered, Path(past) if past is not None else None)
    connection = Connection(metered, SchedulerSettings(clock=loop.time, sleep=asyncio.sleep), predictor=predictor)
    with ThreadPoolExecutor(1, "bench-analysis") as analysis, ThreadPoolExecutor(1, "bench-replies") as replies:
        outlets = Outlets(
            preview=lambda message: document.previewed(message),
            jobs=lambda _: None,
            diagnostics=lambda _analysis, _problems: None,
            answered=lambda answer: document.answered(answer),
        )
        session = Session(connection, Executors(analysis, replies), ServerSettings(), clock, "utf-32", outlets)
        document = _Document(loop, metered, session, name, settings, connection)
        loop.on_thread = lambda executor, seconds: None if executor in (replies, None) else document.analysed(seconds)
        try:
            yield document
        finally:
            await session.close()
            await connection.store.close()
            await predictor.close()
            if past is not None:
                rmtree(past, ignore_errors=True)
