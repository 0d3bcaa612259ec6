"""Diagnostics: the culprit's exact range, and none for what the engine accepts."""

from pathlib import Path
from typing import Any

from speql_server.settings import ServerSettings

WRONG: list[tuple[str, tuple[str, ...], str]] = [
    ("SELECT * FROM flihgts", ("flihgts",), "unknown-table"),
    ("SELECT 1;\nSELECT carier FROM flights", ("carier",), "unknown-column"),
    ("SELECT f.carrier, a.nam FROM flights f JOIN airlines a USING (carrier)", ("a.nam", "nam"), "unknown-column"),
    ("SELECT carrier FROM flights WHERE", ("WHERE", "E"), "syntax-error"),
    ("SELECT 'é😀' AS x, nme FROM airlines", ("nme",), "unknown-column"),
]

RIGHT = [
    "SELECT carrier, count(*) FROM flights GROUP BY ALL",
    "FROM flights",
    "SELECT * EXCLUDE (id) FROM flights QUALIFY row_number() OVER (PARTITION BY carrier ORDER BY id) = 1",
    "WITH x AS (FROM airlines SELECT name) SELECT * FROM x ASOF JOIN flights f ON x.name >= f.carrier",
    "SELECT * FROM flights a, airlines b, airlines c",
    "SELECT {'a': [x + 1 for x in [1, 2]]}.a[1], $$it's$$, 'é😀'",
    "SELECT 1;\n\nSELECT 2; -- done",
]


async def test_an_error_has_the_range_of_its_culprit(start: Any, flights: Path) -> None:
    server = await start("--database", flights)
    for text, culprit, code in WRONG:
        editor = await start(on=server.client)
        editor.open(text)
        (diagnostic,) = await editor.diagnostics(lambda found: bool(found))
        assert (diagnostic["code"], diagnostic["severity"], diagnostic["source"]) == (code, 1, "speql"), text
        assert diagnostic["message"]
        assert editor.covered(diagnostic["range"]) in culprit, text


async def test_what_the_engine_accepts_has_no_diagnostics(start: Any, flights: Path) -> None:
    server = await start("--database", flights)
    for text in RIGHT:
        editor = await start(on=server.client)
        editor.open(text)
        assert await editor.diagnostics() == [], text


async def test_the_word_being_typed_waits(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT nope FROM airlines WHERE ")
    editor.type("carr")
    first = await editor.diagnostics()
    settled = await editor.diagnostics(lambda found: found != first)
    # The first pass leaves out what touches the cursor; the engine tells one error at a time, and that is `nope`.
    assert [editor.covered(one["range"]) for one in first] in ([], ["nope"])
    assert settled
    assert ServerSettings().unfinished_seconds == 0.6


async def test_closing_a_document_takes_its_diagnostics_back(start: Any, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT nope FROM airlines")
    await editor.diagnostics(lambda found: bool(found))
    editor.forget()
    editor.client.notify("textDocument/didClose", {"textDocument": {"uri": editor.uri}})
    params = await editor.client.wait_for("textDocument/publishDiagnostics", since=editor.seen)
    assert params["diagnostics"] == []
