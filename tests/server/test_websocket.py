"""WebSockets on a loopback address: who gets in, and that a client that goes leaves nothing."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol


@dataclass
class Page:
    """A language client behind a websocket."""

    socket: ClientConnection
    received: list[dict[str, Any]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def request(self, method: str, params: Any = None) -> Any:
        number = next(self.numbers)
        await self.send(id=number, method=method, params=params)
        return (await self.until(lambda message: message.get("id") == number and "method" not in message))["result"]

    async def until(self, matches: Any) -> dict[str, Any]:
        while True:
            data = await asyncio.wait_for(self.socket.recv(), 30)
            assert isinstance(data, str), "browsers' clients read text frames"
            message: dict[str, Any] = json.loads(data)
            self.received.append(message)
            if matches(message):
                return message

    async def initialize(self) -> Any:
        answer = await self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        await self.send(method="initialized", params={})
        return answer

    async def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "sql", "version": 1, "text": text}
        await self.send(method="textDocument/didOpen", params={"textDocument": item})

    async def rows(self, uri: str) -> Any:
        def fits(message: dict[str, Any]) -> bool:
            params = message.get("params")
            return message.get("method") == "speql/preview" and params["uri"] == uri and params["outcome"] == "rows"

        return (await self.until(fits))["params"]["rows"]


@dataclass
class Listening:
    process: psutil.Process
    port: int
    token: str

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def connect(self, **options: Any) -> connect:
        return connect(f"{self.address}?token={self.token}", max_size=2**24, **options)


@pytest.fixture
async def listening(flights: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listening]:
    monkeypatch.setenv("SPEQL_DEBUG", "1")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "speql_server", "--ws", "127.0.0.1:0", "--database", str(flights)),
        *("--allow-origin", "https://let.in"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    line = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
    assert line.startswith("SpeQL listens on ws://127.0.0.1:")
    token = (await asyncio.wait_for(process.stderr.readline(), 20)).decode().split()[-1]
    yield Listening(psutil.Process(process.pid), int(line.rsplit(":", 1)[1]), token)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 15) == 0
    assert token not in (await process.stderr.read()).decode(), "it is said once"


async def test_the_ways_to_say_the_token(listening: Listening) -> None:
    ways: list[dict[str, Any]] = [
        {"uri": f"{listening.address}?token={listening.token}"},
        {"uri": f"{listening.address}?a=b&token={listening.token}"},
        {"uri": listening.address, "additional_headers": {"Authorization": f"Bearer {listening.token}"}},
        {
            "uri": listening.address,
            "subprotocols": [Subprotocol("speql"), Subprotocol(f"speql.token.{listening.token}")],
        },
    ]
    for way in ways:
        async with connect(**way) as socket:
            answer = await Page(socket).initialize()
            assert answer["serverInfo"]["name"] == "speql"
            assert socket.subprotocol == ("speql" if "subprotocols" in way else None)


REFUSED: list[tuple[str, dict[str, str], int]] = [
    ("", {}, 401),
    ("?token=", {}, 401),
    ("?token=wrong", {}, 401),
    ("?token={token}x", {}, 401),
    ("?Token={token}", {}, 401),
    ("#token={token}", {}, 401),
    ("", {"Authorization": "Bearer wrong"}, 401),
    ("", {"Authorization": "Basic {token}"}, 401),
    ("", {"Sec-WebSocket-Protocol": "speql.token.wrong"}, 401),
    ("?token={token}", {"Host": "rebound.example.com"}, 403),
    ("?token={token}", {"Host": "192.168.1.7:80"}, 403),
    ("?token={token}", {"Origin": "https://example.com"}, 403),
    ("?token={token}", {"Origin": "null"}, 403),
    ("?token={token}", {"Origin": "http://localhost.example.com"}, 403),
    ("?token=wrong", {"Origin": "https://example.com"}, 403),
]


async def test_who_is_refused(listening: Listening) -> None:
    for query, headers, status in REFUSED:
        lines = {
            "Host": f"127.0.0.1:{listening.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            **{name: value.format(token=listening.token) for name, value in headers.items()},
        }
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"GET /{query.format(token=listening.token)} HTTP/1.1\r\n{head}\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 20)
        assert answer.split()[1] == str(status).encode(), (query, headers)
        assert listening.token.encode() not in answer
        writer.close()


async def test_pages_of_which_origins_may_connect(listening: Listening) -> None:
    for origin in ("http://localhost:8888", "http://127.0.0.1:5173", "vscode-webview://abc", "https://let.in"):
        async with listening.connect(origin=Origin(origin)) as socket:
            await Page(socket).initialize()
    with pytest.raises(InvalidStatus) as raised:
        await listening.connect(origin=Origin("https://example.com"))
    assert raised.value.response.status_code == 403


async def test_two_pages_have_documents_of_their_own(listening: Listening) -> None:
    async with listening.connect() as one, listening.connect() as other:
        pages = Page(one), Page(other)
        for number, page in enumerate(pages):
            await page.initialize()
            await page.open(f"file:///of{number}.sql", "SELECT name FROM airlines")
        place = {"line": 0, "character": 8}
        for uri, found in ((0, [True, False]), (1, [False, True])):
            asked = {"textDocument": {"uri": f"file:///of{uri}.sql"}, "position": place}
            assert [bool(await page.request("textDocument/hover", asked)) for page in pages] == found
        for number, page in enumerate(pages):
            await page.open("file:///same.sql", f"SELECT {number} AS n, count(*) AS c FROM airlines")
        for number, page in enumerate(pages):
            assert await page.rows("file:///same.sql") == [[number, 4]]
        # One says goodbye in the words of the protocol, the other goes on.
        assert await pages[0].request("shutdown") is None
        await pages[0].send(method="exit")
        with pytest.raises(ConnectionClosed):
            await pages[0].until(lambda _: False)
        await pages[1].open("file:///next.sql", "SELECT 5 AS five")
        assert await pages[1].rows("file:///next.sql") == [[5]]


def _own(threads: list[str]) -> list[str]:
    """Without the threads of asyncio's own pool: it grows to what was once asked at the same time, and serves all."""
    return [name for name in threads if not name.startswith("asyncio_")]


@pytest.mark.parametrize("goodbye", [True, False])
async def test_a_page_that_goes_leaves_nothing(listening: Listening, flights: Path, goodbye: bool) -> None:
    async with listening.connect() as staying:
        watcher = Page(staying)
        await watcher.initialize()
        await watcher.open("file:///fast.sql", "SELECT 1 AS one")
        await watcher.rows("file:///fast.sql")
        before = await watcher.request("speql/debug", {})
        while "speql-ledger_0" not in before["threads"]:  # it begins half a second after the first rows
            await asyncio.sleep(0.05)
            before = await watcher.request("speql/debug", {})
        async with listening.connect() as going:
            page = Page(going)
            await page.initialize()
            slow = "SELECT count(*) FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7"
            await page.open("file:///slow.sql", slow)
            await page.until(
                lambda message: (
                    message.get("method") == "speql/status" and message["params"]["speculation"]["state"] == "running"
                )
            )
            if not goodbye:
                going.transport.abort()
        for _ in range(200):
            after = await watcher.request("speql/debug", {})
            if len(_own(after["threads"])) <= len(_own(before["threads"])) and len(after["tasks"]) <= len(
                before["tasks"]
            ):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail(f"left: {after['threads']} {after['tasks']}, before: {before['threads']} {before['tasks']}")
        await watcher.request("shutdown")
    with duckdb.connect(str(flights)):  # no lock is left
        pass


async def test_a_message_that_is_too_long_ends_its_connection_only(listening: Listening) -> None:
    async with listening.connect() as socket, listening.connect() as other:
        # The header of a text frame, masked as a client's are, that announces a byte more than is read.
        socket.transport.write(b"\x81\xff" + (2**28 + 1).to_bytes(8, "big") + b"\0\0\0\0")
        with pytest.raises(ConnectionClosed) as raised:
            await asyncio.wait_for(socket.recv(), 30)
        assert raised.value.rcvd is not None
        assert raised.value.rcvd.code == 1009
        assert (await Page(other).initialize())["serverInfo"]["name"] == "speql"


async def test_nonsense_in_frames(listening: Listening) -> None:
    async with listening.connect() as socket:
        page = Page(socket)
        await socket.send("{not json")
        assert (await page.until(lambda message: "error" in message))["error"]["code"] == -32700
        await socket.send(b'{"jsonrpc": "2.0", "id": 1, "method": "x"}')  # a binary frame is read, too
        assert (await page.until(lambda message: "error" in message))["error"]["code"] == -32002
        await page.initialize()
        await page.open("file:///a.sql", "SELECT 1 AS one")
        assert await page.rows("file:///a.sql") == [[1]]
