"""The databases that the cells of a notebook have opened, each with one SpeQL session."""

import asyncio
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from speql_engines.connections import open_engine
from speql_notebook.background import BackgroundLoop
from speql_scheduler.running.settings import SchedulerSettings
from speql_server.clock import Clock
from speql_server.connection import Connection, predictor_of
from speql_server.documents import Edited
from speql_server.executors import Executors
from speql_server.outlets import Outlets
from speql_server.protocol import Preview
from speql_server.session import Session
from speql_server.settings import ServerSettings
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import split_statements

IN_MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement of a cell, and what submitting it gave."""

    statement: str
    preview: Preview
    database: str


class Databases:
    """Opens each database once, and runs statements on it in a background loop.

    Submits go through the same session that serves an editor, so a statement may be answered from the temp tables that
    earlier ones left behind, and after each the session goes on with what the next one may need.
    """

    def __init__(self) -> None:
        self._loop: BackgroundLoop | None = None
        self._open: dict[tuple[str, bool], _Connected] = {}

    def open(self, database: str, *, writable: bool) -> "OpenDatabase":
        """The database, opened if it is not yet. Raises :class:`~speql_engines.ConnectionFailedError`."""
        if self._loop is None:
            self._loop = BackgroundLoop("speql-notebook")
        in_memory = database == IN_MEMORY
        name = IN_MEMORY if in_memory else str(Path(database).expanduser().resolve())
        return OpenDatabase(self._loop, self._loop.run(self._opened(name, writable or in_memory)))

    def close(self) -> None:
        """Stop what runs, drop the temp tables, release the files and end the threads. Safe to call twice."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.run(self._close_all())
            loop.close()

    async def _opened(self, name: str, writable: bool) -> "_Connected":
        key = (name, writable)
        if key not in self._open:
            # DuckDB opens a file once in a process, and either for reading or for writing.
            await self._close_all(name)
            self._open[key] = await _Connected.open(None if name == IN_MEMORY else name, writable=writable)
        return self._open[key]

    async def _close_all(self, name: str | None = None) -> None:
        chosen = [key for key in self._open if name is None or key[0] == name]
        await asyncio.gather(*(self._open.pop(key).close() for key in chosen))


class OpenDatabase:
    """What a cell runs its statements on."""

    def __init__(self, loop: BackgroundLoop, connected: "_Connected") -> None:
        self._loop = loop
        self._connected = connected

    def run(self, sql: str) -> Iterator[Ran]:
        """Run the statements of ``sql`` one after another, each when it is asked for."""
        for statement in split_statements(sql):
            preview = self._loop.run(self._connected.submit(statement.text))
            yield Ran(statement.text, preview, self._connected.label)


class _Connected:
    """A connection with its session. Lives on the background loop."""

    def __init__(self, connection: Connection, writable: bool) -> None:
        self._connection = connection
        self._threads = tuple(ThreadPoolExecutor(1, f"speql-notebook-{name}") for name in ("analysis", "replies"))
        self._versions = itertools.count(1)
        self._clock = Clock()
        # Nobody watches previews, jobs and diagnostics here: what a cell shows is what its submit returns.
        outlets = Outlets(preview=lambda _: None, jobs=lambda _: None, diagnostics=lambda _, __: None)
        settings = ServerSettings(workspace=Path.cwd(), writable=writable)
        executors = Executors(analysis=self._threads[0], replies=self._threads[1])
        self._session = Session(connection, executors, settings, self._clock, "utf-32", outlets)

    @classmethod
    async def open(cls, database: str | None, *, writable: bool) -> "_Connected":
        engine = await open_engine(database, workspace=Path.cwd(), writable=writable)
        predictor = predictor_of(engine, ServerSettings(), database)
        return cls(Connection(engine, SchedulerSettings(), predictor=predictor), writable)

    @property
    def label(self) -> str:
        return self._connection.engine.info.label

    async def submit(self, statement: str) -> Preview:
        """Run a statement as it is written. Its repair, if it needs one, is only told."""
        snapshot = Snapshot("speql-notebook:cell.sql", next(self._versions), statement, len(statement))
        edited = Edited(snapshot, self._clock.now())
        preview = await self._session.submit(edited)
        if preview.outcome == "rows":
            self._session.changed(edited)
        return preview

    async def close(self) -> None:
        await self._session.close()
        await self._connection.close()
        for thread in self._threads:
            thread.shutdown(wait=True, cancel_futures=True)
