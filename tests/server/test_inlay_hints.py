"""Inlay hints over the wire: types that the engine binds, rows that are known, only in the range that is asked for."""

from pathlib import Path
from typing import Any

import pytest

from speql_server.settings import ServerSettings, SettingsError

from .conftest import Editor, Start
from .test_embedded import open_as

REFRESHES = {"workspace": {"inlayHint": {"refreshSupport": True}}}

TEXT = (
    "SELECT '😀é' AS face;\r\n"
    'WITH late AS (\r\n  SELECT carrier, count(*) AS "né😀", max(day) AS last\r\n  FROM flights GROUP BY 1\r\n)\r\n'
    "SELECT * FROM late JOIN (SELECT * FROM airlines) names USING (carrier)"
)

SHOWN = (
    "SELECT '😀é' AS face;\r\n"
    'WITH late AS (\r\n  SELECT carrier[: VARCHAR], count(*) AS "né😀"[: BIGINT], max(day) AS last[: DATE]\r\n'
    "  FROM flights[5,000 rows] GROUP BY 1\r\n)\r\n"
    "SELECT * FROM late JOIN (SELECT *[: carrier VARCHAR, name VARCHAR] FROM airlines[4 rows]) names USING (carrier)"
)


async def hints(editor: Editor, start: int = 0, end: int | None = None) -> list[dict[str, Any]]:
    params = {
        "textDocument": {"uri": editor.uri},
        "range": editor.range(start, len(editor.text) if end is None else end),
    }
    found: list[dict[str, Any]] = await editor.client.request("textDocument/inlayHint", params)
    return found


def shown(editor: Editor, found: list[dict[str, Any]]) -> str:
    """The text with the hints in brackets where they are."""
    text = editor.text
    for hint in sorted(found, key=lambda one: (one["position"]["line"], one["position"]["character"]), reverse=True):
        before = {"start": {"line": 0, "character": 0}, "end": hint["position"]}
        at = len(editor.covered(before))
        text = f"{text[:at]}[{hint['label']}]{text[at:]}"
    return text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_hints_are_at_their_places(start: Start, flights: Path, encoding: str) -> None:
    editor = await start("--database", flights, encodings=[encoding])
    editor.open(TEXT)
    assert shown(editor, await hints(editor)) == SHOWN


async def test_nobody_waits_who_can_be_told(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, handshake=False)
    await editor.client.initialize(capabilities=REFRESHES)
    editor.open(TEXT)
    first = await hints(editor)
    assert [hint["label"] for hint in first] == ["5,000 rows", "4 rows"]
    await editor.client.wait_for("workspace/inlayHint/refresh")
    assert shown(editor, await hints(editor)) == SHOWN


async def test_only_what_is_in_the_range(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    begin = TEXT.index("count(*)")
    found = await hints(editor, begin, TEXT.index("max"))
    assert [hint["label"] for hint in found] == [": BIGINT"]
    assert await hints(editor, 0, 10) == []


@pytest.mark.parametrize(
    ("setting", "labels"),
    [
        ("off", None),
        ("types", [": VARCHAR"]),
        ("rows", ["4 rows"]),
        ("all", [": VARCHAR", "4 rows"]),
    ],
)
async def test_the_setting_decides(start: Start, flights: Path, setting: str, labels: list[str] | None) -> None:
    editor = await start("--database", flights, options={"inlayHints": setting})
    editor.open("WITH x AS (SELECT name FROM airlines) SELECT * FROM x")
    found = await hints(editor)
    assert (None if found is None else [hint["label"] for hint in found]) == labels


def test_a_wrong_setting_is_told() -> None:
    with pytest.raises(SettingsError, match="inlayHints must be one of"):
        ServerSettings().with_options({"inlayHints": "some"})
    with pytest.raises(SettingsError, match="codeLens must be true or false"):
        ServerSettings().with_options({"codeLens": "yes"})
    assert ServerSettings().with_options({"inlayHints": "rows", "codeLens": False}) == ServerSettings(
        inlay_hints="rows", code_lens=False
    )


async def test_what_does_not_bind_has_no_types(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("WITH x AS (SELECT nope FROM airlines), y AS (SELECT 1 FROM x) SELECT * FROM y, (SELECT 2 FROM) z")
    assert [hint["label"] for hint in await hints(editor)] == ["4 rows"]


async def test_rows_of_a_cte_are_those_of_its_preview(start: Start, flights: Path, direct: Any) -> None:
    editor = await start("--database", flights, handshake=False)
    await editor.client.initialize(capabilities=REFRESHES)
    editor.open("WITH few AS (SELECT carrier, count(*) AS n FROM flights GROUP BY 1) SELECT n FROM few")
    assert "3 rows" not in [hint["label"] for hint in await hints(editor)]
    editor.put_cursor(editor.text.index("carrier"))
    await editor.rows(lambda message: message.breadcrumb[-1:] == ["CTE few"])
    while "few[3 rows] AS" not in shown(editor, await hints(editor)):
        editor.seen = len(editor.client.received)
        await editor.client.wait_for("workspace/inlayHint/refresh", since=editor.seen)
    assert direct("SELECT count(DISTINCT carrier) FROM flights") == [(3,)]


async def test_placeholders_have_no_types(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", "mo.sql(f'WITH x AS (SELECT {a} AS b, 1 AS c FROM flights) FROM x, {flights}')")
    assert shown(editor, await hints(editor)) == editor.text.replace("FROM flights", "FROM flights[5,000 rows]", 1)
    other = await start(on=editor.client)
    open_as(other, "python", "x = '😀'\nmo.sql('WITH x AS (SELECT \\'é\\' AS b) FROM x')")
    assert shown(other, await hints(other)) == other.text.replace("AS b", "AS b[: VARCHAR]")
