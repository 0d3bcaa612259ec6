"""SQL in something else, over a real server: every feature reaches it by one mapping."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speql_server import protocol
from speql_server.lsp.positions import LineIndex

from .conftest import Editor, Start
from .test_inline_completion import ghost

BEFORE = "import duckdb\n\nlimit = '😀'\n"


def open_as(editor: Editor, language: str, text: str) -> int:
    """Open a document in a language; ``|`` is the cursor, whose offset is returned."""
    at = text.find("|")
    editor.text, editor.version = text.replace("|", "", 1), 1
    item = {"uri": editor.uri, "languageId": language, "version": 1, "text": editor.text}
    editor.client.notify("textDocument/didOpen", {"textDocument": item})
    if at >= 0:
        editor.put_cursor(at)
    return at


PREVIEWED = [
    ("plain", 'duckdb.sql("SELECT count(*) FROM flights|")', 5000),
    ("over lines", 'rows = con.execute("""\n  SELECT count(*)\n  FROM airlines|\n""").fetchall()', 4),
    ("side by side", "con.execute(\n  'SELECT count(*) '\n  \"FROM airlines |WHERE carrier = 'AA'\"\n)", 1),
    ("escaped", "duckdb.sql('SELECT count(*) FROM airlines\\nWHERE carrier = \\'AA\\'|')", 1),
    ("the second", 'duckdb.sql("SELECT 1")\nduckdb.sql("SELECT count(*) FROM airlines|")', 4),
    ("unfinished Python", 'def f(:\n  x = [duckdb.sql("SELECT count(*) FROM airlines|', 4),
    ("unfinished SQL", 'duckdb.sql("""SELECT count(*) FROM airlines WHERE |""")', 4),
]


@pytest.mark.parametrize(("text", "count"), [case[1:] for case in PREVIEWED], ids=[case[0] for case in PREVIEWED])
async def test_a_string_has_a_preview(start: Start, flights: Path, text: str, count: int) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", BEFORE + text)
    shown = await editor.rows(lambda message: message.rows == [[count]])
    assert editor.covered(shown.statement).startswith("SELECT count(*)")
    assert "airlines" in editor.covered(shown.statement) or "flights" in editor.covered(shown.statement)


ACCEPTED = [
    ("a data frame", "frame = pd.read_csv('a.csv')\nduckdb.sql('SELECT a FROM frame')", "host-variable"),
    ("a relation", "rows: Any = con.table('flights')\nduckdb.sql('SELECT carrier FROM rows')", "host-variable"),
    ("an argument", "def f(n, frame):\n    return duckdb.sql('SELECT a FROM frame')", "host-variable"),
    ("values in order", "con.execute('SELECT carrier FROM airlines WHERE carrier = ?', ['AA'])", "no-values"),
    ("values by name", "con.execute('SELECT $code, carrier FROM airlines', {'code': 'AA'})", "no-values"),
    ("values of psycopg", "con.execute('SELECT carrier FROM airlines WHERE carrier = %s', ['AA'])", "no-values"),
    ("its names", "con.execute('SELECT carrier FROM airlines WHERE carrier = %(code)s', code)", "no-values"),
    ("values of SQLAlchemy", "con.execute(text('SELECT carrier FROM airlines WHERE carrier = :code'))", "no-values"),
    ("no variable", "frame == 1\nduckdb.sql('SELECT a FROM frame')", "unknown-table"),
]


@pytest.mark.parametrize(("text", "code"), [case[1:] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
async def test_what_runs_where_its_values_are_is_no_error(start: Start, flights: Path, text: str, code: str) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", BEFORE + text)
    found = await editor.diagnostics(lambda some: len(some) > 0)
    assert [(one["code"], one["severity"]) for one in found] == [(code, 1 if code == "unknown-table" else 3)]


async def test_typing_in_a_string_is_followed(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    at = open_as(editor, "python", BEFORE + 'duckdb.sql("SELECT count(*) FROM air|")')
    editor.replace(at, at, "lines")
    assert (await editor.rows(lambda message: message.rows == [[4]])).states == ["exact"]


@pytest.mark.parametrize(
    ("text", "label", "completed"),
    [
        ('duckdb.sql("SELECT carr| FROM airlines")', "carrier", 'duckdb.sql("SELECT carrier FROM airlines")'),
        ("duckdb.sql('SELECT * FROM airl|')", "airlines", "duckdb.sql('SELECT * FROM airlines')"),
        ("duckdb.sql('SELECT \\'x\\', carr| FROM airlines')", "carrier", None),
    ],
)
async def test_completion_in_a_string(
    start: Start, flights: Path, text: str, label: str, completed: str | None
) -> None:
    editor = await start("--database", flights)
    at = open_as(editor, "python", BEFORE + text)
    params = {"textDocument": {"uri": editor.uri}, "position": editor.position(at)}
    answer = await editor.client.request("textDocument/completion", params)
    item = next(item for item in answer["items"] if item["label"] == label)
    assert editor.covered(item["textEdit"]["range"]) in ("carr", "airl")
    if completed is not None:
        assert written(editor, [item["textEdit"]]) == BEFORE + completed


async def test_nothing_is_completed_outside(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", BEFORE + 'duckdb.sql("SELECT * FROM airlines")\nfl')
    assert await editor.complete(len(editor.text)) == []
    assert await ghost(editor) == []


def written(editor: Editor, edits: list[dict[str, Any]]) -> str:
    """The document with text edits applied."""
    text = editor.text
    places = [
        (editor_offset(editor, edit["range"]["start"]), editor_offset(editor, edit["range"]["end"]), edit["newText"])
        for edit in edits
    ]
    for start, end, new_text in sorted(places, reverse=True):
        text = text[:start] + new_text + text[end:]
    return text


def editor_offset(editor: Editor, position: dict[str, int]) -> int:
    return LineIndex(editor.text).offset(position["line"], position["character"], editor.encoding)


def taking(applied: list[Any]) -> Callable[[Any], Any]:
    """An editor's answer to an edit of the server's: it is applied."""

    def take(params: Any) -> Any:
        applied.append(params)
        return {"applied": True}

    return take


REPAIRED = [
    (
        "duckdb.sql('SELECT name FROM airlines WHERE carrier = \\'AA|')",
        "duckdb.sql('SELECT name FROM airlines WHERE carrier = \\'AA\\'')",
    ),
    ('duckdb.sql("SELECT nme FROM airlines|")', 'duckdb.sql("SELECT name FROM airlines")'),
    ("duckdb.sql(f'SELECT {a}, nme FROM airlines|')", "duckdb.sql(f'SELECT {a}, name FROM airlines')"),
]


@pytest.mark.parametrize(("text", "accepted"), REPAIRED)
async def test_an_accepted_repair_is_escaped(start: Start, flights: Path, text: str, accepted: str) -> None:
    editor = await start("--database", flights)
    applied: list[Any] = []
    editor.client.answers["workspace/applyEdit"] = taking(applied)
    open_as(editor, "python", BEFORE + text)
    await editor.preview(lambda message: bool(message.edits))
    assert (await editor.command("speql.acceptRepair", editor.uri))["applied"] is True
    edits = applied[0]["edit"]["documentChanges"][0]["edits"]
    assert written(editor, edits) == BEFORE + accepted


async def test_ghost_text_in_a_string(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    at = open_as(editor, "python", BEFORE + 'duckdb.sql("SELECT a.name FROM flights f JOIN airlines a|")')
    completed = 'duckdb.sql("SELECT a.name FROM flights f JOIN airlines a ON f.carrier = a.carrier")'
    assert await ghost(editor, at) == [BEFORE + completed]


async def test_a_diagnostic_is_at_its_place_in_the_string(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", BEFORE + "duckdb.sql('SELECT \\'é\\',\\n nope FROM airlines')\nduckdb.sql('SELECT 1|')")
    found = await editor.diagnostics(lambda some: len(some) == 1)
    assert editor.covered(found[0]["range"]) == "nope"


async def test_a_string_with_a_placeholder_has_no_error_and_is_not_submitted(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    text = "mo.sql(f\"SELECT nope FROM {table} WHERE a = {x}\")\nduckdb.sql('SELECT nope2 FROM airlines')"
    open_as(editor, "python", BEFORE + text)
    found = await editor.diagnostics(lambda some: len(some) > 0)
    assert [editor.covered(one["range"]) for one in found] == ["nope2"]
    answer = await editor.submit(len(BEFORE) + 20)
    assert (answer.outcome, answer.problems[0].code) == ("failed", "not-resolved")
    assert "{table}" in answer.problems[0].message


async def test_a_preview_says_what_was_masked(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", BEFORE + 'mo.sql(f"SELECT count(*), {x} FROM airlines|")')
    shown = await editor.rows()
    assert shown.states == ["predicted"] or "predicted" in shown.states
    told = [problem for problem in shown.problems if problem.code == "masked"]
    assert [editor.covered(problem.range) for problem in told] == ["{x}"]
    assert told[0].severity == "information"


async def test_a_submit_runs_the_string_at_the_cursor(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    at = open_as(editor, "python", BEFORE + "duckdb.sql('SELECT 1')\ncon.execute(\"SELECT concat('a', '\\\"')|\")")
    answer = await editor.submit(at)
    assert answer.rows == [['a"']]
    with pytest.raises(Exception, match="no SQL at this place"):
        await editor.submit(2)


async def test_python_without_sql_is_left_alone(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    open_as(editor, "python", "print('SELECT')\n")
    at = len(editor.text)
    editor.replace(at, at, 'duckdb.sql("SELECT 7")')
    assert (await editor.rows()).rows == [[7]]
    sent = [one["params"] for one in editor.client.received if one["method"] == "speql/preview"]
    assert {msgspec.convert(one, protocol.Preview).version for one in sent} == {2}
