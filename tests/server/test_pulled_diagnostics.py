"""Diagnostics for a client that asks for them: reports with names, and a word when there are others."""

from pathlib import Path
from typing import Any

from lsprotocol import types

from speql_server.lsp.pulled_diagnostics import PulledDiagnostics

from .conftest import Editor, Start
from .test_embedded import open_as
from .test_notebooks import CAPABILITIES, Book

PULLS = {
    "textDocument": {"diagnostic": {"relatedInformation": True, "codeDescriptionSupport": True}},
    "workspace": {"diagnostics": {"refreshSupport": True}},
}


async def pull(editor: Editor, previous: str | None = None) -> dict[str, Any]:
    params = {"textDocument": {"uri": editor.uri}, "identifier": "speql", "previousResultId": previous}
    report: dict[str, Any] = await editor.client.request("textDocument/diagnostic", params)
    return report


async def puller(start: Start, *arguments: Any, capabilities: dict[str, Any] = PULLS) -> Editor:
    editor = await start(*arguments, handshake=False)
    provider = (await editor.client.initialize(capabilities=capabilities))["diagnosticProvider"]
    assert provider["interFileDependencies"] is False
    return editor


def pushed(editor: Editor) -> list[Any]:
    return [one for one in editor.client.received if one["method"] == "textDocument/publishDiagnostics"]


async def test_a_report_has_a_name_and_is_not_sent_twice(start: Start, flights: Path) -> None:
    editor = await puller(start, "--database", flights)
    editor.open("SELECT 1;\nSELECT nope FROM airlines")
    first = await pull(editor)
    assert first["kind"] == "full"
    assert [editor.covered(one["range"]) for one in first["items"]] == ["nope"]
    again = await pull(editor, first["resultId"])
    assert again == {"kind": "unchanged", "resultId": first["resultId"]}
    editor.replace(len(editor.text), len(editor.text), " -- end")
    assert (await pull(editor, first["resultId"]))["kind"] == "unchanged"
    editor.replace(0, 0, "\n")
    moved = await pull(editor, first["resultId"])
    assert [editor.covered(one["range"]) for one in moved["items"]] == ["nope"]
    start_of = editor.text.index("nope")
    editor.replace(start_of, start_of + 4, "name")
    assert (await pull(editor, moved["resultId"]))["items"] == []
    assert pushed(editor) == []


async def test_a_table_that_is_made_changes_reports(start: Start) -> None:
    editor = await puller(start)
    editor.open("SELECT a FROM later")
    report = await pull(editor)
    assert [one["code"] for one in report["items"]] == ["unknown-table"]
    other = await start(on=editor.client)
    other.open("CREATE TABLE later AS SELECT 1 AS a")
    await other.submit()
    await editor.client.wait_for("workspace/diagnostic/refresh")
    assert (await pull(editor, report["resultId"]))["items"] == []


async def test_what_is_pushed_is_not_pulled_and_the_other_way_round(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT nope FROM airlines")
    (said,) = await editor.diagnostics(lambda found: bool(found))
    assert (await pull(editor))["items"] == [said]
    puller_ = await puller(start, "--database", flights)
    puller_.open("SELECT nope FROM airlines")
    await pull(puller_)
    puller_.client.notify("textDocument/didClose", {"textDocument": {"uri": puller_.uri}})
    assert (await pull(puller_))["items"] == []
    assert pushed(puller_) == []


async def test_other_places_and_the_manual_are_told(start: Start, flights: Path) -> None:
    editor = await puller(start, "--database", flights)
    text = "SELECT carrier FROM flights f JOIN airlines ON f.carrier = airlines.carrier"
    editor.open(text)
    (said,) = (await pull(editor))["items"]
    assert said["code"] == "ambiguous-column"
    assert said["codeDescription"]["href"].startswith("https://duckdb.org/docs/")
    related = said["relatedInformation"]
    assert [editor.covered(one["location"]["range"]) for one in related] == ["f", "airlines"]
    assert {one["location"]["uri"] for one in related} == {editor.uri}
    plain = await start("--database", flights)
    plain.open(text)
    (said,) = await plain.diagnostics(lambda found: bool(found))
    assert not {"relatedInformation", "codeDescription"} & said.keys(), "this client has not said that it knows them"


async def test_documents_without_sql_and_cells(start: Start, flights: Path) -> None:
    editor = await puller(start, "--database", flights, capabilities=PULLS | CAPABILITIES)
    open_as(editor, "python", "print(1)")
    assert (await pull(editor))["items"] == []
    first, second = Book(editor.client).open(("sql", "SELECT nope FROM airlines"), ("python", "duckdb.sql('SELECT 1')"))
    assert [first.covered(one["range"]) for one in (await pull(first))["items"]] == ["nope"]
    assert (await pull(second))["items"] == []


async def test_a_refresh_is_asked_for_once_and_only_if_there_is_something_new() -> None:
    import asyncio

    refreshes: list[int] = []
    reports = PulledDiagnostics(lambda: refreshes.append(1))
    wrong = types.Diagnostic(types.Range(types.Position(0, 0), types.Position(0, 1)), "wrong")
    newest = {"a": 1}

    waiting = asyncio.ensure_future(reports.report("a", newest.get))
    await asyncio.sleep(0)
    reports.put("a", 0, [wrong])  # of an older version: nobody is answered with that
    await asyncio.sleep(0)
    assert not waiting.done()
    reports.put("a", 1, [])
    first = await waiting
    assert first is not None
    assert first.diagnostics == ()
    reports.put("a", 1, [])
    await asyncio.sleep(0)
    assert refreshes == []
    reports.put("a", 1, [wrong])
    reports.put("a", 1, [])
    reports.put("a", 1, [wrong])
    await asyncio.sleep(0)
    assert refreshes == [1]
    newest["a"] = 2
    reports.put("a", 2, [])  # an edit later the client asks by itself
    await asyncio.sleep(0)
    assert refreshes == [1]
    last = asyncio.ensure_future(reports.report("a", {"a": 3}.get))
    await asyncio.sleep(0)
    reports.close()
    await asyncio.gather(last, return_exceptions=True)
    assert last.cancelled()
    newest.pop("a")
    reports.drop("a")
    assert await reports.report("a", newest.get) is None
