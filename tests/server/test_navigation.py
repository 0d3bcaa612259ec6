"""Definition, references, highlights and renaming over the wire; what they find is tested with the speculator."""

from pathlib import Path
from typing import Any, cast

import pytest
from pygls.exceptions import JsonRpcContentModified

from speql_server.client import ServerAnswerError
from speql_server.documents import Documents, Edited
from speql_server.settings import ServerSettings
from speql_server.text_requests import read_snapshot
from speql_server.wire.greeting import initialize_result
from speql_server.workspaces import Workspaces
from speql_speculator.snapshot import Snapshot

from .conftest import Editor, Start

TEXT = (
    "SELECT '😀é' AS face;\r\n"
    'WITH late AS (SELECT carrier, dep_delay AS "délai 😀" FROM flights f WHERE f.dep_delay > 60)\r\n'
    'SELECT "délai 😀", count(*) AS n FROM late GROUP BY ALL HAVING n > 1'
)


async def ask(editor: Editor, method: str, offset: int, **more: Any) -> Any:
    params = {"textDocument": {"uri": editor.uri}, "position": editor.position(offset), **more}
    return await editor.client.request(f"textDocument/{method}", params)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_names_are_found_in_every_encoding(start: Start, flights: Path, encoding: str) -> None:
    editor = await start("--database", flights, encodings=[encoding])
    assert editor.encoding == encoding
    editor.open(TEXT)
    offset = TEXT.rindex('"délai')
    target = await ask(editor, "definition", offset)
    assert target["uri"] == editor.uri
    assert editor.covered(target["range"]) == '"délai 😀"'
    assert target["range"]["start"]["line"] == 1
    everywhere = await ask(editor, "references", offset, context={"includeDeclaration": True})
    assert [editor.covered(one["range"]) for one in everywhere] == ['"délai 😀"'] * 2
    uses = await ask(editor, "references", offset, context={"includeDeclaration": False})
    assert [one["range"]["start"]["line"] for one in uses] == [2]
    lit = await ask(editor, "documentHighlight", offset)
    assert [one["kind"] for one in lit] == [3, 2]


async def test_a_renamed_column_is_edited_everywhere(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    offset = TEXT.rindex("délai")
    prepared = await ask(editor, "prepareRename", offset)
    assert (editor.covered(prepared["range"]), prepared["placeholder"]) == ('"délai 😀"', "délai 😀")
    edit = await ask(editor, "rename", offset, newName="delay")
    changes = edit["changes"][editor.uri]
    for one in reversed(changes):
        head = editor.covered({"start": {"line": 0, "character": 0}, "end": one["range"]["start"]})
        rest = editor.covered({"start": one["range"]["end"], "end": editor.position(len(editor.text))})
        editor.text = head + one["newText"] + rest
    assert editor.text == TEXT.replace('"délai 😀"', "delay")


async def test_what_cannot_be_renamed_says_why_and_is_no_error_in_the_log(
    start: Start, flights: Path, tmp_path: Path
) -> None:
    log = tmp_path / "speql.log"
    editor = await start("--database", flights, "--log-file", log)
    editor.open(TEXT)
    for method, more in (("prepareRename", {}), ("rename", {"newName": "x"})):
        with pytest.raises(ServerAnswerError, match="table of the database"):
            await ask(editor, method, TEXT.index("flights"), **more)
    assert await editor.client.stop() == 0
    assert "table of the database" not in log.read_text(encoding="utf-8")


async def test_nothing_is_said_of_what_is_no_name_and_of_closed_documents(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.text = "SELECT 1"
    assert await ask(editor, "definition", 3) is None
    editor.open("SELECT 1 FROM")
    assert await ask(editor, "definition", 3) is None
    assert await ask(editor, "references", 3, context={"includeDeclaration": True}) == []
    assert await ask(editor, "documentHighlight", 3) == []


async def test_an_answer_about_a_text_that_has_changed_is_taken_back() -> None:
    documents = Documents()
    uri = "file:///query.sql"

    class TypedIntoWhileRead:
        async def read(self, edited: Edited, reader: Any) -> str:
            documents.put(Snapshot(uri, 2, "SELECT 12"), 0.0)
            return "an answer about SELECT 1"

    class Server:
        def __init__(self) -> None:
            self.documents = documents
            self.workspaces = Workspaces(ServerSettings())

        async def session(self, _: str) -> Any:
            return TypedIntoWhileRead(), documents.put(Snapshot(uri, 1, "SELECT 1"), 0.0)

    with pytest.raises(JsonRpcContentModified):
        await read_snapshot(cast(Any, Server()), uri, lambda snapshot, catalog: snapshot.text)


def test_only_clients_that_can_prepare_are_told_of_it() -> None:
    able = {"capabilities": {"textDocument": {"rename": {"prepareSupport": True}}}}
    assert initialize_result(able)["capabilities"]["renameProvider"] == {"prepareProvider": True}
    for others in ({}, {"textDocument": {}}, {"textDocument": None}, {"textDocument": {"rename": {}}}):
        assert initialize_result({"capabilities": others})["capabilities"]["renameProvider"] is True
