"""What has been overtaken stops, down to the engine; what comes faster than it can be done does not queue up."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pygls.exceptions import JsonRpcContentModified

from speql_server.client import ServerAnswerError
from speql_server.stale_reads import StaleReads

from .conftest import Editor, Start

CANCELLED, MODIFIED = -32800, -32801
SLOW = (
    "SELECT count(*) AS n, sum(a.id * b.id % 7) AS s FROM flights a, flights b, flights c WHERE a.id + b.id * c.id = 7"
)
SECONDS = 0.25
"""So soon after an edit the engine has stopped what was for the text before: 100 ms, and room for a busy machine."""


@pytest.fixture
async def editor(start: Start, flights: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    monkeypatch.setenv("SPEQL_DEBUG", "1")
    editor = await start("--database", flights)
    editor.open("SELECT 1 AS one")
    await editor.rows()
    return editor


async def running(editor: Editor) -> list[dict[str, Any]]:
    """The engine's own account of what it runs for long."""
    found = (await editor.client.request("speql/debug", {}))["statements"]
    return [one for one in found if one["kind"] in ("query", "sample", "create", "submit")]


async def busy(editor: Editor) -> None:
    """Wait until the engine has worked on something for a moment."""
    async with asyncio.timeout(30):
        while not any(one["milliseconds"] > 50 for one in await running(editor)):
            pass  # what it waits for is in another process


async def idle_after(editor: Editor) -> float:
    """The seconds until the engine runs none of what it ran."""
    began = time.monotonic()
    before = {one["id"] for one in await running(editor)}
    while before & {one["id"] for one in await running(editor)}:
        assert time.monotonic() - began < 10, "the engine goes on"
    return time.monotonic() - began


EDITS = {
    "another query": (0, len(SLOW), "SELECT 2 AS two"),
    "nothing": (0, len(SLOW), ""),
    "another constant": (len(SLOW) - 1, len(SLOW), "8"),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_stops_a_preview_on_the_engine(editor: Editor, edit: str) -> None:
    editor.replace(0, len(editor.text), SLOW)
    await busy(editor)
    editor.replace(*EDITS[edit])
    assert await idle_after(editor) < SECONDS


async def test_closing_a_document_stops_its_preview(editor: Editor) -> None:
    editor.replace(0, len(editor.text), SLOW)
    await busy(editor)
    editor.client.notify("textDocument/didClose", {"textDocument": {"uri": editor.uri}})
    assert await idle_after(editor) < SECONDS


@pytest.mark.parametrize("way", ["$/cancelRequest", "speql.cancel"])
async def test_a_submit_is_cancelled_on_the_engine(editor: Editor, way: str) -> None:
    editor.replace(0, len(editor.text), SLOW)
    arguments = {"command": "speql.submit", "arguments": [editor.uri]}
    number, future = editor.client.send_request("workspace/executeCommand", arguments)
    await busy(editor)
    if way == "$/cancelRequest":
        editor.client.notify(way, {"id": number})
    else:
        assert (await editor.command(way, editor.uri))["documents"] == 1
    assert await idle_after(editor) < SECONDS
    if way == "$/cancelRequest":
        with pytest.raises(ServerAnswerError) as raised:
            await asyncio.wait_for(future, 10)
        assert raised.value.code == CANCELLED
    else:
        answer = await asyncio.wait_for(future, 10)
        assert answer["problems"][0]["code"] == "cancelled"


async def test_an_edit_does_not_stop_what_the_user_submitted(editor: Editor) -> None:
    slow = "SELECT sum(a.id * b.id % 7) AS s FROM flights a, flights b"
    editor.replace(0, len(editor.text), slow)
    submitted = asyncio.ensure_future(editor.submit())
    editor.replace(0, 6, "select")
    assert (await submitted).outcome == "rows"


KINDS: dict[str, dict[str, Any]] = {
    "hover": {},
    "definition": {},
    "documentHighlight": {},
    "signatureHelp": {},
    "completion": {},
    "prepareRename": {},
    "references": {"context": {"includeDeclaration": True}},
    "rename": {"newName": "other"},
    "inlineCompletion": {"context": {"triggerKind": 1}},
    "selectionRange": {"positions": [{"line": 0, "character": 3}]},
    "semanticTokens/range": {
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}},
    },
    "semanticTokens/full/delta": {"previousResultId": "x"},
    "documentSymbol": {},
    "foldingRange": {},
    "semanticTokens/full": {},
}


async def test_every_request_can_be_cancelled(editor: Editor) -> None:
    """A request that is taken back at once has one answer: that it was, or rarely what it had come to by then."""
    text = "SELECT f.carrier AS c, count(*) FROM flights f GROUP BY ALL"
    editor.replace(0, len(editor.text), text)
    for kind, more in KINDS.items():
        params = {"textDocument": {"uri": editor.uri}, "position": editor.position(text.index("c,")), **more}
        codes = set()
        for _ in range(10):
            number, future = editor.client.send_request(f"textDocument/{kind}", params)
            editor.client.notify("$/cancelRequest", {"id": number})
            try:
                await asyncio.wait_for(future, 20)
            except ServerAnswerError as error:
                codes.add(error.code)
        assert codes == {CANCELLED}, kind
        await editor.client.request(f"textDocument/{kind}", params)  # and asked again it is answered


async def test_a_burst_of_edits_does_not_queue_up(editor: Editor) -> None:
    before = (await editor.client.request("speql/debug", {}))["analyses"]
    text = "SELECT carrier, count(*) AS n FROM flights WHERE dep_delay > 10 GROUP BY carrier"
    editor.replace(0, len(editor.text), text)
    for number in range(500):
        place = len("SELECT carrier, count(*) AS n FROM flights WHERE dep_delay > 1")
        editor.replace(place, place + len(editor.text) - len(text) + 1, str(number))
    expected = f"dep_delay > 1{499}"
    assert expected in editor.text
    preview = await editor.rows(lambda message: not message.edits)
    assert preview.version == editor.version
    assert expected in preview.executed_sql
    analyses = (await editor.client.request("speql/debug", {}))["analyses"] - before
    assert 1 <= analyses <= 150, "an edit that is overtaken is not analysed"


async def test_answers_about_an_old_text_are_given_up(editor: Editor) -> None:
    """The client is told, and what has not begun is not done: otherwise a fast typist waits for what nobody wants."""
    text = ";\n".join(f"SELECT {n} AS c{n}, count(*) FROM flights WHERE id > {n} GROUP BY ALL" for n in range(400))
    editor.replace(0, len(editor.text), text)
    uri = {"textDocument": {"uri": editor.uri}}
    asked = [editor.client.send_request("textDocument/documentSymbol", uri)[1] for _ in range(20)]
    editor.replace(len(editor.text), len(editor.text), " ")
    began = time.monotonic()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, ServerAnswerError)]
    assert len(codes) >= 18
    assert set(codes) == {MODIFIED}
    assert time.monotonic() - began < 5
    assert len(await editor.client.request("textDocument/documentSymbol", uri)) == 400


async def test_reads_that_are_dropped_are_not_begun() -> None:
    with ThreadPoolExecutor(1) as executor:
        reads, gate, done = StaleReads(executor), Event(), []
        first = asyncio.ensure_future(reads.run("read", gate.wait, 10))
        other = asyncio.ensure_future(reads.run("completion", done.append, "completion"))
        stale = asyncio.ensure_future(reads.run("read", done.append, "stale"))
        taken_back = asyncio.ensure_future(reads.run("completion", done.append, "taken back"))
        await asyncio.sleep(0)
        reads.drop("read")
        taken_back.cancel()
        results = await asyncio.gather(first, stale, taken_back, return_exceptions=True)
        assert [type(result) for result in results] == [
            JsonRpcContentModified,
            JsonRpcContentModified,
            asyncio.CancelledError,
        ]
        gate.set()
        await other
        assert done == ["completion"]
