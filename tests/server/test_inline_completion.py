"""Ghost text over the wire: from rules, from what was run before, and never against the completion list."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, Start


async def ghost(editor: Editor, offset: int | None = None, selected: tuple[int, int, str] | None = None) -> list[str]:
    """The ghost texts at a place (the end of the text), each as the text that the document would have."""
    at = len(editor.text) if offset is None else offset
    context: dict[str, Any] = {"triggerKind": 2}
    if selected is not None:
        context["selectedCompletionInfo"] = {"range": editor.range(*selected[:2]), "text": selected[2]}
    params = {"textDocument": {"uri": editor.uri}, "position": editor.position(at), "context": context}
    answer = await editor.client.request("textDocument/inlineCompletion", params)
    found = []
    for item in answer["items"]:
        index = [
            editor.covered({"start": {"line": 0, "character": 0}, "end": item["range"][edge]})
            for edge in ("start", "end")
        ]
        found.append(editor.text[: len(index[0])] + item["insertText"] + editor.text[len(index[1]) :])
    return found


async def test_a_join_gets_its_condition(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT a.name FROM flights f JOIN airlines a")
    assert await ghost(editor) == ["SELECT a.name FROM flights f JOIN airlines a ON f.carrier = a.carrier"]


async def test_what_was_run_before_comes_again_with_the_names_of_now(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"history": {"enabled": True, "limit": 50}})
    editor.open(
        "SELECT f.origin, count(*) AS n\nFROM flights f\nWHERE f.dep_delay > 30\nGROUP BY f.origin\nORDER BY n DESC"
    )
    answer = await editor.submit()
    assert answer.outcome == "rows"
    editor.replace(0, len(editor.text), "SELECT x.origin, count(*) AS many\nFROM flights x\nWHERE x.dep_delay > 45\n")
    assert await ghost(editor) == [editor.text + "GROUP BY x.origin\nORDER BY many DESC"]


@pytest.mark.parametrize(
    "text",
    ["SELECT a.name FROM flights f JOIN airlines a -- airlines a", "SELECT 'FROM flights f JOIN airlines a", ""],
)
async def test_nothing_in_comments_strings_and_empty_documents(start: Start, flights: Path, text: str) -> None:
    editor = await start("--database", flights)
    editor.open(text)
    assert await ghost(editor) == []


async def test_what_stands_behind_the_cursor_is_not_said_again(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    head, tail = "SELECT a.name FROM flights f JOIN airlines a", " ON f.carrier = a.carrier"
    editor.open(head + tail)
    assert await ghost(editor, len(head)) == []


async def test_with_the_completion_list_open_it_goes_on_from_the_selected_item(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT airlines.name FROM flights f JOIN air")
    at = len(editor.text)
    found = await ghost(editor, at, (at - 3, at, "airlines"))
    assert found == ["SELECT airlines.name FROM flights f JOIN airlines ON f.carrier = airlines.carrier"]
    editor.replace(0, at, "SELECT f.origin, count(*) FROM flights f GROUP BY f.or")
    at = len(editor.text)
    assert await ghost(editor, at) == ["SELECT f.origin, count(*) FROM flights f GROUP BY f.origin"]
    for text in await ghost(editor, at, (at - 2, at, "id")):
        assert text.startswith("SELECT f.origin, count(*) FROM flights f GROUP BY f.id"), "the list says id"


async def test_switched_off_nothing_is_kept(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"history": {"enabled": False}})
    editor.open("SELECT f.day, max(f.id) AS newest\nFROM flights f\nWHERE f.id > 7\nGROUP BY f.day\nORDER BY newest")
    assert (await editor.submit()).outcome == "rows"
    editor.replace(0, len(editor.text), "SELECT x.day, max(x.id) AS late\nFROM flights x\nWHERE x.id > 9\n")
    assert await ghost(editor) == []


async def test_completions_are_ranked_by_what_was_run_before(start: Start, flights: Path) -> None:
    editor = await start("--database", flights, options={"history": {"limit": 20}})
    editor.open("SELECT max(g.dep_delay) AS worst FROM flights g WHERE g.day > DATE '2013-02-01' GROUP BY g.origin")
    assert (await editor.submit()).outcome == "rows"
    text = "SELECT max(h.dep_delay) AS worst FROM flights h WHERE h.day > DATE '2013-02-01' GROUP BY h."
    editor.replace(0, len(editor.text), text)
    async with asyncio.timeout(30):
        while (await editor.complete(len(text)))[0] != "origin":
            pass  # what was run is kept in the background


@pytest.mark.parametrize("wrong", [True, {"enabled": "yes"}, {"limit": 0}, {"limit": "many"}])
async def test_wrong_settings_are_told(start: Start, flights: Path, wrong: Any) -> None:
    editor = await start("--database", flights, options={"history": wrong})
    told = await editor.client.wait_for("window/showMessage", lambda params: "history" in params["message"], 0)
    assert "enabled: true" in told["message"]


async def test_a_history_that_cannot_be_used_is_told_and_stops_nothing(
    start: Start, flights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("SPEQL_DATA_DIR", str(tmp_path / "a file"))
    editor = await start("--database", flights)
    editor.open("SELECT count(*) AS n FROM flights")
    assert (await editor.submit()).rows == [[5000]]
    editor.replace(0, len(editor.text), "SELECT max(id) AS last FROM flights")
    assert (await editor.rows()).rows == [[4999]]
    told = await editor.client.wait_for("speql/status", lambda params: "history" in params["connection"]["message"], 0)
    assert "switch history off" in told["connection"]["message"]
