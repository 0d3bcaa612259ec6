"""What names mean, outlines and tokens of SQL in something else: the places are those of the document around it."""

from pathlib import Path
from typing import Any

import pytest

from speql_server.client import ServerAnswerError

from .conftest import Editor, Start
from .test_embedded import BEFORE, open_as, written
from .test_structure import LEGEND, apply, read

PYTHON = (
    BEFORE + "duckdb.sql('SELECT nothing FROM nowhere')\n"
    "rows = con.execute(\n"
    "    'WITH late AS (SELECT carrier, dep_delay AS \"d😀\\u00e9\" '\n"
    '    "FROM flights f WHERE f.dep_delay > 60)\\n"\n'
    "    'SELECT \"d😀é\", count(*) AS n FROM late GROUP BY ALL'\n"
    ")\nrows.carrier\n"
)

JINJA = (
    "{{ config(materialized='view') }}\r\n"
    "WITH late AS (\r\n  SELECT f.carrier, 1 AS one /* é😀 */ FROM {{ ref('flights') }} f\r\n)\r\n"
    "{% set wanted = 'carrier' %}SELECT one, {{ wanted }} FROM late"
)

MAGIC = "%%sql --save result\nWITH late AS (\n  SELECT carrier FROM flights\n)\nSELECT carrier FROM late\n"

PLACES = [
    ("python", PYTHON, 'd😀é", count', "definition", ['"d😀\\u00e9"']),
    ("python", PYTHON, 'd😀é", count', "references", ['"d😀\\u00e9"', '"d😀é"']),
    ("python", PYTHON, "late GROUP", "documentHighlight", ["late", "late"]),
    ("python", PYTHON, "f.dep_delay", "references", ["f", "f"]),
    ("python", PYTHON, "dep_delay > 60", "definition", ["f"]),
    ("python", PYTHON, "rows.carrier", "definition", None),
    ("python", PYTHON, "nothing", "references", ["nothing"]),
    ("python", PYTHON, "60)", "references", []),
    ("sql", JINJA, "carrier, 1", "definition", ["f"]),
    ("sql", JINJA, "one, {{", "references", ["one", "one"]),
    ("sql", JINJA, "f.carrier", "definition", ["f"]),
    ("sql", JINJA, "set wanted", "references", None),
    ("sql", JINJA, "ref('flights')", "definition", None),
    ("python", MAGIC, "late\n", "references", ["late", "late"]),
    ("python", MAGIC, "--save", "documentHighlight", None),
]


async def ask(editor: Editor, method: str, offset: int | None = None, **more: Any) -> Any:
    place = {} if offset is None else {"position": editor.position(offset)}
    return await editor.client.request(f"textDocument/{method}", {"textDocument": {"uri": editor.uri}, **place, **more})


async def opened(start: Start, editor: Editor, language: str, text: str) -> Editor:
    found = await start(on=editor.client)
    if text.startswith("%%"):
        found.uri += ".ipynb"
    open_as(found, language, text)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_names_are_found_at_their_places(start: Start, flights: Path, encoding: str) -> None:
    server = await start("--database", flights, encodings=[encoding])
    for language, text, at, method, expected in PLACES:
        editor = await opened(start, server, language, text)
        editor.encoding = server.encoding
        found = await ask(editor, method, text.index(at), context={"includeDeclaration": True})
        listed = found if found is None or isinstance(found, list) else [found]
        covered = None if listed is None else [editor.covered(one["range"]) for one in listed]
        assert covered == expected, (at, method)


RENAMED = [
    ("python", "duckdb.sql('SELECT carrier AS c FROM flights ORDER BY c')", "c FROM", "code", ["c", "c"], "code"),
    ("python", "duckdb.sql('SELECT carrier AS c FROM flights ORDER BY c')", "c FROM", "it's", ["c", "c"], '"it\\\'s"'),
    ("python", 'duckdb.sql("SELECT carrier AS c "\n  "FROM flights ORDER BY c")', "c ", "a b", ["c", "c"], '\\"a b\\"'),
    ("sql", "WITH x AS (SELECT 1 AS a) SELECT a FROM x WHERE {{ 1 }} = 1", "a) ", "b", ["a", "a"], "b"),
    ("sql", "SELECT f.carrier FROM {{ ref('flights') }} f", "f.carrier", "g", ["f", "f"], "g"),
]


@pytest.mark.parametrize(("language", "text", "at", "name", "replaced", "spelled"), RENAMED)
async def test_a_renamed_name_is_written_as_the_document_writes(
    start: Start, flights: Path, language: str, text: str, at: str, name: str, replaced: list[str], spelled: str
) -> None:
    editor = await start("--database", flights)
    before = BEFORE if language == "python" else ""
    open_as(editor, language, before + text)
    offset = editor.text.index(at)
    prepared = await ask(editor, "prepareRename", offset)
    assert editor.covered(prepared["range"]) == replaced[0]
    edits = (await ask(editor, "rename", offset, newName=name))["changes"][editor.uri]
    assert [editor.covered(edit["range"]) for edit in edits] == replaced
    assert {edit["newText"] for edit in edits} == {spelled}
    changed = written(editor, edits)
    if language == "python":
        compile(changed, "changed.py", "exec")


REFUSED = [
    ("python", "mo.sql(f'SELECT carrier AS c, {more} FROM flights ORDER BY c')", "c,", "not known what stands for"),
    ("sql", "{% if x %}SELECT 1 AS a{% else %}SELECT 2 AS a{% endif %} ORDER BY a", "a{%", "not known what stands for"),
    ("python", "duckdb.sql('SELECT carrier AS c FROM flights')", "flights", "table of the database"),
]


async def test_what_is_not_seen_is_not_renamed(start: Start, flights: Path) -> None:
    server = await start("--database", flights)
    for language, text, at, reason in REFUSED:
        editor = await opened(start, server, language, text)
        for method, more in (("prepareRename", {}), ("rename", {"newName": "other"})):
            with pytest.raises(ServerAnswerError, match=reason):
                await ask(editor, method, text.index(at), **more)


async def test_hover_and_signatures(start: Start, flights: Path) -> None:
    server = await start("--database", flights)
    editor = await opened(start, server, "python", PYTHON)
    hovered = await ask(editor, "hover", PYTHON.index("n FROM late"))
    assert "n BIGINT" in hovered["contents"]["value"]
    assert editor.covered(hovered["range"]) == "n"
    assert await ask(editor, "hover", PYTHON.index("rows.carrier")) is None
    called = await ask(editor, "signatureHelp", PYTHON.index("*) AS n"))
    assert called["signatures"][0]["label"].startswith("count(")
    unsure = await opened(start, server, "python", "mo.sql(f'WITH w AS (SELECT {x} AS y, 1 AS z) SELECT y, z FROM w')")
    told = (await ask(unsure, "hover", unsure.text.index("y, z FROM")))["contents"]["value"]
    assert "INTEGER" not in told, "the type would be that of what stands for the placeholder"


async def test_tokens_are_those_of_the_sql(start: Start, flights: Path) -> None:
    server = await start("--database", flights)
    editor = await opened(start, server, "python", PYTHON)
    tokens = read(editor, (await ask(editor, "semanticTokens/full"))["data"], LEGEND)
    assert tokens[:7] == [
        ("SELECT", "keyword", ""),
        ("nothing", "property", "declaration"),
        ("FROM", "keyword", ""),
        ("nowhere", "class", ""),
        ("WITH", "keyword", ""),
        ("late", "variable", "declaration"),
        ("AS", "keyword", ""),
    ]
    assert ('"d😀\\u00e9"', "property", "declaration") in tokens
    assert tokens[-1] == ("ALL", "keyword", "")
    assert not {text for text, _, _ in tokens} & {"import", "duckdb", "rows", "con", "execute", "'"}
    begin = PYTHON.index("FROM late")
    some = await ask(editor, "semanticTokens/range", range=editor.range(begin, begin + 4))
    assert read(editor, some["data"], LEGEND)[0][0] == "WITH"

    template = await opened(start, server, "sql", JINJA)
    tokens = read(template, (await ask(template, "semanticTokens/full"))["data"], LEGEND)
    assert [text for text, _, _ in tokens][-4:] == ["SELECT", "one", "FROM", "late"]
    assert not [text for text, _, _ in tokens if "{" in text or "%" in text or text == "wanted"]
    assert ("/* é😀 */", "comment", "") in tokens


async def test_a_change_is_sent_as_a_difference(start: Start, flights: Path) -> None:
    server = await start("--database", flights)
    editor = await opened(start, server, "python", PYTHON)
    first = await ask(editor, "semanticTokens/full")
    editor.replace(0, 0, "# é😀\n")
    answer = await ask(editor, "semanticTokens/full/delta", previousResultId=first["resultId"])
    assert apply(first["data"], answer["edits"]) == (await ask(editor, "semanticTokens/full"))["data"]


async def test_outline_folds_and_selections(start: Start, flights: Path) -> None:
    server = await start("--database", flights)
    editor = await opened(start, server, "python", PYTHON)
    _, second = await ask(editor, "documentSymbol")
    assert [child["name"] for child in second["children"]] == ["late", "SELECT FROM late"]
    assert editor.covered(second["range"]).startswith("WITH late")
    assert editor.covered(second["range"]).endswith("GROUP BY ALL")
    folds = await ask(editor, "foldingRange")
    assert [(fold["startLine"], fold["endLine"]) for fold in folds] == [(5, 7)]
    outside, inside = await ask(
        editor,
        "selectionRange",
        positions=[editor.position(2), editor.position(PYTHON.index("late GROUP") + 1)],
    )
    assert outside == {"range": editor.range(2, 2)}
    assert editor.covered(inside["range"]) == "late"
    while "parent" in inside:
        inside = inside["parent"]
    assert editor.covered(inside["range"]).startswith("WITH")

    template = await opened(start, server, "sql", "{% for x in y %}SELECT 1 AS a FROM {{ x }}{% endfor %}")
    (symbol,) = await ask(template, "documentSymbol")
    assert "{{ x }}" in symbol["name"]


async def test_python_without_sql_has_no_session(start: Start, flights: Path) -> None:
    server = await start("--database", flights)
    editor = await opened(start, server, "python", "print(1)\n")
    for method in ("semanticTokens/full", "documentSymbol", "foldingRange"):
        assert await ask(editor, method) is None
