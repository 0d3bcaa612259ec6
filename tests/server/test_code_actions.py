"""Code actions over the wire; what rewritings make of a query is tested with the speculator."""

from pathlib import Path
from typing import Any

import duckdb

from .conftest import Editor, Start
from .test_formatting import apply

CAPABILITIES = {
    "workspace": {"workspaceEdit": {"documentChanges": True}},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}}},
}
TEXT = "SELECT '😀é' AS face;\r\nSELECT * FROM flights f JOIN airlines a ON f.carrier = a.carrier"


async def opened(start: Start, flights: Path, text: str, capabilities: Any = CAPABILITIES) -> Editor:
    editor = await start("--database", flights, handshake=False)
    await editor.client.initialize(capabilities=capabilities)
    editor.open(text)
    return editor


async def ask(editor: Editor, start: int, end: int | None = None, **context: Any) -> Any:
    params = {
        "textDocument": {"uri": editor.uri},
        "range": editor.range(start, start if end is None else end),
        "context": {"diagnostics": [], **context},
    }
    return await editor.client.request("textDocument/codeAction", params)


def edits_of(editor: Editor, action: dict[str, Any]) -> list[dict[str, Any]]:
    """The edits of an action, which are for exactly the newest version."""
    (change,) = action["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": editor.uri, "version": editor.version}
    edits: list[dict[str, Any]] = change["edits"]
    return edits


async def test_a_rewriting_has_its_edits_and_the_same_rows(start: Start, flights: Path) -> None:
    editor = await opened(start, flights, TEXT)
    actions = {action["title"]: action for action in await ask(editor, TEXT.index("*"))}
    assert set(actions) == {"Expand *"}
    expanded = actions["Expand *"]
    assert expanded["kind"] == "refactor.rewrite"
    assert "command" not in expanded
    after = apply(editor, edits_of(editor, expanded))
    assert after == TEXT.replace("*", "f.id, f.carrier, f.origin, f.dep_delay, f.day, a.carrier, a.name")
    with duckdb.connect(str(flights), read_only=True) as connection:
        before, again = (connection.execute(text.split(";")[1]).fetchall() for text in (TEXT, after))
        assert sorted(map(repr, before)) == sorted(map(repr, again))


WANTED: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"refactor.rewrite", "refactor.extract"}),
    ({"only": ["refactor"]}, {"refactor.rewrite", "refactor.extract"}),
    ({"only": [""]}, {"refactor.rewrite", "refactor.extract"}),
    ({"only": ["refactor.extract"]}, {"refactor.extract"}),
    ({"only": ["refactor.ex"]}, set()),
    ({"only": ["source.organizeImports"]}, set()),
    ({"only": ["quickfix"]}, set()),
    ({"triggerKind": 1}, {"refactor.rewrite", "refactor.extract"}),
    ({"triggerKind": 2}, set()),
    ({"triggerKind": 2, "only": ["refactor.extract"]}, {"refactor.extract"}),
]


async def test_only_what_is_wanted_is_offered(start: Start, flights: Path) -> None:
    text = "SELECT d.carrier FROM (SELECT carrier FROM flights) d"
    editor = await opened(start, flights, text)
    for context, kinds in WANTED:
        actions = await ask(editor, text.index("carrier FROM flights"), **context)
        assert {action["kind"] for action in actions} == kinds, context


async def test_a_repair_is_a_quick_fix_of_its_diagnostics(start: Start, flights: Path) -> None:
    editor = await opened(start, flights, "SELECT carier FROM flights ")
    diagnostics = await editor.diagnostics(bool)
    actions = await ask(editor, 8, diagnostics=diagnostics, triggerKind=2)
    (action,) = [one for one in actions if one["title"].startswith("Accept the repair")]
    assert action["kind"] == "quickfix"
    assert action["isPreferred"] is True
    assert action["diagnostics"] == diagnostics
    assert apply(editor, edits_of(editor, action)) == "SELECT carrier FROM flights "


async def test_a_repair_of_another_statement_than_that_at_the_cursor(start: Start, flights: Path) -> None:
    text = "SELECT carier FROM flights;\nSELECT 1"
    editor = await opened(start, flights, text)
    await editor.diagnostics(bool)
    editor.put_cursor(len(text))
    (action,) = await ask(editor, 8, triggerKind=2)
    assert apply(editor, edits_of(editor, action)) == text.replace("carier", "carrier")
    assert await ask(editor, len(text), triggerKind=2) == []


async def test_what_is_missing_in_group_by_is_added(start: Start, flights: Path) -> None:
    text = "SELECT carrier, count(*) FROM flights"
    editor = await opened(start, flights, text)
    diagnostics = await editor.diagnostics(lambda found: any(one["code"] == "not-grouped" for one in found))
    actions = await ask(editor, 8, diagnostics=diagnostics)
    (action,) = [one for one in actions if one["title"] == "Add carrier to GROUP BY"]
    assert action["diagnostics"] == [one for one in diagnostics if one["code"] == "not-grouped"]
    assert apply(editor, edits_of(editor, action)) == f"{text} GROUP BY carrier"


async def test_a_rewriting_that_the_engine_names_otherwise_is_not_offered(start: Start, flights: Path) -> None:
    """The catalog may be older than the database: the engine has the last word."""
    editor = await opened(start, flights, "SELECT * FROM (SELECT carrier AS a, carrier AS A FROM flights)")
    assert not [one for one in await ask(editor, 7) if one["title"].startswith("Expand")]


async def test_clients_without_literals_or_versions(start: Start, flights: Path) -> None:
    editor = await opened(start, flights, TEXT, {})
    assert await ask(editor, TEXT.index("*")) is None
    plain = {"textDocument": CAPABILITIES["textDocument"]}
    other = await opened(start, flights, TEXT, plain)
    (action,) = await ask(other, TEXT.index("*"))
    assert list(action["edit"]["changes"]) == [other.uri]


async def test_in_a_template_only_the_repair_is_offered(start: Start, flights: Path) -> None:
    text = "SELECT carier FROM {{ ref('flights') }} "
    editor = await opened(start, flights, text)
    await editor.preview(lambda message: bool(message.edits))
    (action,) = await ask(editor, 8)
    assert apply(editor, edits_of(editor, action)) == text.replace("carier", "carrier")
    assert await ask(editor, text.index("ref")) == []


async def test_nothing_is_offered_outside_of_statements(start: Start, flights: Path) -> None:
    editor = await opened(start, flights, "-- a comment\n")
    assert await ask(editor, 3) == []
    closed = await opened(start, flights, "")
    closed.uri = "file:///not-open.sql"
    assert await ask(closed, 0) is None
