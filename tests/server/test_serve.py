"""Starting the server: the early answer to initialize, loopback TCP, the log."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from speql_server.cli.serve import loopback_address
from speql_server.client import Client, ServerAnswerError
from speql_server.wire.greeting import initialize_result
from speql_server.wire.serve_error import ServeError


@dataclass
class Listening:
    """A server that listens: its port, and what its clients must say."""

    port: int
    token: str

    async def initialized(self) -> Client:
        client = await self.connected()
        await client.initialize(options={"token": self.token})
        return client

    async def connected(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**24))
        client.listen()
        return client


@asynccontextmanager
async def listening(*arguments: str) -> AsyncIterator[Listening]:
    """A server that listens on a free port of the loopback."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "speql_server", "--tcp", "127.0.0.1:0", *arguments), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    line = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
    assert line.startswith("SpeQL listens on 127.0.0.1:")
    token = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
    assert token.startswith("Its token, for initializationOptions.token: ")
    yield Listening(int(line.rsplit(":", 1)[1]), token.split()[-1])
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 15) == 0


@pytest.fixture
async def tcp() -> AsyncIterator[Listening]:
    async with listening() as found:
        yield found


CAPABILITIES: list[dict[str, Any]] = [
    {},
    {"general": {"positionEncodings": ["utf-32", "utf-8"]}},
    {"general": {"positionEncodings": ["utf-7", "utf-8"]}},
    {"general": {"positionEncodings": []}},
    {
        "workspace": {"workspaceFolders": True, "fileOperations": {"didCreate": True}, "applyEdit": True},
        "textDocument": {
            "synchronization": {"willSave": True, "didSave": True, "willSaveWaitUntil": True},
            "completion": {"completionItem": {"snippetSupport": True}},
            "rename": {"prepareSupport": True},
        },
        "notebookDocument": {"synchronization": {"dynamicRegistration": True}},
    },
    {"textDocument": {"rename": {"prepareSupport": True}}},
]


def without_absences(value: Any) -> Any:
    """A capability that is false or empty is one that is left out."""
    if not isinstance(value, dict):
        return value
    return {name: kept for name, inner in value.items() if (kept := without_absences(inner)) not in (False, {})}


@pytest.mark.parametrize("capabilities", CAPABILITIES)
async def test_the_early_answer_is_the_answer(tcp: Listening, capabilities: dict[str, Any]) -> None:
    """Over TCP pygls itself answers; over stdio `greeting.py` does, with the same."""
    client = await tcp.connected()
    options = {"token": tcp.token}
    params = {"processId": None, "rootUri": None, "capabilities": capabilities, "initializationOptions": options}
    answer = await client.request("initialize", params)
    assert without_absences(initialize_result(params)) == without_absences(answer)
    await client.close()


TOKENS: list[Any] = [
    None,
    {},
    {"token": None},
    {"token": ""},
    {"token": "wrong"},
    {"token": ["right"]},
    "right",
    {"token": "right "},
    {"tokens": "right"},
]


async def test_nothing_is_answered_before_the_token(tcp: Listening) -> None:
    for options in TOKENS:
        client = await tcp.connected()
        with pytest.raises(ServerAnswerError, match="not initialized"):
            await client.request("textDocument/hover", {})
        given = json.loads(json.dumps(options).replace("right", tcp.token))
        with pytest.raises(ServerAnswerError, match="token") as raised:
            await client.initialize(options=given)
        assert tcp.token not in str(raised.value)
        with pytest.raises(ServerAnswerError, match="closed the connection"):  # there is no second try on it
            await client.request("initialize", {"capabilities": {}, "initializationOptions": {"token": tcp.token}})
        await client.close()
    again = await tcp.connected()
    await again.initialize(options={"token": tcp.token})
    await again.close()


async def test_no_long_messages_before_the_token(tcp: Listening) -> None:
    client = await tcp.connected()
    client.writer.write(b"Content-Length: 2000000\r\n\r\n")
    await client.initialize(options={"token": tcp.token})  # the length was not believed
    await client.close()


@pytest.mark.parametrize("way", ["environment", "file"])
async def test_a_token_that_was_given_is_not_said(tmp_path: Path, way: str) -> None:
    token, file = "a-token-that-was-given", tmp_path / "token"
    file.write_text(token)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "speql_server", "--tcp", "127.0.0.1:0"),
        *(("--token-file", str(file)) if way == "file" else ()),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **({"SPEQL_TOKEN": token} if way == "environment" else {})},
    )
    assert process.stderr is not None
    line = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
    client = await Listening(int(line.rsplit(":", 1)[1]), token).connected()
    await client.initialize(options={"token": token})
    await client.close()
    process.terminate()
    said = (await process.communicate())[1].decode()
    assert token not in line + said
    assert process.returncode == 0


async def test_each_tcp_connection_has_a_server_of_its_own(tcp: Listening) -> None:
    first, second = await tcp.initialized(), await tcp.initialized()
    document = {"uri": "file:///a.sql", "languageId": "sql", "version": 1, "text": "CREATE TABLE t AS SELECT 1 AS x"}
    first.notify("textDocument/didOpen", {"textDocument": document})
    await first.request("workspace/executeCommand", {"command": "speql.submit", "arguments": ["file:///a.sql"]})
    with pytest.raises(ServerAnswerError, match="not open"):
        await second.request("workspace/executeCommand", {"command": "speql.submit", "arguments": ["file:///a.sql"]})
    completion = {"textDocument": {"uri": "file:///b.sql"}, "position": {"line": 0, "character": 5}}
    labels = []
    for client in (first, second):
        document = {"uri": "file:///b.sql", "languageId": "sql", "version": 1, "text": "FROM "}
        client.notify("textDocument/didOpen", {"textDocument": document})
        labels.append(
            [item["label"] for item in (await client.request("textDocument/completion", completion))["items"]]
        )
    assert labels == [["t"], []]
    await first.request("shutdown")
    first.notify("exit")
    await first.close()
    assert (await second.request("textDocument/completion", completion))["items"] == []
    await second.close()


SLOW = "SELECT count(*) FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7"


async def goes_before_the_token(client: Client, _: str) -> None:
    """It has said nothing."""


async def goes_within_a_message(client: Client, _: str) -> None:
    client.writer.write(b"Content-Length: 100000\r\n\r\n{")
    await client.writer.drain()


async def goes_while_a_query_runs(client: Client, token: str) -> None:
    await client.initialize(options={"token": token})
    document = {"uri": "file:///slow.sql", "languageId": "sql", "version": 1, "text": SLOW}
    client.notify("textDocument/didOpen", {"textDocument": document})
    await client.wait_for("speql/status", lambda params: params["speculation"]["state"] == "running")


async def goes_while_it_has_asked(client: Client, token: str) -> None:
    await goes_while_a_query_runs(client, token)
    client.send_request("workspace/executeCommand", {"command": "speql.submit", "arguments": ["file:///slow.sql"]})
    await client.wait_for("speql/jobs", lambda params: any(job["state"] == "running" for job in params["nodes"]))


GOING = [goes_before_the_token, goes_within_a_message, goes_while_a_query_runs, goes_while_it_has_asked]


async def test_a_tcp_client_that_vanishes_leaves_nothing(flights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEQL_DEBUG", "1")
    async with listening("--database", str(flights)) as server:
        watcher = await server.initialized()
        document = {"uri": "file:///fast.sql", "languageId": "sql", "version": 1, "text": "SELECT 1 AS one"}
        watcher.notify("textDocument/didOpen", {"textDocument": document})
        await watcher.wait_for("speql/preview")

        async def there() -> tuple[list[str], list[str]]:
            found = await watcher.request("speql/debug", {})
            # The threads of asyncio's own pool serve all, and grow to what was once asked at the same time.
            return [name for name in found["threads"] if not name.startswith("asyncio_")], found["tasks"]

        async with asyncio.timeout(60):
            before = await there()
            while "speql-ledger_0" not in before[0]:  # it begins half a second after the first rows
                before = await there()
            for goes in GOING:
                going = await server.connected()
                await goes(going, server.token)
                going.writer.transport.abort()
                await going.close()
                while any(len(now) > len(then) for now, then in zip(await there(), before, strict=True)):
                    pass
        await watcher.close()
    with duckdb.connect(str(flights)):  # no lock is left
        pass


@pytest.mark.parametrize("address", ["0.0.0.0:1", ":1", "192.168.1.5:80", "example.com:80", "[::]:1"])
def test_other_hosts_are_refused(address: str) -> None:
    with pytest.raises(ServeError, match="does not listen on"):
        loopback_address(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ServeError, match="is not an address"):
        loopback_address(address)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:1", "[::1]:65535"])
def test_loopback_addresses_are_taken(address: str) -> None:
    assert loopback_address(address)[1] == int(address.rsplit(":", 1)[1])


async def test_wrong_usage_is_status_2(tmp_path: Path) -> None:
    for arguments in (
        ["--tcp", "0.0.0.0:1"],
        ["--ws", "0.0.0.0:1"],
        ["--tcp", "127.0.0.1:0", "--ws", "127.0.0.1:0"],
        ["--tcp", "127.0.0.1:0", "--token-file", str(tmp_path / "missing")],
        ["--allow-origin", "https://example.com"],
        ["--log-file", str(tmp_path / "no" / "such.log")],
        ["--log-level", "loud"],
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "speql_server", *arguments, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 2
        assert said
        assert b"Traceback" not in said


async def test_the_first_message_may_come_in_pieces(start: Any) -> None:
    editor = await start(handshake=False)
    params = {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": {"x": "é" * 70_000}}
    body = json.dumps({"jsonrpc": "2.0", "id": "first", "method": "initialize", "params": params}, ensure_ascii=False)
    data = body.encode()
    future = asyncio.get_running_loop().create_future()
    editor.client._pending["first"] = future
    for piece in (
        b"Content-Type: x\r\nContent-",
        b"Length: %d\r\n\r" % len(data),
        b"\n" + data[:70_000],
        data[70_000:],
    ):
        editor.client.writer.write(piece)
        await editor.client.writer.drain()
    assert (await asyncio.wait_for(future, 20))["serverInfo"]["name"] == "speql"
    editor.client.notify("initialized", {})
    editor.open("FROM ")
    assert await editor.complete(5) == []
