"""From a table to the cell that makes it, and from there to the cells that read it."""

from pathlib import Path
from typing import Any

from .conftest import Editor, Start
from .test_notebooks import book


async def ask(editor: Editor, method: str, offset: int, **more: Any) -> Any:
    params = {"textDocument": {"uri": editor.uri}, "position": editor.position(offset), **more}
    return await editor.client.request(f"textDocument/{method}", params)


async def test_a_table_leads_to_the_cell_that_makes_it(start: Start, flights: Path) -> None:
    cells = (await book(start, flights)).open(
        ("sql", "SELECT * FROM early"),
        ("sql", "-- é😀\nCREATE OR REPLACE TABLE early AS SELECT carrier AS code FROM flights"),
        ("python", "%%sql --save named\nSELECT code FROM early"),
        ("python", "frame = duckdb.sql('SELECT code FROM named')"),
        ("sql", "SELECT e.code FROM frame e, early"),
    )
    by_uri = {cell.uri: cell for cell in cells}

    def covered(location: dict[str, Any]) -> tuple[int, str]:
        cell = by_uri[location["uri"]]
        return cells.index(cell), cell.covered(location["range"])

    last = cells[4]
    assert covered(await ask(last, "definition", last.text.index("early"))) == (1, "early")
    assert covered(await ask(last, "definition", last.text.index("frame"))) == (3, "frame")
    assert covered(await ask(last, "definition", last.text.index("code"))) == (4, "e")
    assert covered(await ask(cells[3], "definition", cells[3].text.index("named"))) == (2, "named")
    assert await ask(cells[0], "definition", cells[0].text.index("early")) is None
    for asked, word in ((cells[1], "early AS"), (cells[2], "early"), (last, "early")):
        found = await ask(asked, "references", asked.text.index(word), context={"includeDeclaration": True})
        assert [covered(one) for one in found] == [(1, "early"), (2, "early"), (4, "early")]
    uses = await ask(last, "references", last.text.index("early"), context={"includeDeclaration": False})
    assert [covered(one)[0] for one in uses] == [2, 4]


async def test_a_table_made_again_is_another_one(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    text = (
        "CREATE TABLE t AS SELECT 1 AS a; SELECT a FROM t;\nDROP TABLE t;"
        " CREATE TABLE IF NOT EXISTS main.t AS SELECT 2 AS a; FROM t; SELECT * FROM other.t"
    )
    editor.open(text)
    first = await ask(editor, "references", text.index("t;"), context={"includeDeclaration": True})
    assert [editor.covered(one["range"]) for one in first] == ["t", "t"]
    second = await ask(editor, "definition", text.index("t; SELECT * FROM other"))
    assert second["range"]["start"] == editor.position(text.index("main.t") + 5)
