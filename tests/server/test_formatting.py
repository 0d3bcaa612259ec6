"""Formatting over the wire; what comes of it is tested with the speculator."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, Start

TEXT = (
    "-- 😀\r\nselect '😀é'  AS face,1;\r\n"
    'WITH late AS (SELECT carrier, dep_delay AS "délai 😀", origin FROM flights f WHERE f.dep_delay > 60)\r\n'
    'SELECT "délai 😀", count(*) AS n FROM late GROUP BY ALL HAVING n > 1'
)
LAID_OUT = (
    "-- 😀\r\nselect '😀é' AS face, 1;\r\n"
    "WITH late AS (\r\n"
    '    SELECT carrier, dep_delay AS "délai 😀", origin\r\n'
    "    FROM flights f\r\n"
    "    WHERE f.dep_delay > 60\r\n"
    ")\r\n"
    'SELECT "délai 😀", count(*) AS n\r\n'
    "FROM late\r\n"
    "GROUP BY ALL\r\n"
    "HAVING n > 1"
)
SPACES = {"tabSize": 4, "insertSpaces": True}


async def ask(editor: Editor, method: str, options: dict[str, Any], **more: Any) -> Any:
    params = {"textDocument": {"uri": editor.uri}, "options": options, **more}
    return await editor.client.request(f"textDocument/{method}", params)


def apply(editor: Editor, edits: list[dict[str, Any]]) -> str:
    """The text with the edits, which are all of the text as it is."""
    pieces: list[str] = []
    position: dict[str, int] = {"line": 0, "character": 0}
    for edit in sorted(edits, key=lambda one: (one["range"]["start"]["line"], one["range"]["start"]["character"])):
        pieces += (editor.covered({"start": position, "end": edit["range"]["start"]}), edit["newText"])
        position = edit["range"]["end"]
    return "".join([*pieces, editor.covered({"start": position, "end": editor.position(len(editor.text))})])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_a_document_is_laid_out(start: Start, flights: Path, encoding: str) -> None:
    editor = await start("--database", flights, encodings=[encoding])
    editor.open(TEXT)
    edits = await ask(editor, "formatting", SPACES)
    assert apply(editor, edits) == LAID_OUT
    assert not [edit for edit in edits if edit["newText"].strip()], "white space alone"
    editor.replace(0, len(editor.text), LAID_OUT)
    assert await ask(editor, "formatting", SPACES) == []


async def test_the_statements_that_are_selected_are_laid_out(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    place = TEXT.index("face")
    edits = await ask(editor, "rangeFormatting", SPACES, range=editor.range(place, place))
    assert apply(editor, edits) == TEXT.replace("'  AS", "' AS").replace(",1;", ", 1;")


async def test_options_and_settings_count(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"format": {"keywordCase": "lower", "lineWidth": 30}})
    editor.open("SELECT carrier, origin, dep_delay FROM flights")
    edits = await ask(editor, "formatting", {"tabSize": 8, "insertSpaces": False})
    assert apply(editor, edits) == "select\n\tcarrier,\n\torigin,\n\tdep_delay\nfrom flights"


async def test_sql_in_something_else_and_closed_documents_are_left_alone(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.text = "SELECT  1"
    assert await ask(editor, "formatting", SPACES) is None
    editor.open("SELECT  {{ column }} FROM {{ ref('flights') }}")
    assert await ask(editor, "formatting", SPACES) is None


async def test_what_is_not_finished_stays(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT  carrier FROM flights WHERE (")
    assert await ask(editor, "formatting", SPACES) == []


async def test_a_setting_that_does_not_fit_is_told(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"format": {"keywordCase": "Title"}})
    message = await editor.client.wait_for("window/showMessage")
    assert "format" in message["message"]
