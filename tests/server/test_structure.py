"""Outline, folding, selection and semantic tokens over the wire, in every encoding and after edits."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, Start

TEXT = (
    "-- 😀\r\nSELECT '😀é' AS face;\r\n\r\n"
    "WITH late AS (\r\n  SELECT carrier, /* a\r\n  b */ dep_delay FROM flights f\r\n)\r\n"
    "SELECT CASE WHEN '😀' = carrier\r\n  THEN 1 END AS \"é 😀\", count(*) FROM late GROUP BY ALL"
)


async def ask(editor: Editor, method: str, **more: Any) -> Any:
    return await editor.client.request(f"textDocument/{method}", {"textDocument": {"uri": editor.uri}, **more})


def read(editor: Editor, data: list[int], legend: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    """Text, type and modifiers of each token."""
    found, line, character = [], 0, 0
    for place in range(0, len(data), 5):
        lines, characters, length, kind, bits = data[place : place + 5]
        line, character = line + lines, characters + (0 if lines else character)
        covered = editor.covered(
            {
                "start": {"line": line, "character": character},
                "end": {"line": line, "character": character + length},
            }
        )
        modifiers = [name for bit, name in enumerate(legend["tokenModifiers"]) if bits >> bit & 1]
        found.append((covered, legend["tokenTypes"][kind], " ".join(modifiers)))
    return found


def apply(data: list[int], edits: list[dict[str, Any]]) -> list[int]:
    for edit in edits:
        data = data[: edit["start"]] + edit["data"] + data[edit["start"] + edit["deleteCount"] :]
    return data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_tokens_have_exact_places(start: Start, flights: Path, encoding: str) -> None:
    editor = await start("--database", flights, encodings=[encoding])
    editor.open(TEXT)
    legend = LEGEND
    tokens = read(editor, (await ask(editor, "semanticTokens/full"))["data"], legend)
    assert tokens[:5] == [
        ("-- 😀", "comment", ""),
        ("SELECT", "keyword", ""),
        ("'😀é'", "string", ""),
        ("AS", "keyword", ""),
        ("face", "property", "declaration"),
    ]
    assert ("/* a", "comment", "") in tokens
    assert ("b */", "comment", "") in tokens
    assert ("flights", "class", "") in tokens
    assert ('"é 😀"', "property", "declaration") in tokens
    assert ("count", "function", "defaultLibrary") in tokens
    assert ("late", "variable", "declaration") in tokens
    assert tokens[-1] == ("ALL", "keyword", "")


LEGEND = {
    "tokenTypes": [
        *("keyword", "function", "type", "class", "variable", "property", "string", "number", "operator"),
        *("comment", "parameter", "namespace", "label"),
    ],
    "tokenModifiers": ["declaration", "defaultLibrary"],
}


async def test_the_server_tells_what_it_can(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, handshake=False)
    provider = (await editor.client.initialize())["semanticTokensProvider"]
    assert provider["legend"] == LEGEND
    assert provider["full"] == {"delta": True}
    assert provider["range"] is True


async def test_a_change_is_sent_as_a_difference(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    first = await ask(editor, "semanticTokens/full")
    known, data = first["resultId"], first["data"]
    for at, inserted in ((TEXT.index("carrier"), "f.day, "), (0, "SELECT 0;\n"), (len(TEXT), " -- end")):
        editor.replace(at, at, inserted)
        answer = await ask(editor, "semanticTokens/full/delta", previousResultId=known)
        assert sum(len(edit["data"]) for edit in answer["edits"]) < len(data) / 2
        data, known = apply(data, answer["edits"]), answer["resultId"]
        again = await ask(editor, "semanticTokens/full")
        assert data == again["data"]
        known = again["resultId"]
    assert (await ask(editor, "semanticTokens/full/delta", previousResultId="unknown"))["data"] == data
    assert (await ask(editor, "semanticTokens/full/delta", previousResultId="unknown"))["data"] == data


async def test_a_range_has_the_tokens_of_its_statements(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    begin = TEXT.index("WITH")
    answer = await ask(editor, "semanticTokens/range", range=editor.range(begin + 3, len(TEXT)))
    tokens = read(editor, answer["data"], LEGEND)
    assert (tokens[0][0], tokens[-1][0]) == ("WITH", "ALL")


async def test_the_outline_folds_and_selections_have_exact_places(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    first, second = await ask(editor, "documentSymbol")
    assert editor.covered(first["range"]) == "SELECT '😀é' AS face"
    assert [child["name"] for child in second["children"]] == ["late", "SELECT FROM late"]
    assert editor.covered(second["children"][0]["selectionRange"]) == "late"
    folds = await ask(editor, "foldingRange")
    assert [(fold["startLine"], fold["endLine"]) for fold in folds] == [(3, 8), (4, 5), (7, 8)]
    assert folds[1]["kind"] == "comment"
    (chain,) = await ask(editor, "selectionRange", positions=[editor.position(TEXT.rindex('😀"') + 1)])
    assert editor.covered(chain["range"]) == "é 😀"
    assert editor.covered(chain["parent"]["range"]) == '"é 😀"'
    while "parent" in chain:
        chain = chain["parent"]
    assert editor.covered(chain["range"]) == TEXT


async def test_closed_and_broken_documents_are_answered(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    for method in ("semanticTokens/full", "documentSymbol", "foldingRange"):
        assert await ask(editor, method) is None
    for text in ("", ";", "SELECT (((", "'", "/*", "WITH x AS (SELECT FROM WHERE ) ) SELECT"):
        editor.open(text)
        for method in ("semanticTokens/full", "documentSymbol", "foldingRange"):
            assert await ask(editor, method) is not None
