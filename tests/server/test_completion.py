"""Completion over the wire: what clients of different abilities get, documentation when it is asked for, values."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from speql_server.settings import ServerSettings, SettingsError

from .conftest import Editor, Start

FULL: dict[str, Any] = {
    "textDocument": {
        "completion": {
            "completionItem": {"snippetSupport": True, "insertReplaceSupport": True, "labelDetailsSupport": True},
            "completionList": {"itemDefaults": ["editRange", "insertTextFormat", "data"]},
        }
    }
}


async def ask(editor: Editor, marked: str, trigger: str | None = None) -> dict[str, Any]:
    """Open a text with the cursor at ``|`` and ask what may stand there."""
    offset = marked.index("|")
    editor.open(marked.replace("|", "", 1))
    return await again(editor, offset, trigger)


async def again(editor: Editor, offset: int, trigger: str | None = None) -> dict[str, Any]:
    context = {"triggerKind": 2, "triggerCharacter": trigger} if trigger else {"triggerKind": 1}
    params = {"textDocument": {"uri": editor.uri}, "position": editor.position(offset), "context": context}
    answer: dict[str, Any] = await editor.client.request("textDocument/completion", params)
    return answer


def item_of(answer: dict[str, Any], label: str) -> dict[str, Any]:
    (found,) = [item for item in answer["items"] if item["label"] == label]
    return found


async def item_at(editor: Editor, offset: int, label: str) -> dict[str, Any]:
    """An item that may be there only once the engine's functions have been read."""
    answer = await again(editor, offset)
    while answer["isIncomplete"] and label not in [item["label"] for item in answer["items"]]:
        answer = await again(editor, offset)
    return item_of(answer, label)


async def find(editor: Editor, marked: str, label: str) -> dict[str, Any]:
    editor.open(marked.replace("|", "", 1))
    return await item_at(editor, marked.index("|"), label)


async def able(start: Start, flights: Path, *arguments: str, options: Any = None) -> Editor:
    """An editor that can do everything."""
    editor = await start("--database", flights, *arguments, handshake=False)
    await editor.client.initialize((), options, FULL)
    return editor


async def values_at(editor: Editor, marked: str) -> list[str]:
    """The values that are proposed once they are known."""
    answer = await ask(editor, marked)
    for _ in range(100):
        values = [item["label"] for item in answer["items"] if item["kind"] == 12]
        if values or not answer["isIncomplete"]:
            return values
        answer = await again(editor, marked.index("|"))
    return []


async def test_a_plain_client_gets_plain_edits(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    answer = await ask(editor, "SELECT d|ep FROM flights")
    found = item_of(answer, "dep_delay")
    assert "itemDefaults" not in answer
    assert editor.covered(found["textEdit"]["range"]) == "dep"
    assert found["textEdit"]["newText"] == "dep_delay"
    assert found["detail"] == "INTEGER flights"
    assert {"labelDetails", "commitCharacters", "preselect", "insertTextFormat"}.isdisjoint(found)
    rounded = await find(editor, "SELECT roun| FROM flights", "round")
    assert rounded["textEdit"]["newText"] == "round("
    labels = [item["label"] for item in (await ask(editor, "SELECT * FROM flights f JOIN |"))["items"]]
    assert "airlines" in labels
    assert not [label for label in labels if " ON " in label]


async def test_an_able_client_gets_small_items(start: Start, flights: Path) -> None:
    editor = await able(start, flights)
    answer = await ask(editor, "SELECT d|ep FROM flights")
    place = answer["itemDefaults"]["editRange"]
    assert editor.covered(place["insert"]) == "d"
    assert editor.covered(place["replace"]) == "dep"
    found = item_of(answer, "dep_delay")
    assert found["labelDetails"] == {"detail": " INTEGER", "description": "flights"}
    assert set(found) == {"label", "kind", "labelDetails", "sortText", "data"}
    rounded = await find(editor, "SELECT roun| FROM flights", "round")
    assert (rounded["textEditText"], rounded["insertTextFormat"]) == ("round($1)", 2)
    assert rounded["labelDetails"]["detail"].startswith("(")


async def test_what_is_said_of_an_item_comes_when_it_is_looked_at(start: Start, flights: Path) -> None:
    editor = await able(start, flights)

    async def said(marked: str, label: str) -> str:
        found = await find(editor, marked, label)
        assert "documentation" not in found
        resolved = await editor.client.request("completionItem/resolve", found)
        assert {name: resolved[name] for name in found} == found
        text: str = resolved["documentation"]["value"]
        return text

    assert "`airlines.carrier` VARCHAR\n\nPrimary key." in await said("SELECT carr| FROM airlines", "carrier")
    assert "5,000 rows.\n\n- `id` INTEGER Primary key." in await said("SELECT * FROM fli|", "flights")
    assert "```sql\nround(" in await said("SELECT roun| FROM flights", "round")
    unknown = {"label": "x", "data": [1_000, 0]}
    assert await editor.client.request("completionItem/resolve", unknown) == unknown
    assert await editor.client.request("completionItem/resolve", {"label": "x"}) == {"label": "x"}


async def test_values_come_once_they_are_known(start: Start, flights: Path) -> None:
    editor = await able(start, flights)
    first = await ask(editor, "SELECT * FROM flights WHERE carrier = '|'")
    assert first["items"] == []
    assert first["isIncomplete"]
    assert sorted(await values_at(editor, "SELECT * FROM flights WHERE carrier = '|'")) == ["AA", "B6", "UA"]
    answer = await ask(editor, "SELECT * FROM flights WHERE carrier IN ('AA', |)")
    assert {item["label"] for item in answer["items"] if item["kind"] == 12} == {"B6", "UA"}
    american = item_of(await ask(editor, "SELECT * FROM flights WHERE carrier = 'A|'"), "AA")
    assert (american["filterText"], american["textEditText"]) == ("'AA'", "'AA'")
    for many in ("id", "dep_delay"):
        assert await values_at(editor, f"SELECT * FROM flights WHERE {many} = '|'") == []


async def test_values_are_those_of_now(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "now.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'it''s' AS a").fetchall()
    editor = await able(start, path, "--writable")
    assert await values_at(editor, "SELECT * FROM t WHERE a = '|'") == ["it's"]
    editor.open("INSERT INTO t VALUES ('new'), ('new')")
    await editor.submit()
    for _ in range(100):
        values = await values_at(editor, "SELECT * FROM t WHERE a = '|'")
        if len(values) == 2:
            break
    assert values == ["new", "it's"]


@pytest.mark.parametrize("options", [{"completion": {"values": False}}, {"speculate": False}])
async def test_values_can_be_switched_off(start: Start, flights: Path, options: Any) -> None:
    editor = await able(start, flights, options=options)
    answer = await ask(editor, "SELECT * FROM flights WHERE carrier = '|'")
    assert answer == {"isIncomplete": False, "items": []}


UNASKED = [
    ("SELECT | FROM flights", " ", []),
    ("SELECT * FROM flights f | ", " ", []),
    ("SELECT * FROM airlines AS a JOIN | ", " ", ["flights AS f ON f.carrier = a.carrier"]),
    ("SELECT * FROM flights f JOIN airlines a ON | ", " ", ["f.carrier = a.carrier"]),
    ("SELECT carrier, count(*) FROM flights GROUP BY | ", " ", ["carrier"]),
    ("SELECT '|'", "'", []),
    ('SELECT "|" FROM airlines', '"', ["carrier", "name", "airlines"]),
]


async def test_unasked_only_what_is_sure_is_proposed(start: Start, flights: Path) -> None:
    editor = await able(start, flights)
    for marked, trigger, expected in UNASKED:
        assert [item["label"] for item in (await ask(editor, marked, trigger))["items"]] == expected, marked


@pytest.mark.parametrize("given", [{"values": "yes"}, {"values": 1}, True, "values"])
def test_a_wrong_setting_is_refused(given: Any) -> None:
    with pytest.raises(SettingsError, match=r"object like \{values: true\}"):
        ServerSettings().with_options({"completion": given})
    assert ServerSettings().with_options({"completion": {"values": False}}).completion_values is False
    assert ServerSettings().with_options({"completion": {}}).completion_values is None


async def test_in_python_items_are_written_into_the_string(start: Start, flights: Path) -> None:
    editor = await able(start, flights)
    text = "import duckdb\nduckdb.sql(f\"SELECT roun FROM flights WHERE carrier = '{x}'\")\n"
    item = {"uri": editor.uri, "languageId": "python", "version": 1, "text": text}
    editor.text, editor.version = text, 1
    editor.client.notify("textDocument/didOpen", {"textDocument": item})
    found = await item_at(editor, text.index("roun") + 4, "round")
    assert found["textEdit"]["newText"] == "round("
    assert "insertTextFormat" not in found
    assert editor.covered(found["textEdit"]["range"]) == "roun"


async def test_tables_of_other_schemas_come_with_their_schema(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "schemas.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop".orders (id INTEGER)')
    editor = await able(start, path)
    found = item_of(await ask(editor, "SELECT * FROM ord|"), "My Shop.orders")
    assert (found["filterText"], found["textEditText"]) == ("orders", '"My Shop".orders')
    assert [item["label"] for item in (await ask(editor, 'SELECT * FROM "My Shop".|'))["items"]] == ["orders"]
