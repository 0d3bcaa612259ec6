"""Texts and databases that no one should have to think of, and clients that go away."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from speql_server.client import Client


async def test_nothing_typed_yet(start: Any, flights: Path) -> None:
    server = await start("--database", flights)
    for text, said in (("", "empty"), ("   \n\t", "empty"), ("-- a note\n/* and more */", "comment")):
        editor = await start(on=server.client)
        editor.open(text)
        preview = await editor.preview()
        assert preview.outcome == "nothing", text
        assert preview.rows == []
        assert said in preview.problems[0].message
        assert "Type a query" in preview.problems[0].hint
        assert await editor.diagnostics() == []


async def test_a_document_of_a_megabyte(start: Any, flights: Path) -> None:
    lines = "\n".join(f"-- line {number} of many, with some words to fill it" for number in range(21_000))
    editor = await start("--database", flights)
    editor.open(f"SELECT count(*) AS n FROM flights;\n{lines}\nSELECT name FROM airlines ORDER BY 1 LIMIT 1;\n")
    assert len(editor.text) > 1_000_000
    editor.type("SELECT 7 AS seven")
    assert (await editor.rows(lambda message: not message.edits)).rows == [[7]]
    editor.put_cursor(5)
    assert (await editor.rows(lambda message: message.rows == [[5000]])).columns[0].name == "n"


async def test_a_document_that_is_too_large_is_not_analysed(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT 1; " + "-- x\n" * 500_000)
    preview = await editor.preview()
    assert preview.outcome == "nothing"
    assert preview.problems[0].code == "document-too-large"
    (diagnostic,) = await editor.diagnostics(lambda found: bool(found))
    assert diagnostic["severity"] == 2
    editor.replace(0, len(editor.text), "SELECT 2 AS two")
    assert (await editor.rows()).rows == [[2]]


async def test_a_long_statement_is_not_analysed_but_submits(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT 'A" + "a" * 300_000 + "' AS long")
    assert (await editor.preview()).problems[0].code == "statement-too-long"
    answer = await editor.submit()
    assert answer.outcome == "rows"
    assert len(str(answer.rows[0][0])) == 300_001


NOT_SQL = ("\x00\x01SELECT\x00", "".join(map(chr, range(256))) * 40, "\ud800SELECT 1", "(" * 20_000, "'" * 999)


async def test_text_that_is_not_sql(start: Any, flights: Path) -> None:
    server = await start("--database", flights)
    for text in NOT_SQL:
        editor = await start(on=server.client)
        editor.open(text)
        await editor.preview()
        await editor.diagnostics()
        editor.replace(0, len(editor.text), "SELECT 1 AS one")
        assert (await editor.rows()).rows == [[1]]


@pytest.fixture
def unusable(tmp_path: Path) -> dict[str, Path]:
    corrupt, text = tmp_path / "corrupt.duckdb", tmp_path / "text.duckdb"
    with duckdb.connect(str(corrupt)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(100000)").fetchall()
    corrupt.write_bytes(corrupt.read_bytes()[:100] + os.urandom(20_000))
    text.write_text("this is no database\n" * 100)
    return {"missing": tmp_path / "missing.duckdb", "corrupt": corrupt, "text": text, "directory": tmp_path}


@pytest.mark.parametrize("kind", ["missing", "corrupt", "text", "directory"])
async def test_a_database_that_cannot_be_opened(start: Any, unusable: dict[str, Path], kind: str) -> None:
    editor = await start("--database", unusable[kind])
    shown = await editor.client.wait_for("window/showMessage")
    assert shown["type"] == 1
    assert unusable[kind].name in shown["message"]
    assert "in memory" in shown["message"]
    status = await editor.client.wait_for("speql/status", lambda params: params["connection"]["state"] == "failed")
    assert status["connection"]["message"] == shown["message"]
    editor.open("SELECT 6 * 7 AS answer")
    assert (await editor.rows()).rows == [[42]]
    assert not (unusable["missing"]).exists()


async def test_without_a_database_it_works_in_memory(start: Any) -> None:
    editor = await start()
    editor.open("CREATE TABLE t AS SELECT 1 AS x")
    assert (await editor.submit()).outcome == "rows"
    editor.replace(0, len(editor.text), "SELECT x FROM t")
    assert (await editor.rows(lambda message: not message.edits)).rows == [[1]]
    assert (await editor.complete(8))[0] == "x"


async def test_the_database_comes_from_the_initialization_options(start: Any, flights: Path) -> None:
    editor = await start(options={"database": str(flights)})
    editor.open("FROM ")
    assert await editor.complete(5) == ["airlines", "flights"]


async def test_a_clean_end(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT * FROM flights")
    await editor.rows()
    assert await editor.client.stop() == 0


async def test_exit_without_shutdown_is_status_1(start: Any) -> None:
    editor = await start()
    editor.client.notify("exit")
    assert await editor.client.ended() == 1


@pytest.mark.parametrize("busy", [False, True])
async def test_a_client_that_vanishes_ends_the_process(start: Any, flights: Path, busy: bool) -> None:
    editor = await start("--database", flights, own=True)
    slow = "SELECT count(*) FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7"
    editor.open(slow if busy else "SELECT 1")
    if busy:
        await editor.client.wait_for("speql/status", lambda status: status["speculation"]["state"] == "running")
    else:
        await editor.rows()
    assert editor.client.process is not None
    family = psutil.Process(editor.client.process.pid)
    children = family.children(recursive=True)
    editor.client.writer.close()
    assert await editor.client.ended() == 1
    assert not [child for child in children if child.is_running()]
    with duckdb.connect(str(flights)):  # the lock is gone
        pass


async def test_a_signal_ends_the_process(start: Any, flights: Path) -> None:
    editor = await start("--database", flights, own=True)
    editor.open("SELECT 1 AS x")
    await editor.rows()
    assert editor.client.process is not None
    editor.client.process.send_signal(signal.SIGTERM)
    assert await editor.client.ended() == 1


async def test_nonsense_on_the_wire_is_survived(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    client: Client = editor.client
    client.writer.write(b"Content-Length: 9\r\n\r\n{not json")
    client.notify(
        "textDocument/didChange", {"textDocument": {"uri": "file:///closed.sql", "version": 2}, "contentChanges": []}
    )
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///closed.sql"}})
    client.notify("speql/cursor", {"uri": 7})
    client.notify("no/such/notification", {})
    editor.open("SELECT 5 AS five")
    editor.open("SELECT 6 AS six")
    assert (await editor.rows(lambda message: message.rows == [[6]])).columns[0].name == "six"


async def test_the_end_of_the_stream_before_initialize(start: Any) -> None:
    editor = await start(handshake=False)
    editor.client.writer.close()
    assert await asyncio.wait_for(editor.client.ended(), 15) == 1
