"""A small database, a real server over real stdio, and an editor that types into it."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from speql_server import protocol
from speql_server.client import Client
from speql_server.lsp.positions import Encoding, LineIndex

TABLES = """
CREATE TABLE airlines (carrier VARCHAR PRIMARY KEY, name VARCHAR);
INSERT INTO airlines VALUES ('AA', 'American'), ('UA', 'United'), ('B6', 'JetBlue'), ('ZZ', NULL);
CREATE TABLE flights (id INTEGER PRIMARY KEY, carrier VARCHAR NOT NULL, origin VARCHAR, dep_delay INTEGER, day DATE);
INSERT INTO flights SELECT i, ['AA', 'UA', 'B6'][1 + i % 3], ['JFK', 'LGA', 'EWR', NULL][1 + i % 4],
    CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 37) % 200 - 20 END, DATE '2013-01-01' + (i % 365)::INTEGER
FROM range(5000) t(i);
"""


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "flights.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement).fetchall()
    return path


@pytest.fixture(autouse=True)
def own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not see what another one has run."""
    monkeypatch.setenv("SPEQL_DATA_DIR", str(tmp_path / "speql-data"))
    monkeypatch.setenv("SPEQL_CACHE_DIR", str(tmp_path / "speql-cache"))


@pytest.fixture
def direct(flights: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Rows of a query, run on the file without SpeQL."""

    def run(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(flights), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return run


@dataclass
class Editor:
    """One document in an editor. Every message of the server is decoded with its declared type."""

    client: Client
    uri: str
    encoding: Encoding = "utf-16"
    text: str = ""
    version: int = 0
    seen: int = field(default=0)

    def open(self, text: str = "") -> None:
        self.text, self.version = text, 1
        item = {"uri": self.uri, "languageId": "sql", "version": 1, "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": item})

    def replace(self, start: int, end: int, text: str) -> None:
        """One edit, as an incremental change."""
        edited = self.range(start, end)
        self.text = self.text[:start] + text + self.text[end:]
        self.version += 1
        self.client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": edited, "text": text}],
            },
        )

    def type(self, text: str) -> None:
        """Type at the end, character by character."""
        for character in text:
            self.replace(len(self.text), len(self.text), character)

    def put_cursor(self, offset: int) -> None:
        self.client.notify("speql/cursor", {"uri": self.uri, "position": self.position(offset)})

    def position(self, offset: int) -> dict[str, int]:
        line, character = LineIndex(self.text).position(offset, self.encoding)
        return {"line": line, "character": character}

    def range(self, start: int, end: int) -> dict[str, Any]:
        return {"start": self.position(start), "end": self.position(end)}

    def covered(self, place: dict[str, Any] | protocol.Range | None) -> str:
        """The text that a range covers."""
        assert place is not None
        plain = msgspec.to_builtins(place)
        index = LineIndex(self.text)
        start, end = (
            index.offset(plain[edge]["line"], plain[edge]["character"], self.encoding) for edge in ("start", "end")
        )
        return self.text[start:end]

    async def preview(self, matches: Callable[[protocol.Preview], bool] = lambda _: True) -> protocol.Preview:
        """The next preview of the newest version that matches."""

        def fits(params: Any) -> bool:
            message = msgspec.convert(params, protocol.Preview)
            return message.uri == self.uri and message.version == self.version and matches(message)

        return msgspec.convert(await self.client.wait_for("speql/preview", fits, self.seen), protocol.Preview)

    async def rows(self, matches: Callable[[protocol.Preview], bool] = lambda _: True) -> protocol.Preview:
        """The next preview of the newest version that has rows."""
        return await self.preview(lambda message: message.outcome == "rows" and matches(message))

    async def diagnostics(
        self, matches: Callable[[list[dict[str, Any]]], bool] = lambda _: True
    ) -> list[dict[str, Any]]:
        """The next diagnostics of the newest version that match."""

        def fits(params: Any) -> bool:
            newest = params["uri"] == self.uri and params.get("version") == self.version
            return newest and matches(params["diagnostics"])

        found: list[dict[str, Any]] = (await self.client.wait_for("textDocument/publishDiagnostics", fits, self.seen))[
            "diagnostics"
        ]
        return found

    async def complete(self, offset: int) -> list[str]:
        params = {"textDocument": {"uri": self.uri}, "position": self.position(offset)}
        answer = await self.client.request("textDocument/completion", params)
        return [item["label"] for item in answer["items"]]

    async def command(self, name: str, *arguments: Any) -> Any:
        return await self.client.request("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    async def submit(self, offset: int | None = None) -> protocol.Preview:
        place = [] if offset is None else [self.position(offset)]
        return msgspec.convert(await self.command("speql.submit", self.uri, *place), protocol.Preview)

    def forget(self) -> None:
        """Look only at messages from now on."""
        self.seen = len(self.client.received)


Start = Callable[..., Awaitable[Editor]]


FORKED = Path(__file__).parent / "forked_servers.py"


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """The socket of a process that forks servers; None where the system cannot do that."""
    if not hasattr(os, "pidfd_open"):
        yield None
        return
    path = tmp_path_factory.mktemp("forking") / "socket"
    command = [sys.executable, FORKED, "fork", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield path
        process.communicate(timeout=10)


async def forked(path: Path, arguments: Sequence[str]) -> Client:
    """A client of a server that is forked, see `forked_servers`."""
    command = [sys.executable, "-S", "-E", FORKED, "serve", path, *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24
    )
    assert process.stdout is not None
    assert process.stdin is not None
    client = Client(process.stdout, process.stdin, process)
    client.listen()
    return client


@pytest.fixture
async def start(forking: Path | None) -> AsyncIterator[Start]:
    """Start a server, do the handshake and hand out an editor with one document, which is not open yet.

    It is forked, unless the test needs a process of its ``own``, with a number to look at or to kill.
    """
    clients: list[Client] = []
    numbers = itertools.count(1)

    async def started(
        *arguments: str | Path,
        encodings: Sequence[str] = (),
        options: Any = None,
        on: Client | None = None,
        handshake: bool = True,
        own: bool = False,
    ) -> Editor:
        client = on
        if client is None:
            words = [str(argument) for argument in arguments]
            if own or forking is None:
                # Compiled modules are kept, as a user's Python does: a start takes half as long with them.
                client = await Client.start(*words, environment={"PYTHONDONTWRITEBYTECODE": ""})
            else:
                client = await forked(forking, words)
            clients.append(client)
        encoding: Encoding = "utf-16"
        if on is None and handshake:
            encoding = (await client.initialize(encodings, options))["positionEncoding"]
        return Editor(client, f"file:///query{next(numbers)}.sql", encoding)

    yield started
    for client in clients:
        if client.process is not None and client.process.returncode is None:
            await client.stop()
        await client.close()
