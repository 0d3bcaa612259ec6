"""Real DuckDB files and engines on them."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from speql_engines import DuckDBEngine

SCHEMA = """
    CREATE TABLE sales (id INTEGER PRIMARY KEY, region VARCHAR NOT NULL, amount DECIMAL(9, 2), day DATE);
    INSERT INTO sales SELECT i, 'region ' || i % 3, i * 1.5, DATE '2024-01-01' + (i % 365)::INTEGER
    FROM range(1000) r(i);
    CREATE TABLE big AS SELECT i AS a, md5(i::VARCHAR) AS s FROM range(300000) r(i);
"""

OpenEngine = Callable[..., Awaitable[DuckDBEngine]]


@pytest.fixture(scope="session")
def pristine_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, copied for each test."""
    path = tmp_path_factory.mktemp("pristine") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA)
    return path


@pytest.fixture
def database(pristine_database: Path, tmp_path: Path) -> Path:
    """A DuckDB file with two tables."""
    return Path(shutil.copy(pristine_database, tmp_path / "shop.duckdb"))


@pytest.fixture
async def open_duckdb(tmp_path: Path) -> AsyncIterator[OpenEngine]:
    """Opens engines that are closed at the end; what they spill goes to the test's own folder."""
    engines: list[DuckDBEngine] = []

    async def open_duckdb(path: Path | None = None, **settings: Any) -> DuckDBEngine:
        settings.setdefault("spill_parent", tmp_path / "spill")
        engines.append(await DuckDBEngine.open(path, **settings))
        return engines[-1]

    yield open_duckdb
    for engine in engines:
        await engine.close()


@pytest.fixture
async def engine(open_duckdb: OpenEngine, database: Path) -> DuckDBEngine:
    """An engine that reads `database`."""
    return await open_duckdb(database)


class Timers:
    """Stands in for the event loop's call_later: calls run when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, callback: Callable[[], None]) -> "Timers.Handle":
        item = (delay, callback)
        self.waiting.append(item)
        return Timers.Handle(self, item)

    class Handle:
        def __init__(self, timers: "Timers", item: tuple[float, Callable[[], None]]) -> None:
            self._timers, self._item = timers, item

        def cancel(self) -> None:
            if self._item in self._timers.waiting:
                self._timers.waiting.remove(self._item)

    def fire(self) -> None:
        """Run what waits."""
        waiting, self.waiting = self.waiting, []
        for _, callback in waiting:
            callback()


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def run_python() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs Python code in another process, to its end."""

    def run(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def holds_open() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts another process that opens a DuckDB file and keeps it open until the test ends."""
    started: list[subprocess.Popen[str]] = []

    def hold(path: Path, read_only: bool = False) -> "subprocess.Popen[str]":
        code = (
            "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True');"
            "print('open', flush=True); sys.stdin.read()"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path), str(read_only)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    yield hold
    for process in started:
        process.communicate()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Waits until something is so, and fails if it does not become so."""

    async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 -- what is waited for happens on a thread that tells nobody
                await asyncio.sleep(0)

    return until
