"""The main job: type, submit, edit, submit again, and compare each submit with its direct run."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from speql_engines.connections import open_engine
from speql_scheduler.running.settings import SchedulerSettings
from speql_server.cli.comparison import difference, page_of_preview, page_of_result
from speql_server.cli.demo.demo_query import DemoQuery
from speql_server.cli.demo.report import DemoReport, Submitted
from speql_server.cli.demo.typist import Keystroke, keystrokes, retyped
from speql_server.cli.demo.watcher import Watcher
from speql_server.clock import Clock
from speql_server.connecting.connection import Connection
from speql_server.documents import Edited
from speql_server.executors import Executors
from speql_server.outlets import Outlets
from speql_server.protocol import Jobs, Preview
from speql_server.session import Session
from speql_server.settings import ServerSettings
from speql_speculator.snapshot import Snapshot
from speql_sql import SpeqlError
from speql_sql.problem import sentences

DIRECT_RUNS = 3
_URI = "demo:query.sql"


async def tell(query: DemoQuery, database: str, speed: float, watcher: Watcher) -> DemoReport:
    """Do the whole run on a database and report what it measured. Uses the same session that an editor talks to."""
    async with _document(database, watcher) as document:
        await document.check(query.text)
        started = time.perf_counter()
        typed = await document.type(keystrokes(query.text, speed))
        typing_seconds = time.perf_counter() - started
        submit = await document.submit(query.text)
        previews, creates = tuple(document.preview_ms), dict(document.create_ms)
        speculative_ms = sum(creates.values()) + document.previews_engine_ms
        edit = None
        if query.edited_text is not None:
            watcher.said(f"one exploratory edit: {query.edit}")
            await document.type(retyped(query.text, query.edited_text, speed))
            edit = await document.submit(query.edited_text)
        return DemoReport(
            query=query.name,
            database=document.connection.engine.info.label,
            engine=f"{document.connection.engine.info.engine} {document.connection.engine.info.version}",
            speed=speed,
            keystrokes=typed,
            typing_seconds=typing_seconds,
            previews=len(previews),
            preview_ms_median=statistics.median(previews) if previews else None,
            jobs_done=len(creates),
            speculative_ms=speculative_ms,
            submit=submit,
            edit=edit,
            edit_description=query.edit,
        )


@dataclass
class _Document:
    """The document that is typed: its session, and what was seen of it."""

    connection: Connection
    session: Session
    watcher: Watcher
    clock: Clock
    version: int = 0
    preview_ms: list[float] = field(default_factory=list)
    previews_engine_ms: float = 0.0
    create_ms: dict[str, float] = field(default_factory=dict)

    async def check(self, text: str) -> None:
        """Say before typing what would fail after it: the demo types one query that the engine accepts."""
        problems = (await self.connection.engine.bind(text)).problems
        if problems:
            reason = " ".join(problem.text for problem in problems)
            raise SpeqlError(f"The demo cannot show this query: {reason}", "Give it one query that only reads.")

    async def type(self, strokes: Iterator[Keystroke]) -> int:
        """Type to the end, and no pause after it; the number of keystrokes."""
        typed = 0
        for stroke in strokes:
            await asyncio.sleep(stroke.pause)
            edited = self._edited(stroke.text, stroke.cursor)
            self.watcher.typed(stroke.text, edited.snapshot.version)
            self.session.changed(edited)
            typed += 1
        return typed

    async def submit(self, text: str) -> Submitted:
        """Submit, then run the same text directly and compare. The direct runs have the machine to themselves."""
        edited = self._edited(text, len(text))
        self.watcher.typed(text, edited.snapshot.version)
        self.watcher.submitted(text)
        started = time.perf_counter()
        served = await self.session.submit(edited)
        submit_ms = (time.perf_counter() - started) * 1000
        if served.outcome != "rows":
            reason = " ".join(sentences(problem.message, problem.hint) for problem in served.problems)
            raise SpeqlError(f"The query did not run: {reason}", "Correct it, then run the demo again.")
        self.watcher.said("the same query directly, to compare")
        await self.session.idle()
        engine, times = self.connection.engine, []
        for _ in range(DIRECT_RUNS):
            started = time.perf_counter()
            direct = await engine.execute(text, max_rows=len(served.rows) or 1)
            times.append((time.perf_counter() - started) * 1000)
        different = await difference(engine, text, page_of_preview(served), page_of_result(direct))
        return Submitted(
            text=text,
            submit_ms=submit_ms,
            direct_ms=statistics.median(times),
            direct_runs=DIRECT_RUNS,
            rows=served.total_rows if served.total_rows is not None else len(served.rows),
            states=tuple(served.states),
            served_from=tuple(served.served_from),
            temp_only=served.temp_only,
            executed_sql=served.executed_sql,
            difference=different,
        )

    def previewed(self, preview: Preview) -> None:
        """Called for each preview message."""
        if preview.purpose == "preview" and preview.outcome == "rows" and preview.timings.total is not None:
            self.preview_ms.append(preview.timings.total)
            if "cached" not in preview.states:
                self.previews_engine_ms += preview.timings.engine or 0.0
        self.watcher.previewed(preview)

    def jobs_changed(self, jobs: Jobs) -> None:
        """Called for each change of the job graph."""
        for node in jobs.nodes:
            if node.milliseconds is not None and node.kind == "create":
                self.create_ms[node.key] = node.milliseconds
        self.watcher.jobs_changed(jobs)

    def _edited(self, text: str, cursor: int) -> Edited:
        self.version += 1
        return Edited(Snapshot(_URI, self.version, text, cursor), self.clock.now())


@asynccontextmanager
async def _document(database: str, watcher: Watcher) -> AsyncIterator[_Document]:
    """An open document on a database; everything is closed when it is left."""
    engine = await open_engine(database)
    connection, clock = Connection(engine, SchedulerSettings()), Clock()
    try:
        with ThreadPoolExecutor(1, "demo-analysis") as analysis, ThreadPoolExecutor(1, "demo-replies") as replies:
            outlets = Outlets(
                preview=lambda message: document.previewed(message),
                jobs=lambda message: document.jobs_changed(message),
                diagnostics=lambda _analysis, _problems: None,
            )
            session = Session(connection, Executors(analysis, replies), ServerSettings(), clock, "utf-32", outlets)
            document = _Document(connection, session, watcher, clock)
            try:
                yield document
            finally:
                await session.close()
    finally:
        await connection.close()
