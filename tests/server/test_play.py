"""`speql play`: who gets in, files that are dropped, and that a page that is closed leaves nothing."""

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from speql_server.cli.play import play_settings
from speql_server.play import open_pages, uploads
from speql_server.play.assets import Asset, load_assets
from speql_server.play.open_pages import OpenPages
from speql_server.play.play_server import serve_play
from speql_server.play.play_settings import PlaySettings, Text
from speql_server.settings import ServerSettings
from speql_server.wire.access import Token
from speql_server.wire.serve_error import ServeError

KEY = "0123456789abcdef-page"
TOKEN = "a-token-of-the-tests-0123456789"
URI = "untitled:query.sql"


@dataclass
class Page:
    """The page's language client."""

    socket: ClientConnection
    received: list[dict[str, Any]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    version: int = 1

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def request(self, method: str, params: Any = None) -> Any:
        number = next(self.numbers)
        await self.send(id=number, method=method, params=params)
        return (await self.until(lambda message: message.get("id") == number and "method" not in message))["result"]

    async def command(self, command: str, *arguments: Any) -> Any:
        return await self.request("workspace/executeCommand", {"command": command, "arguments": arguments})

    async def until(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 30))
            self.received.append(message)
            if matches(message):
                return message

    async def begin(self, text: str) -> None:
        await self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        await self.send(method="initialized", params={})
        item = {"uri": URI, "languageId": "sql", "version": 1, "text": text}
        await self.send(method="textDocument/didOpen", params={"textDocument": item})

    async def write(self, text: str) -> None:
        self.version += 1
        document = {"uri": URI, "version": self.version}
        params = {"textDocument": document, "contentChanges": [{"text": text}]}
        await self.send(method="textDocument/didChange", params=params)

    async def preview(self) -> Any:
        """The exact rows of the text as it is now."""

        def fits(message: dict[str, Any]) -> bool:
            params = message.get("params")
            return (
                message.get("method") == "speql/preview"
                and params["version"] == self.version
                and params["outcome"] == "rows"
                and "exact" in params["states"]
            )

        return (await self.until(fits))["params"]

    async def submitted(self, text: str) -> list[list[Any]]:
        """The rows of a text that is written and submitted."""
        await self.write(text)
        await self.command("speql.submit", URI, {"line": 0, "character": 0})
        found = [
            message["params"]
            for message in self.received
            if message.get("method") == "speql/preview" and message["params"]["purpose"] == "submit"
        ]
        assert found[-1]["outcome"] == "rows", found[-1]["problems"]
        rows: list[list[Any]] = found[-1]["rows"]
        return rows


@dataclass
class Playing:
    """A server of pages, in this process."""

    port: int
    root: Path

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def open(self, path: str = "/lsp", key: str = KEY, **query: Any) -> connect:
        return connect(
            f"ws://{self.host}{path}?{urlencode({'page': key, **query})}",
            origin=Origin(f"http://{self.host}"),
            subprotocols=[Subprotocol("speql"), Subprotocol(f"speql.token.{TOKEN}")],
            max_size=2**24,
        )

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of what a browser asks for; each header as it is given."""
        given = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        writer.write(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        await writer.wait_closed()
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        found = dict(line.split(": ", 1) for line in rest)
        return int(first.split()[1]), found, body

    async def upload(self, name: str, content: bytes, size: int | None = None) -> dict[str, str]:
        async with self.open("/upload", name=name, size=len(content) if size is None else size) as socket:
            with contextlib.suppress(ConnectionClosed):  # a file that is not taken is not waited for
                for start in range(0, len(content), 1000):
                    await socket.send(content[start : start + 1000])
            answer: dict[str, str] = json.loads(await asyncio.wait_for(socket.recv(), 30))
            return answer


@pytest.fixture
async def playing(flights: Path, tmp_path: Path) -> AsyncIterator[Playing]:
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    root = tmp_path / "pages"
    root.mkdir()
    settings = PlaySettings(ServerSettings(database=str(flights)), tmp_path, (Text("a.sql", "file:///a.sql", "x"),))
    assets = {"play.js": Asset("text/javascript", b"// the page"), "play.css": Asset("text/css", b"")}
    token = Token(TOKEN, generated=True)
    task = asyncio.ensure_future(serve_play(settings, assets, root, 0, token, print, address.set_result))
    found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?token=" + TOKEN, await asyncio.wait_for(address, 20))
    assert found is not None
    yield Playing(int(found[1]), root)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert list(root.iterdir()) == [], "nothing is left when the server ends"


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": f"speql, speql.token.{TOKEN}",
}
OWN = "http://127.0.0.1:{port}"
REQUESTS: list[tuple[str, dict[str, str], int]] = [
    ("/?token={token}", {}, 200),
    ("/", {}, 401),
    ("/?token=wrong", {}, 401),
    ("/?token={token}", {"Host": "rebound.example.com:{port}"}, 403),
    ("/?token={token}", {"Host": "192.168.1.7:{port}"}, 403),
    ("/nothing?token={token}", {}, 404),
    ("/assets/play.js", {}, 200),
    ("/assets/play.js", {"Sec-Fetch-Site": "same-origin"}, 200),
    ("/assets/play.js", {"Sec-Fetch-Site": "same-site"}, 403),
    ("/assets/play.js", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("/assets/play.js", {"Host": "rebound.example.com"}, 403),
    ("/assets/../play_server.py", {}, 404),
    ("/assets/%2e%2e/play_server.py", {}, 404),
    ("/start?page=" + KEY, {}, 401),
    ("/start?page=" + KEY, {"Authorization": "Bearer wrong"}, 401),
    ("/start?page=" + KEY, {"Authorization": "Bearer {token}"}, 404),
    ("/start?page=" + KEY, {"Authorization": "Bearer {token}", "Origin": "http://127.0.0.1:1"}, 403),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": OWN}, 101),
    ("/lsp?page=" + KEY, {**UPGRADE}, 403),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": "http://127.0.0.1:1"}, 403),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": "http://localhost:{port}"}, 403),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": "https://127.0.0.1:{port}"}, 403),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": "null"}, 403),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": OWN, "Sec-WebSocket-Protocol": "speql"}, 401),
    ("/lsp?page=" + KEY, {**UPGRADE, "Origin": OWN, "Host": "rebound.example.com:{port}"}, 403),
    ("/upload?page=" + KEY, {**UPGRADE, "Origin": "http://127.0.0.1:1"}, 403),
    ("/download?page=" + KEY, {**UPGRADE, "Origin": "http://127.0.0.1:1"}, 403),
]


@pytest.mark.parametrize(("path", "headers", "status"), REQUESTS)
async def test_who_gets_in(playing: Playing, path: str, headers: dict[str, str], status: int) -> None:
    filled = {name: value.format(port=playing.port, token=TOKEN) for name, value in headers.items()}
    given = {"Host": playing.host, **filled}
    reader, writer = await asyncio.open_connection("127.0.0.1", playing.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"GET {path.format(token=TOKEN)} HTTP/1.1\r\n{lines}\r\n".encode())
    answer = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    await writer.wait_closed()
    assert answer.split()[1] == str(status).encode()


async def test_the_page_may_load_only_what_is_its_own(playing: Playing) -> None:
    status, headers, body = await playing.get(f"/?token={TOKEN}")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    nonce = re.findall(r'nonce="([^"]+)"', body.decode())[0]
    assert status == 200
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == f"'nonce-{nonce}'"
    assert policy["connect-src"] == f"'self' ws://{playing.host}"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "token" not in body.decode(), "the page reads it from its address"
    assert "http" not in re.sub(r"http-equiv", "", body.decode()), "nothing comes from elsewhere"
    _, other, _ = await playing.get(f"/?token={TOKEN}")
    assert other["Content-Security-Policy"] != headers["Content-Security-Policy"], "a nonce is for once"


async def test_what_the_page_is_told(playing: Playing) -> None:
    async with playing.open():
        status, _, body = await playing.get(f"/start?page={KEY}", Authorization=f"Bearer {TOKEN}")
        told = json.loads(body)
    assert status == 200
    assert told["texts"] == [{"name": "a.sql", "uri": "file:///a.sql", "text": "x"}]
    assert Path(told["exports"]).is_relative_to(playing.root)
    assert told["largestUpload"] == uploads.LARGEST_UPLOAD


async def test_a_preview_is_what_a_direct_run_gives(playing: Playing, direct: Callable[[str], Any]) -> None:
    sql = "SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY carrier"
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin(sql)
        assert [tuple(row) for row in (await page.preview())["rows"]] == direct(sql)


async def test_two_pages_know_nothing_of_each_other(playing: Playing) -> None:
    async with playing.open(key="a" * 16) as one, playing.open(key="b" * 16) as other:
        pages = Page(one), Page(other)
        for number, page in enumerate(pages):
            await page.begin(f"SELECT {number} AS n FROM airlines LIMIT 1")
            assert (await page.preview())["rows"] == [[number]]
        async with playing.open("/upload", key="a" * 16, name="mine.csv", size=8) as socket:
            await socket.send(b"a,b\n1,2\n")
            assert json.loads(await socket.recv()) == {"table": "mine"}
        names = [{table["name"] for table in (await _schema(page))["tables"]} for page in pages]
    assert "mine" in names[0]
    assert "mine" not in names[1]


async def _schema(page: Page, containing: str = "") -> Any:
    return await page.command("speql.schema", {"uri": URI, "containing": containing})


async def test_the_tables_of_the_connection(playing: Playing) -> None:
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("")
        found = {table["name"]: table for table in (await _schema(page))["tables"]}
        assert found.keys() == {"airlines", "flights"}
        assert found["flights"]["rows"] == 5000
        assert found["flights"]["sql"] == "flights"
        assert [(column["name"], column["type"]) for column in found["flights"]["columns"]] == [
            *(("id", "INTEGER"), ("carrier", "VARCHAR"), ("origin", "VARCHAR")),
            *(("dep_delay", "INTEGER"), ("day", "DATE")),
        ]
        assert found["flights"]["columns"][0]["primaryKey"]
        assert [table["name"] for table in (await _schema(page, "DELAY"))["tables"]] == ["flights"]
        assert [table["name"] for table in (await _schema(page, "air"))["tables"]] == ["airlines"]
        assert (await _schema(page, "no such thing"))["tables"] == []


async def test_a_dropped_csv_is_a_table_beside_those_of_the_database(playing: Playing, flights: Path) -> None:
    sql = "SELECT t.tier, count(*) AS n FROM flights f JOIN tiers t USING (carrier) GROUP BY t.tier ORDER BY t.tier"
    content = b"carrier,tier\nAA,1\nUA,2\nB6,2\n"
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("")
        assert await playing.upload("tiers.csv", content) == {"table": "tiers"}
        await page.write(sql)
        shown = [tuple(row) for row in (await page.preview())["rows"]]
        submitted = [tuple(row) for row in await page.submitted(sql)]
        (file,) = playing.root.rglob("tiers.csv")
        with duckdb.connect(str(flights), read_only=True) as connection:
            expected = connection.execute(sql.replace("JOIN tiers", f"JOIN '{file}'")).fetchall()
    assert shown == submitted == expected


async def test_a_dropped_file_of_the_same_name_takes_the_place_of_the_first(playing: Playing) -> None:
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("")
        for number in (1, 2):
            assert await playing.upload("x.csv", b"n,m\n%d,0\n" % number) == {"table": "x"}
            assert await page.submitted(f"SELECT n FROM x -- {number}") == [[number]]


async def test_a_dropped_parquet_file(playing: Playing, tmp_path: Path) -> None:
    file = tmp_path / "Sales 2024.parquet"
    duckdb.sql("SELECT range AS n, range * 1.5 AS price FROM range(1000)").write_parquet(str(file))
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("")
        assert await playing.upload(file.name, file.read_bytes()) == {"table": "Sales_2024"}
        (table,) = (await _schema(page, "sales"))["tables"]
        assert table["rows"] == 1000
        rows = await page.submitted(f"SELECT sum(n), sum(price) FROM {table['sql']}")
    expected = duckdb.sql(f"SELECT sum(n), sum(price) FROM '{file}'").fetchall()
    assert [[str(cell) for cell in row] for row in rows] == [[str(cell) for cell in row] for row in expected]


async def test_a_dropped_file_that_is_called_like_a_table(playing: Playing) -> None:
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("SELECT count(*) AS n FROM flights")
        assert (await page.preview())["rows"] == [[5000]]
        assert await playing.upload("flights.csv", b"a,b\n1,2\n") == {"table": "flights_2"}
        assert await page.submitted("SELECT count(*) AS n FROM flights") == [[5000]]
        assert await page.submitted("SELECT a, b FROM flights_2") == [[1, 2]]


REFUSED_FILES: list[tuple[str, bytes, int | None, str]] = [
    ("program.exe", b"MZ", None, "no data file"),
    ("noending", b"a,b", None, "no data file"),
    ("broken.parquet", b"PAR1 not really PAR1", None, "cannot be read as a table"),
    ("large.csv", b"", 2**40, "1099.5 GB; files of up to 2 GB"),
    ("grows.csv", b"a,b\n1,2\n", 3, "changed while it was being sent"),
]


@pytest.mark.parametrize(("name", "content", "size", "reason"), REFUSED_FILES)
async def test_files_that_are_not_taken(
    playing: Playing, name: str, content: bytes, size: int | None, reason: str
) -> None:
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("SELECT 1 AS one")
        await page.preview()
        assert reason in (await playing.upload(name, content, size))["error"]
        assert [path for path in playing.root.rglob("*") if path.is_file()] == []


async def test_a_name_cannot_lead_out_of_the_folder(playing: Playing) -> None:
    async with playing.open() as socket:
        await Page(socket).begin("")
        for name in ("../../out.csv", "..\\..\\out.csv", "/etc/out.csv"):
            assert "table" in await playing.upload(name, b"a,b\n1,2\n")
        assert {path.parent.name for path in playing.root.rglob("*.csv")} == {"dropped"}
        assert {path.name for path in playing.root.rglob("*.csv")} == {"out.csv"}


async def test_files_are_for_pages_that_are_open(playing: Playing) -> None:
    for path in ("/upload", "/download"):
        async with playing.open(path, name="a.csv", size=1) as socket:
            with pytest.raises(ConnectionClosed) as raised:
                await asyncio.wait_for(socket.recv(), 20)
        assert raised.value.rcvd is not None
        assert raised.value.rcvd.code == 1008
    async with playing.open(key="../../../etc") as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 20)


async def test_a_result_is_exported_saved_and_gone(playing: Playing, direct: Callable[[str], Any]) -> None:
    sql = "SELECT id, carrier FROM flights WHERE id < 2000 ORDER BY id"
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin(sql)
        preview = await page.preview()
        _, _, body = await playing.get(f"/start?page={KEY}", Authorization=f"Bearer {TOKEN}")
        exports = json.loads(body)["exports"]
        path = f"{exports}/query.csv"
        wanted = {"uri": URI, "result": preview["result"], "path": path, "format": "csv", "overwrite": True}
        assert (await page.command("speql.export", wanted))["rows"] == 2000
        parts: list[bytes] = []
        async with playing.open("/download", name="query.csv") as download:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    part = await asyncio.wait_for(download.recv(), 20)
                    assert isinstance(part, bytes)
                    parts.append(part)
        lines = b"".join(parts).decode().splitlines()
        assert lines == ["id,carrier", *(f"{number},{carrier}" for number, carrier in direct(sql))]
        assert not _files(Path(exports))


async def test_a_page_that_is_closed_leaves_nothing(playing: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pages, "GRACE_SECONDS", 0.0)
    async with playing.open() as staying, playing.open(key="f" * 16) as going:
        await Page(staying).begin("SELECT 1 AS one")
        page = Page(going)
        await page.begin("SELECT count(*) FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7")
        await page.until(
            lambda message: (
                message.get("method") == "speql/status" and message["params"]["speculation"]["state"] == "running"
            )
        )
        assert len(list(playing.root.iterdir())) == 2
        going.transport.abort()
        for _ in range(200):
            if len(list(playing.root.iterdir())) == 1:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("its folder is still there")


async def test_a_page_that_is_loaded_again_finds_its_tables(playing: Playing) -> None:
    async with playing.open() as socket:
        await Page(socket).begin("")
        assert await playing.upload("kept.csv", b"a,b\n1,2\n") == {"table": "kept"}
    async with playing.open() as socket:
        page = Page(socket)
        await page.begin("")
        assert await page.submitted("SELECT a + b AS c FROM kept") == [[3]]


async def test_the_files_of_a_page_stay_for_the_grace_and_no_longer(tmp_path: Path) -> None:
    waiting: list[asyncio.Event] = []

    async def sleep(_: float) -> None:
        waiting.append(asyncio.Event())
        await waiting[-1].wait()

    pages = OpenPages(tmp_path, sleep)
    async with pages.entered(KEY) as first:
        assert first.dropped.is_dir()
        assert first.folder.stat().st_mode & 0o077 == 0, "others of this machine may not read it"
    await asyncio.sleep(0)
    async with pages.entered(KEY) as second:
        assert second is first
    await asyncio.sleep(0)
    waiting[-1].set()
    assert first.leaving is not None
    await asyncio.wait_for(first.leaving, 10)
    assert not _files(tmp_path)
    assert pages.find(KEY) is None


def _files(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def test_assets_that_are_not_built(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="make assets"):
        load_assets(tmp_path)


def test_texts_and_data_of_the_command_line(flights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q.sql").write_text("SELECT 1", encoding="utf-8")
    Path("more.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    Path("folder").mkdir()
    found = play_settings(["q.sql", str(flights), "more.csv"], ["extra=folder", "more"])
    assert [(one.name, one.text) for one in found.texts] == [("q.sql", "SELECT 1")]
    assert found.server.database == str(flights)
    assert {one.name: one.database for one in found.server.connections} == {
        "more": str(tmp_path / "more.csv"),
        "extra": str(tmp_path / "folder"),
    }
    assert found.server.connection == (("**", "more"),)
    assert play_settings([]).server.database is None


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ServeError, match="There is no missing"):
        play_settings(["missing.duckdb"])
    with pytest.raises(ServeError, match="cannot be read"):
        play_settings(["missing.sql"])
