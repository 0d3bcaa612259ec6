"""Clients that go, stop reading or are killed, and database files that others hold, change or take away."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from websockets.asyncio.client import connect

from speql_server.app import create_server
from speql_server.settings import ServerSettings
from speql_server.wire import transport, websocket
from speql_server.wire.access import Token
from speql_speculator.snapshot import Snapshot

from .conftest import TABLES, Start

PARENT = """
import asyncio, os, sys
from speql_server.client import Client

async def main():
    client = await Client.start("--database", sys.argv[1])
    if sys.argv[2] == "keeps":
        # A child that outlives its parent and holds the other end of the server's standard input.
        descriptor = client.writer.transport.get_extra_info("pipe").fileno()
        os.set_inheritable(descriptor, True)
        child = await asyncio.create_subprocess_exec("sleep", "60", close_fds=False)
    await client.initialize()
    item = {"uri": "file:///a.sql", "languageId": "sql", "version": 1, "text": "SELECT count(*) FROM flights"}
    client.notify("textDocument/didOpen", {"textDocument": item})
    await client.wait_for("speql/preview")
    print(client.process.pid, child.pid if sys.argv[2] == "keeps" else 0, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("pipe", ["closes", "keeps"])
def test_a_client_that_is_killed(flights: Path, pipe: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(flights), pipe], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    server, child = map(int, parent.stdout.readline().split())
    process = psutil.Process(server)
    try:
        parent.kill()
        parent.wait()
        process.wait(15)
    except psutil.TimeoutExpired:
        process.kill()
        pytest.fail("the server outlives its client")
    finally:
        parent.stdout.close()
        if child:
            os.kill(child, signal.SIGKILL)
    with duckdb.connect(str(flights)):  # the lock is gone
        pass


def framed(**message: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_a_client_that_stops_reading(flights: Path) -> None:
    """It goes on asking, and then closes its end: the server neither waits for it nor stays."""
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": {}}
    item = {"uri": "file:///a.sql", "languageId": "sql", "version": 1, "text": "SELECT * FROM flights"}
    place = {"textDocument": {"uri": "file:///a.sql"}, "position": {"line": 0, "character": 7}}
    command = [sys.executable, "-m", "speql_server", "--database", str(flights)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(framed(id=1, method="initialize", params=params))
        process.stdin.write(framed(method="initialized", params={}))
        process.stdin.write(framed(method="textDocument/didOpen", params={"textDocument": item}))
        for number in range(2_000):
            process.stdin.write(framed(id=number + 2, method="textDocument/completion", params=place))
        process.stdin.close()
        assert process.wait(30) == 1
    with duckdb.connect(str(flights)):
        pass


@pytest.fixture
def own_flights(tmp_path: Path) -> Path:
    path = tmp_path / "own.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement)
    return path


HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"


@pytest.fixture
def held_flights(own_flights: Path) -> Iterator[Path]:
    """A database that another process has open for writing."""
    command = [sys.executable, "-c", HOLDER, str(own_flights)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield own_flights
        holder.communicate("\n")


async def test_a_database_that_another_process_is_writing(start: Start, held_flights: Path) -> None:
    editor = await start("--database", held_flights, own=True)
    shown = await editor.client.wait_for("window/showMessage")
    assert held_flights.name in shown["message"]
    assert "in memory" in shown["message"]
    editor.open("SELECT 6 * 7 AS answer")
    assert (await editor.rows()).rows == [[42]]
    assert await editor.client.stop() == 0


async def test_a_database_that_is_taken_away_while_it_is_open(start: Start, own_flights: Path) -> None:
    editor = await start("--database", own_flights)
    editor.open("SELECT count(*) AS n FROM flights")
    assert (await editor.rows()).rows == [[5000]]
    await asyncio.to_thread(own_flights.unlink)
    for number in range(3):
        editor.forget()
        editor.replace(0, len(editor.text), f"SELECT {number}, count(*) AS n FROM airlines")
        answer = await editor.submit()
        # The file may still be held, then it is read; or it is missed, and the answer says so.
        assert answer.outcome == "rows" or own_flights.name in answer.problems[0].message
    assert await editor.client.stop() == 0


async def test_a_database_that_is_replaced_by_something_else(start: Start, own_flights: Path) -> None:
    editor = await start("--database", own_flights)
    editor.open("SELECT count(*) AS n FROM flights")
    await editor.rows()
    other = own_flights.with_suffix(".txt")
    other.write_text("this is no database\n" * 1_000)
    await asyncio.to_thread(other.replace, own_flights)
    answer = await editor.submit()
    assert answer.outcome in ("rows", "failed")
    editor.replace(0, len(editor.text), "SELECT 1 AS one")
    await editor.diagnostics()
    assert await editor.client.stop() == 0


async def test_a_server_that_ends_leaves_no_process_and_no_file(start: Start, own_flights: Path) -> None:
    editor = await start("--database", own_flights, own=True)
    editor.open("SELECT carrier, count(*) AS n FROM flights GROUP BY carrier")
    await editor.rows()
    assert editor.client.process is not None
    family = psutil.Process(editor.client.process.pid)
    children = family.children(recursive=True)
    began = time.monotonic()
    assert await editor.client.stop() == 0
    assert time.monotonic() - began < 5
    assert not [child for child in children if child.is_running()]
    assert sorted(path.name for path in own_flights.parent.iterdir() if path.name.startswith("own")) == ["own.duckdb"]


SLOW = "SELECT count(*) FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7"


async def test_a_submit_that_comes_as_its_document_is_closed_is_not_begun(flights: Path) -> None:
    server = create_server(ServerSettings(database=str(flights)))
    server.documents.put(Snapshot("file:///a.sql", 1, SLOW), 0.0)
    try:
        found = await server.session("file:///a.sql")
        assert found is not None
        submitted = asyncio.ensure_future(found[0].submit(found[1]))
        await asyncio.sleep(0)  # it has begun, and its statement is being read
        await asyncio.wait_for(found[0].close(), 20)
        assert [problem.code for problem in (await submitted).problems] == ["cancelled"]
    finally:
        await server.close()


class Stuck:
    """A server, as it is; only that it never comes to its end."""

    def __init__(self, closing: asyncio.Event) -> None:
        self._real = create_server()
        self._closing = closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def close(self) -> None:
        self._closing.set()
        await asyncio.Event().wait()


TOKEN = Token("a" * 20, generated=False)


async def vanishes_from_tcp(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.transport.abort()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def vanishes_from_a_websocket(port: int) -> None:
    connection = await connect(f"ws://127.0.0.1:{port}/?token={TOKEN.value}")
    connection.transport.abort()
    await connection.wait_closed()


@pytest.mark.parametrize("way", ["tcp", "websocket"])
async def test_a_server_that_does_not_end_takes_no_other_with_it(
    way: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closing, said, ended = asyncio.Event(), list[str](), list[int]()
    module = transport if way == "tcp" else websocket
    monkeypatch.setattr(module, "create_server", lambda _: Stuck(closing))
    monkeypatch.setattr(transport, "_CLOSE_SECONDS", 0.01)
    monkeypatch.setattr(os, "_exit", ended.append)
    listening = asyncio.Event()

    def announce(text: str) -> None:
        said.append(text)
        listening.set()

    if way == "tcp":
        serving = asyncio.ensure_future(transport.serve_tcp(ServerSettings(), "127.0.0.1", 0, TOKEN, announce))
    else:
        serving = asyncio.ensure_future(
            websocket.serve_websocket(ServerSettings(), "127.0.0.1", 0, TOKEN, (), announce)
        )
    try:
        await listening.wait()
        port = int(said[0].rsplit(":", 1)[1])
        vanishes = vanishes_from_tcp if way == "tcp" else vanishes_from_a_websocket
        for _ in range(2):  # the second is let in after the first has not ended
            closing.clear()
            await vanishes(port)
            await asyncio.wait_for(closing.wait(), 20)
        async with asyncio.timeout(20):
            while sum("did not stop" in record.message for record in caplog.records) + len(ended) < 2:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert ended == []


async def test_a_server_ends_without_a_word(start: Any, flights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    editor = await start("--database", flights, own=True)
    editor.open()
    editor.type("SELECT count(*) AS n FROM flights")
    await editor.rows()
    assert await editor.client.stop() == 0
    assert capfd.readouterr().err == ""
