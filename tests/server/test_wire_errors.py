"""What no client should send, over real stdio: each message has its answer, and the server goes on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from speql_server.client import Client, ServerAnswerError

from .conftest import Editor, Start

PARSE, INVALID, METHOD, PARAMS, NOT_INITIALIZED, CANCELLED = -32700, -32600, -32601, -32602, -32002, -32800


def framed(body: bytes, length: int | None = None) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body) if length is None else length, body)


def message(**fields: Any) -> bytes:
    return framed(json.dumps({"jsonrpc": "2.0", **fields}).encode())


async def errors_without_request(client: Client, count: int) -> list[int]:
    """The codes of the answers to messages that could not be told to be requests."""
    return [(await asyncio.wait_for(client.stray.get(), 20))["error"]["code"] for _ in range(count)]


# What is sent, and the codes of the answers that belong to no request.
NONSENSE: list[tuple[str, bytes, list[int]]] = [
    ("malformed JSON", framed(b"{not json"), [PARSE]),
    ("not UTF-8", framed(b'{"jsonrpc": "2.0", "method": "\xff\xfe"}'), [PARSE]),
    ("JSON nested too deeply", framed(b"[" * 100_000), [PARSE]),
    ("a batch", framed(b"[]"), [INVALID]),
    ("a number", framed(b"7"), [INVALID]),
    ("another version", framed(b'{"jsonrpc": "1.0", "method": "exit"}'), [INVALID]),
    ("no version", framed(b'{"method": "exit"}'), [INVALID]),
    ("nothing to do", message(), [INVALID]),
    ("a method that is a number", message(method=7), [INVALID]),
    ("an id that is null", message(id=None, method="shutdown"), [INVALID]),
    ("an id that is a list", message(id=[1], method="shutdown"), [INVALID]),
    ("an unknown notification", message(method="no/such"), []),
    ("an unknown notification that may be ignored", message(method="$/no/such", params={"x": 1}), []),
    ("an answer to nothing", message(id=99_999, result=None), []),
    ("an error to nothing", message(id="x", error={"code": 1, "message": "m"}), []),
    ("an answer with an odd id", message(id={"a": 1}, result=None), [INVALID]),
    ("cancelling nothing", message(method="$/cancelRequest", params={"id": 12_345}), []),
    ("cancelling without saying what", message(method="$/cancelRequest", params={}), []),
    ("cancelling what has an odd id", message(method="$/cancelRequest", params={"id": {"a": [1]}}), []),
    ("cancelling what has no id", message(method="$/cancelRequest", params={"id": None}), []),
    ("a cursor that is none", message(method="speql/cursor", params={"uri": [], "position": 7}), []),
    ("a cursor of half a character", message(method="speql/cursor", params={"uri": "\ud800"}), []),
    ("a request sent as a notification", message(method="textDocument/hover", params={}), []),
    ("an edit without a document", message(method="textDocument/didChange", params={"contentChanges": []}), []),
    ("an opening without a text", message(method="textDocument/didOpen", params={"textDocument": {"uri": 7}}), []),
    ("a headless line", b"hello\r\n", []),
    ("a header without a number", b"Content-Length: many\r\n\r\n", []),
    ("a negative length", b"Content-Length: -5\r\n\r\n", []),
    ("a length of nothing", b"Content-Length: 0\r\n\r\n", []),
    ("a length beyond all measure", b"Content-Length: 999999999999999999\r\n\r\n{}\r\n", []),
    ("a length of many digits", b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", []),
    ("other headers, in other letters", b"X-Y: z\r\ncontent-length:2\r\nContent-Type: a\r\n\r\n{}", [INVALID]),
    ("a line longer than any header", b"x" * 3_000_000 + b"\r\n", []),
    ("a length that is too short", framed(b'{"jsonrpc": "2.0", "method": "no/such"}', 20), [PARSE]),
    ("null bytes", b"\0" * 1_000 + b"\r\n", []),
]


async def test_nonsense_is_answered_and_survived(shared: Editor) -> None:
    client = shared.client
    for number, (what, sent, codes) in enumerate(NONSENSE):
        client.writer.write(sent)
        shared.forget()
        shared.replace(0, len(shared.text), f"SELECT {number} AS n")
        assert await errors_without_request(client, len(codes)) == codes, what
        assert (await shared.rows()).rows == [[number]], what
        assert client.stray.empty(), what


async def test_a_length_that_is_too_long_costs_the_next_message_only(shared: Editor) -> None:
    client = shared.client
    client.writer.write(framed(b"{}", 30))
    client.notify("no/such/notification", {"some": "words that are longer than what was announced"})
    assert await errors_without_request(client, 1) == [PARSE]
    shared.forget()
    shared.replace(0, len(shared.text), "SELECT 'again' AS n")
    assert (await shared.rows()).rows == [["again"]]


REQUESTS: list[tuple[str, Any, int]] = [
    ("no/such/request", {}, METHOD),
    ("$/no/such/request", {}, METHOD),
    ("workspace/applyEdit", {"edit": {}}, METHOD),  # a request of servers
    ("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, INVALID),
    ("textDocument/didOpen", {"textDocument": {"uri": "a", "languageId": "sql", "version": 1, "text": ""}}, INVALID),
    ("textDocument/hover", None, PARAMS),
    ("textDocument/hover", [], PARAMS),
    ("textDocument/hover", {"textDocument": {"uri": "a"}, "position": {"line": "first"}}, PARAMS),
    ("textDocument/completion", {"textDocument": "a", "position": {"line": 0, "character": 0}}, PARAMS),
    ("workspace/executeCommand", {"command": "no.such"}, PARAMS),
    ("workspace/executeCommand", {"command": "speql.submit", "arguments": [7]}, PARAMS),
]


async def test_requests_that_cannot_be_done_are_answered(shared: Editor) -> None:
    for method, params, code in REQUESTS:
        with pytest.raises(ServerAnswerError) as raised:
            await shared.client.request(method, params)
        assert raised.value.code == code, (method, params)


async def test_before_initialize_and_after_shutdown(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, handshake=False)
    client = editor.client
    place = {"textDocument": {"uri": editor.uri}, "position": {"line": 0, "character": 0}}
    for method, params in (("textDocument/hover", place), ("shutdown", None), ("no/such", None)):
        with pytest.raises(ServerAnswerError) as raised:
            await client.request(method, params)
        assert raised.value.code == NOT_INITIALIZED
    editor.open("SELECT 1")  # ignored
    await client.initialize()
    assert await client.request("textDocument/hover", place) is None
    editor.open("SELECT 2 AS two")
    assert (await editor.rows()).rows == [[2]]
    await client.request("shutdown")
    for method, params in (("textDocument/hover", place), ("shutdown", None), ("initialize", {"capabilities": {}})):
        with pytest.raises(ServerAnswerError) as raised:
            await client.request(method, params)
        assert raised.value.code == INVALID
    editor.replace(0, 6, "select")  # ignored
    client.notify("exit")
    assert await client.ended() == 0


async def test_an_exit_right_behind_shutdown_is_a_clean_end(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT count(*) FROM flights a, flights b WHERE a.id * b.id % 7 = 3")
    await editor.diagnostics()
    editor.client.send_request("shutdown")
    editor.client.notify("exit")
    assert await editor.client.ended() == 0


@pytest.mark.parametrize(
    "capabilities", [{"textDocument": 7}, {"textDocument": {"completion": {"contextSupport": [1, {}]}}, "general": 3}]
)
async def test_capabilities_that_nobody_knows(start: Start, flights: Path, capabilities: Any) -> None:
    editor = await start("--database", flights, handshake=False)
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    assert (await editor.client.request("initialize", params))["serverInfo"]["name"] == "speql"
    editor.client.notify("initialized", {})
    editor.open("SELECT 3 AS three")
    assert (await editor.rows()).rows == [[3]]


LINES = [
    ("beyond the line", (0, 99), (0, 99), "SELECT 1 AS onex"),
    ("beyond the last line", (7, 0), (9, 9), "SELECT 1 AS onex"),
    ("the wrong way round", (0, 8), (0, 7), "SELECT x AS one"),
]


async def test_edits_out_of_range(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEQL_DEBUG", "1")
    server = await start()
    for what, first, last, expected in LINES:
        editor = await start(on=server.client)
        editor.open("SELECT 1 AS one")
        ends = {name: {"line": place[0], "character": place[1]} for name, place in (("start", first), ("end", last))}
        params = {
            "textDocument": {"uri": editor.uri, "version": 2},
            "contentChanges": [{"range": ends, "text": "x"}],
        }
        editor.client.notify("textDocument/didChange", params)
        found = await editor.client.request("speql/debug", {"uri": editor.uri})
        assert found["text"] == expected, what


async def test_an_edit_with_negative_places_is_ignored_or_moved(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEQL_DEBUG", "1")
    editor = await start()
    editor.open("SELECT 1")
    ends = {"start": {"line": -1, "character": -5}, "end": {"line": 0, "character": -1}}
    params = {"textDocument": {"uri": editor.uri, "version": 2}, "contentChanges": [{"range": ends, "text": "x"}]}
    editor.client.notify("textDocument/didChange", params)
    found = await editor.client.request("speql/debug", {"uri": editor.uri})
    assert found["text"] in ("SELECT 1", "xSELECT 1")


HARD = {
    "nested parentheses": "SELECT " + "(" * 10_000 + "1" + ")" * 10_000,
    "open parentheses": "SELECT " + "(" * 10_000,
    "nested subqueries": "SELECT * FROM (" * 2_000 + "SELECT 1" + ")" * 2_000,
    "nested CASE": "SELECT " + "CASE WHEN 1 THEN " * 1_000 + "1" + " END" * 1_000,
    "nested functions": "SELECT " + "abs(" * 5_000 + "1" + ")" * 5_000,
    "a long chain": "SELECT " + " + ".join(["1"] * 5_000),
    "many columns": "SELECT " + ", ".join(f"{n} AS c{n}" for n in range(1_000)),
    "one line of a megabyte": "SELECT '" + "x" * 1_000_000 + "' AS wide",
    "a megabyte of words in one line": "SELECT " + "word " * 200_000,
    "null bytes": "SELECT 1\0, '\0' AS zero \0\0",
    "lone surrogates": "SELECT '\ud800' AS half, \udfff",
    "combining characters": "SELECT 'e" + "\u0301" * 5_000 + "' AS zalgo",
    "a BOM and form feeds": "\ufeffSELECT\x0c1 AS\u2028one",
    "only quotes": "'" * 9_999,
    "open comments": "/*" * 20_000,
}
READS = ("documentSymbol", "foldingRange", "semanticTokens/full")
PLACES = ("completion", "hover", "definition", "documentHighlight", "signatureHelp", "references", "inlineCompletion")


async def test_hard_texts_are_answered(shared: Editor) -> None:
    editor = shared
    text = {"textDocument": {"uri": editor.uri}}
    contexts = {"references": {"includeDeclaration": True}, "inlineCompletion": {"triggerKind": 1}}
    for what, hard in HARD.items():
        editor.forget()
        editor.replace(0, len(editor.text), hard)
        for method in READS:
            await asked(editor, what, method, text)
        for method in PLACES:
            for offset in (len(hard) // 2, len(hard)):
                context = {"context": contexts[method]} if method in contexts else {}
                await asked(editor, what, method, {**text, **context, "position": editor.position(offset)})
        await asked(editor, what, "selectionRange", {**text, "positions": [editor.position(8)]})
        editor.replace(0, len(editor.text), f"SELECT {len(hard)} AS n")
        assert (await editor.rows()).rows == [[len(hard)]], what


async def asked(editor: Editor, what: str, method: str, params: Any) -> None:
    try:
        await editor.client.request(f"textDocument/{method}", params, timeout=30)
    except (ServerAnswerError, TimeoutError) as error:
        raise AssertionError(f"{method} of {what}: {error!r}") from error


async def test_a_document_of_50_megabytes(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(f"SELECT '{'x' * 990}';\n" * 50_000)
    (diagnostic,) = await editor.diagnostics(lambda found: bool(found))
    assert diagnostic["code"] == "document-too-large"
    assert await editor.complete(7) == []
    for method in READS:
        assert await editor.client.request(f"textDocument/{method}", {"textDocument": {"uri": editor.uri}}) is None
    editor.replace(0, len(editor.text), "SELECT 2 AS two")
    assert (await editor.rows()).rows == [[2]]


@pytest.fixture
async def shared(start: Start, flights: Path) -> Editor:
    editor = await start("--database", flights)
    editor.open("SELECT 0 AS n")
    await editor.rows()
    return editor
