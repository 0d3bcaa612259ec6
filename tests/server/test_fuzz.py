"""Messages at random, valid and not: each request has an answer that is no fault of the server's; it ends cleanly."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speql_server.client import Client, ServerAnswerError

from .conftest import Start

COUNT = 250
INTERNAL_ERROR = -32603
PIECES = [
    *(
        "SELECT ",
        "FROM flights ",
        "f.carrier, ",
        "WHERE ",
        "'é😀",
        "e\u0301\u0301 ",
        "👩‍👩‍👧 ",
        ";\n",
        "\r\n",
        "\r",
        "\t",
        "\ufeff",
    ),
    *(
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
        "INSERT INTO t VALUES (1, '😀');\n",
        "/* é",
        "*/",
        "--",
        "$$",
        "{{ x }}",
    ),
    *("DELETE FROM airlines WHERE nope = 1; ", "GROUP BY ALL ", "(", ")", '"', "\u2028", "\x0c", "\x00", "SELECT 5!; "),
    *(
        "MERGE INTO t USING flights ON true WHEN MATCHED THEN DELETE;",
        "USE s;",
        "CREATE TABLE t AS ",
        "\ud83d",
        "VALUES (1)",
    ),
]
METHODS = [
    *(
        "completion",
        "hover",
        "signatureHelp",
        "definition",
        "references",
        "documentHighlight",
        "prepareRename",
        "rename",
    ),
    *("formatting", "rangeFormatting", "codeAction", "documentSymbol", "foldingRange", "selectionRange", "inlayHint"),
    *("semanticTokens/full", "semanticTokens/full/delta", "semanticTokens/range", "codeLens", "diagnostic"),
    "inlineCompletion",
]
COMMANDS = [
    *(
        "submit",
        "selectConnection",
        "cancel",
        "preview",
        "acceptRepair",
        "explain",
        "setSpeculation",
        "pause",
        "profile",
    ),
    *("chart", "columns", "schema", "sample", "export", "nothing"),
]
NUMBERS = [0, 0, 1, 2, 3, 5, 8, 40, 10_000, 2**31 - 1]
ODD: list[Any] = [None, -1, 2**31, 2**70, 1.5, "1", [], {}, True, "\ud800", [[]], {"line": -1, "character": -1}]


class Fuzz:
    """A client that knows the protocol, and keeps to it most of the time. What it does depends on its seed alone."""

    def __init__(self, client: Client, seed: int) -> None:
        self._client, self._chance = client, random.Random(seed)
        self._version = 0
        self._sent: list[tuple[int, str, asyncio.Future[Any]]] = []
        for name in "ab":
            item = {"uri": f"file:///{name}.sql", "languageId": "sql", "version": 0, "text": self._text()}
            client.notify("textDocument/didOpen", {"textDocument": item})

    def step(self) -> None:
        kinds: list[Callable[[], None]] = [self._edit] * 6 + [self._ask] * 10 + [self._command] * 3
        kinds += [self._cancel, self._cursor, self._rows, self._open, self._close, self._unknown, self._replace]
        self._chance.choice(kinds)()

    async def answers(self) -> list[tuple[str, int, str]]:
        """The errors among the answers to all that was asked."""
        found = await asyncio.wait_for(
            asyncio.gather(*(future for _, _, future in self._sent), return_exceptions=True), 120
        )
        said = [(method, one) for (_, method, _), one in zip(self._sent, found, strict=True)]
        assert [
            pair for pair in said if isinstance(pair[1], BaseException) and not isinstance(pair[1], ServerAnswerError)
        ] == []
        return [(method, one.code, str(one)) for method, one in said if isinstance(one, ServerAnswerError)]

    def _uri(self) -> Any:
        uris = ["file:///a.sql", "file:///b.sql", "file:///a.sql", "file:///never.sql", "untitled:x"]
        return self._maybe_odd(self._chance.choice(uris))

    def _maybe_odd(self, value: Any) -> Any:
        return self._chance.choice(ODD) if self._chance.random() < 0.04 else value

    def _position(self) -> Any:
        line, character = (self._maybe_odd(self._chance.choice(NUMBERS)) for _ in range(2))
        return self._maybe_odd({"line": line, "character": character})

    def _range(self) -> Any:
        return self._maybe_odd({"start": self._position(), "end": self._position()})

    def _text(self) -> str:
        return "".join(self._chance.choices(PIECES, k=self._chance.choice([1, 1, 2, 5, 20])))

    def _open(self) -> None:
        self._version += 1
        item = {
            "uri": self._uri(),
            "languageId": "sql",
            "version": self._version,
            "text": self._maybe_odd(self._text()),
        }
        self._client.notify("textDocument/didOpen", {"textDocument": item})

    def _close(self) -> None:
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri()}})

    def _edit(self) -> None:
        self._change({"range": self._range(), "text": self._maybe_odd(self._text())})

    def _replace(self) -> None:
        self._change({"text": self._text()})

    def _change(self, change: Any) -> None:
        self._version += self._chance.choice([1, 1, 1, 0, -1])
        document = {"uri": self._uri(), "version": self._version}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def _ask(self) -> None:
        position = self._position()
        params = {
            "textDocument": {"uri": self._uri()},
            "position": position,
            "positions": self._maybe_odd([position, self._position()]),
            "range": self._range(),
            "newName": self._maybe_odd(self._chance.choice(["x", "", "two words", "é😀", "select"])),
            "context": self._maybe_odd({"includeDeclaration": True, "diagnostics": [], "triggerKind": 1}),
            "options": self._maybe_odd({"tabSize": self._chance.choice([0, 4, 2**20]), "insertSpaces": True}),
            "previousResultId": "0",
        }
        self._request(f"textDocument/{self._chance.choice(METHODS)}", self._maybe_odd(params))

    def _command(self) -> None:
        named = {
            "uri": self._uri(),
            "result": self._maybe_odd("r1"),
            "columns": ["a"],
            "containing": "",
            "path": "/nowhere/x",
        }
        arguments = self._chance.choice(
            [[], [self._uri()], [self._uri(), self._position()], [named], [self._maybe_odd(True)]]
        )
        command = self._chance.choice(COMMANDS)
        self._request(
            "workspace/executeCommand", {"command": f"speql.{command}", "arguments": self._maybe_odd(arguments)}
        )

    def _rows(self) -> None:
        params = {"uri": self._uri(), "result": "r1", "offset": self._maybe_odd(0), "count": self._maybe_odd(10)}
        self._request("speql/rows", self._maybe_odd(params))

    def _cursor(self) -> None:
        self._client.notify("speql/cursor", self._maybe_odd({"uri": self._uri(), "position": self._position()}))

    def _cancel(self) -> None:
        number = self._chance.choice(self._sent)[0] if self._sent else 1
        self._client.notify("$/cancelRequest", {"id": self._maybe_odd(number)})

    def _unknown(self) -> None:
        method = self._chance.choice(["textDocument/nope", "$/nope", "speql/preview", "initialize", "codeLens/resolve"])
        if self._chance.random() < 0.5:
            self._client.notify(method, self._maybe_odd({}))
        else:
            self._request(method, self._maybe_odd({}))

    def _request(self, method: str, params: Any) -> None:
        number, future = self._client.send_request(method, params)
        self._sent.append((number, method, future))


@pytest.mark.parametrize(("seed", "encoding"), [(1, "utf-8"), (2, "utf-16"), (3, "utf-32")])
async def test_messages_at_random(start: Start, flights: Path, tmp_path: Path, seed: int, encoding: str) -> None:
    log = tmp_path / "speql.log"
    editor = await start("--database", flights, "--log-file", log, encodings=[encoding])
    assert editor.encoding == encoding
    fuzz = Fuzz(editor.client, seed)
    for number in range(COUNT):
        fuzz.step()
        if number % 25 == 24:
            await editor.client.request("textDocument/documentSymbol", {"textDocument": {"uri": "file:///none.sql"}})
    assert [one for one in await fuzz.answers() if one[1] == INTERNAL_ERROR] == []
    await editor.command("speql.pause", False)
    editor.open("SELECT 'é😀', name FROM airlines ORDER BY name LIMIT 1")
    assert (await editor.rows()).rows == [["é😀", "American"]]
    assert await editor.client.stop() == 0
    assert [line for line in log.read_text("utf-8").splitlines() if " ERROR " in line or "Traceback" in line] == []
