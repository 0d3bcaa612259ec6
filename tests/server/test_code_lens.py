"""Code lenses over the wire: what they run and show, and the estimates that they are resolved with."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from speql_server import protocol
from speql_server.client import ServerAnswerError

from .conftest import Editor, Start
from .test_embedded import BEFORE, open_as

TEXT = (
    "SELECT '😀' AS face;\n"
    "WITH late AS (SELECT carrier, dep_delay FROM flights WHERE dep_delay > 60)\n"
    "SELECT carrier, count(*) AS n FROM late GROUP BY 1"
)


async def lenses(editor: Editor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await editor.client.request(
        "textDocument/codeLens", {"textDocument": {"uri": editor.uri}}
    )
    return found


def named(editor: Editor, found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(editor.covered(one["range"]), one["command"]["title"] if "command" in one else "?") for one in found]


async def test_each_part_can_be_run_previewed_and_sized(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    found = await lenses(editor)
    assert named(editor, found) == [
        *(("SELECT", "Run"), ("SELECT", "Preview"), ("SELECT", "?")),
        *(("WITH", "Run"), ("WITH", "Preview"), ("WITH", "?")),
        *(("late", "Preview"), ("late", "?")),
        ("SELECT", "Preview"),
    ]


async def test_a_preview_moves_to_the_part(start: Start, flights: Path, direct: Any) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    late = next(one for one in await lenses(editor) if editor.covered(one["range"]) == "late")
    command = late["command"]
    answer = await editor.command(command["command"], *command["arguments"])
    assert answer == {"moved": True, "reason": ""}
    shown = await editor.rows(lambda message: message.breadcrumb == ["main", "CTE late"])
    assert len(shown.rows) == min(direct("SELECT count(*) FROM flights WHERE dep_delay > 60")[0][0], 100)
    editor.forget()
    await editor.command(command["command"], *command["arguments"])
    assert (await editor.rows()).breadcrumb == ["main", "CTE late"], "what is shown already is shown again"


async def test_a_statement_is_run(start: Start, flights: Path, direct: Any) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    run = [one["command"] for one in await lenses(editor) if one.get("command", {}).get("title") == "Run"][1]
    answer = msgspec.convert(await editor.command(run["command"], *run["arguments"]), protocol.Preview)
    query = TEXT.partition(";")[2]
    assert sorted(map(tuple, answer.rows)) == sorted(direct(query))
    sized = next(one for one in await lenses(editor) if editor.covered(one["range"]) == "WITH" and "command" not in one)
    resolved = await editor.client.request("codeLens/resolve", sized)
    assert resolved["command"] == {"title": f"{len(direct(query))} rows", "command": ""}


async def test_an_estimate_is_the_engines(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT * FROM flights ORDER BY id")
    (sized,) = [one for one in await lenses(editor) if "command" not in one]
    title = (await editor.client.request("codeLens/resolve", sized))["command"]["title"]
    assert title in ("about 5,000 rows, reads 5,000", "5,000 rows")
    editor.replace(0, 0, " ")
    with pytest.raises(ServerAnswerError, match="changed"):
        await editor.client.request("codeLens/resolve", sized)
    broken = await start(on=editor.client)
    broken.open("SELECT nope FROM flights")
    (sized,) = [one for one in await lenses(broken) if "command" not in one]
    assert (await broken.client.request("codeLens/resolve", sized))["command"]["title"] == "no estimate"


async def test_lenses_in_python(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    text = BEFORE + "duckdb.sql('SELECT 1 AS \\'one\\'')\nmo.sql(f'SELECT {x} FROM airlines')\n"
    open_as(editor, "python", text)
    found = await lenses(editor)
    assert named(editor, found) == [
        *(("SELECT", "Run"), ("SELECT", "Preview"), ("SELECT", "?")),
        *(("SELECT", "Run"), ("SELECT", "Preview")),
    ]
    moved = found[4]["command"]
    assert (await editor.command(moved["command"], *moved["arguments"]))["moved"] is True
    shown = await editor.rows(lambda message: "airlines" in message.executed_sql)
    assert editor.covered(shown.statement) == "SELECT {x} FROM airlines"
    nowhere = {"line": 0, "character": 0}
    assert (await editor.command("speql.preview", editor.uri, nowhere))["moved"] is False
    assert (await editor.command("speql.preview", "file:///closed.sql", nowhere))["moved"] is False
    with pytest.raises(ServerAnswerError, match=r"speql\.preview"):
        await editor.command("speql.preview", editor.uri)


async def test_they_can_be_switched_off(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"codeLens": False})
    editor.open(TEXT)
    assert await lenses(editor) is None
