"""Progress of what takes over a second, and stopping it down to the engine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import pytest

from speql_engines import DuckDBEngine, Engine
from speql_server import protocol
from speql_server.app import create_server
from speql_server.client import Client
from speql_server.clock import Clock
from speql_server.connecting.profile import ConnectionProfile
from speql_server.settings import ServerSettings
from speql_server.wire.framing import framed_bodies
from speql_server.wire.transport import serve_messages
from speql_sql import Catalog

from .conftest import Start

SHOWS = {"window": {"workDoneProgress": True}}
SLOW = "SELECT count(*) FROM range(3000000) a, range(3000000) b WHERE (a.range * b.range) % 7 = 3"


def progress(client: Client, kind: str) -> list[Any]:
    found = [one["params"] for one in client.received if one["method"] == "$/progress"]
    return [one for one in found if one["value"]["kind"] == kind]


async def begun(client: Client) -> Any:
    return await client.wait_for("$/progress", lambda params: params["value"]["kind"] == "begin")


async def test_a_slow_submit_is_shown_and_stopped(start: Start) -> None:
    editor = await start(handshake=False, options=None)
    await editor.client.initialize(options={"speculate": False}, capabilities=SHOWS)
    editor.open(SLOW)
    _, answer = editor.client.send_request(
        "workspace/executeCommand", {"command": "speql.submit", "arguments": [editor.uri]}
    )
    begin = await begun(editor.client)
    created = await editor.client.wait_for("window/workDoneProgress/create")
    assert created == {"token": begin["token"]}
    assert begin["value"]["title"] == "Running the query"
    assert begin["value"]["cancellable"] is True
    report = await editor.client.wait_for("$/progress", lambda params: params["value"]["kind"] == "report")
    assert report["value"]["message"].endswith(" s")
    editor.client.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
    shown = msgspec.convert(await asyncio.wait_for(answer, 20), protocol.Preview)
    assert [problem.code for problem in shown.problems] == ["cancelled"]
    await editor.client.wait_for("$/progress", lambda params: params["value"]["kind"] == "end")
    other = await start(on=editor.client)
    other.open("SELECT 42")
    assert (await other.submit()).rows == [[42]], "the engine is free again"
    assert len(progress(editor.client, "begin")) == 1, "what is quick is not shown"


@dataclass
class Time:
    """A clock of which the sleeps end when the test says so."""

    asleep: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)
    slept: asyncio.Event = field(default_factory=asyncio.Event)
    at: float = 0.0

    def clock(self) -> Clock:
        return Clock(lambda: self.at, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asleep.append((self.at + seconds, waking))
        self.slept.set()
        await waking

    def pass_(self, seconds: float) -> None:
        self.at += seconds
        due = [one for one in self.asleep if one[0] <= self.at]
        self.asleep = [one for one in self.asleep if one[0] > self.at]
        for _, waking in due:
            if not waking.done():
                waking.set_result(None)


@asynccontextmanager
async def connected(open_engine: Callable[[ConnectionProfile], Any], time: Time) -> AsyncIterator[Client]:
    """A client of a server in this process, whose engine the test opens."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = create_server(ServerSettings(database="some.duckdb"), open_engine=open_engine, clock=time.clock())
        server.messages.set_writer(writer)
        await serve_messages(server, framed_bodies(reader, lambda: server.messages.most_bytes))
        writer.close()
        done.set_result(None)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = Client(*await asyncio.open_connection(*listener.sockets[0].getsockname()[:2]))
    client.listen()
    try:
        yield client
        await client.request("shutdown")
        client.notify("exit")
    finally:
        await client.close()
        await asyncio.wait_for(done, 20)
        listener.close()


async def test_opening_can_be_stopped() -> None:
    time, stopped = Time(), asyncio.Event()

    async def open_engine(profile: ConnectionProfile) -> Engine:
        if profile.database is not None:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()
        return await DuckDBEngine.open(None)

    async with connected(open_engine, time) as client:
        await client.initialize(capabilities=SHOWS)
        await asyncio.wait_for(time.slept.wait(), 20)
        assert progress(client, "begin") == []
        time.pass_(1.0)
        begin = await begun(client)
        assert begin["value"]["title"] == "Opening some.duckdb"
        client.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
        await asyncio.wait_for(stopped.wait(), 20)
        told = await client.wait_for("window/showMessage")
        assert "Opening some.duckdb was cancelled. SpeQL goes on with an empty database in memory." in told["message"]
        assert len(progress(client, "end")) == 1
        status = await client.wait_for("speql/status", lambda params: params["connection"]["state"] == "failed")
        assert "cancelled" in status["connection"]["message"]


class SlowCatalog:
    """A real engine whose tables are read only the second time that somebody asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._asked = engine, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def catalog(self) -> Catalog:
        self._asked += 1
        if self._asked == 1:
            await asyncio.Event().wait()
        return await self._engine.catalog()


async def test_reading_the_tables_can_be_stopped() -> None:
    time = Time()

    async def open_engine(_: ConnectionProfile) -> Engine:
        return cast(Engine, SlowCatalog(await DuckDBEngine.open(None)))

    async with connected(open_engine, time) as client:
        await client.initialize(capabilities=SHOWS)
        begin = None
        while begin is None:
            await asyncio.wait_for(time.slept.wait(), 20)
            time.pass_(1.0)
            await asyncio.sleep(0)
            titles = {one["value"]["title"]: one for one in progress(client, "begin")}
            begin = titles.get("Reading the tables of in-memory")
        client.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
        status = await client.wait_for("speql/status", lambda params: params["connection"]["state"] == "failed")
        assert "Reading the tables of in-memory was cancelled" in status["connection"]["message"]
        document = {"uri": "file:///a.sql", "languageId": "sql", "version": 1, "text": "SELECT 1"}
        client.notify("textDocument/didOpen", {"textDocument": document})
        outline = await client.request("textDocument/documentSymbol", {"textDocument": {"uri": document["uri"]}})
        assert [symbol["name"] for symbol in outline] == ["SELECT 1"]


@pytest.mark.parametrize("capabilities", [{}, SHOWS])
async def test_what_is_quick_is_not_shown_and_who_cannot_show_it_is_not_asked(capabilities: dict[str, Any]) -> None:
    time, go = Time(), asyncio.Event()

    async def open_engine(_: ConnectionProfile) -> Engine:
        await go.wait()
        return await DuckDBEngine.open(None)

    async with connected(open_engine, time) as client:
        await client.initialize(capabilities=capabilities)
        await client.wait_for("speql/status")
        if not capabilities:
            time.pass_(100.0)
        go.set()
        await client.wait_for("speql/status", lambda params: params["connection"]["state"] == "open")
        assert not [one for one in client.received if one["method"] in ("window/workDoneProgress/create", "$/progress")]
