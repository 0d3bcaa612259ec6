"""Templates over a real server: masked with their places kept, ``ref`` and ``source`` by dbt's manifest."""

import json
from pathlib import Path

import pytest

from .conftest import Editor, Start
from .test_embedded import open_as

PREVIEWED = [
    ("ref by its name", "SELECT count(*) FROM {{ ref('airlines') }}|", 4),
    (
        "source by its name",
        "{{ config(x='y') }}\nSELECT count(*) FROM {{ source('raw', 'airlines') }}|",
        4,
    ),
    ("set", "{% set code = 'AA' %}SELECT count(*) FROM airlines WHERE carrier = '{{ code }}'|", 1),
    ("comment", "SELECT {# all of them: {{ x }} #} count(*) FROM airlines|", 4),
    ("first branch", "SELECT count(*) FROM {% if a %} airlines {% elif b %} flights {% else %} nope {% endif %}|", 4),
    ("a default", "SELECT count(*) FROM flights WHERE id < {{ var('most', 7) }}|", 7),
    ("a loop", "SELECT {% for c in cs %} count(*) {% if not loop.last %},{% endif %}{% endfor %} FROM airlines|", 4),
    ("a macro", "{% macro m(x) %} nonsense {{ x }} {% endmacro %}SELECT count(*) FROM airlines|", 4),
    ("a clause", "SELECT count(*) FROM airlines {{ where_clause() }}|", 4),
    ("unfinished", "{% set a = 1 %}SELECT count(*) FROM airlines WHERE |", 4),
]


@pytest.mark.parametrize(("text", "count"), [case[1:] for case in PREVIEWED], ids=[case[0] for case in PREVIEWED])
async def test_a_template_has_a_preview(start: Start, flights: Path, text: str, count: int) -> None:
    editor = await start("--database", flights)
    open_as(editor, "jinja-sql", text)
    assert (await editor.rows(lambda message: message.rows == [[count]])).rows == [[count]]


def manifest(folder: Path, relation: str) -> str:
    """A dbt project in a folder; the URI of a model in it."""
    (folder / "target").mkdir(exist_ok=True)
    model = {"name": "carriers", "resource_type": "model", "package_name": "shop", "relation_name": relation}
    source = {"name": "f", "source_name": "raw", "resource_type": "source", "relation_name": "main.flights"}
    found = {"nodes": {"model.shop.carriers": model}, "sources": {"source.shop.raw.f": source}, "macros": {"m": {}}}
    (folder / "target" / "manifest.json").write_text(json.dumps(found))
    return (folder / "models" / "model.sql").as_uri()


async def test_names_are_dbts_own(start: Start, flights: Path, tmp_path: Path) -> None:
    editor = await start("--database", flights)
    editor.uri = manifest(tmp_path, '"main"."airlines"')
    joined = "{{ ref('shop', 'carriers') }} a JOIN {{ source('raw', 'f') }} f USING (carrier)"
    open_as(editor, "sql", f"SELECT count(*), any_value(f.nope) FROM {joined}")
    found = await editor.diagnostics(lambda some: len(some) == 1)
    assert editor.covered(found[0]["range"]) == "f.nope" or editor.covered(found[0]["range"]) == "nope"
    at = editor.text.index("f.nope") + 2
    editor.replace(at, at + 4, "id")
    shown = await editor.rows()
    assert {problem.code for problem in shown.problems} == {"masked"}
    assert 'is read as "main"."airlines"' in shown.problems[0].message
    assert editor.covered(shown.problems[0].range) == "{{ ref('shop', 'carriers') }}"
    assert (await editor.submit()).outcome == "rows"


async def test_a_ref_is_hovered_as_the_table_that_it_means(start: Start, flights: Path, tmp_path: Path) -> None:
    editor = await start("--database", flights)
    editor.uri = manifest(tmp_path, '"main"."airlines"')
    text = "SELECT name, {{ unknown }} FROM {{ ref('carriers') }} a JOIN {{ ref('flights') }} f USING (carrier)"
    open_as(editor, "sql", text)
    await editor.rows()
    for word, told in (("ref('carriers", "airlines"), ("{{ ref('fl", "flights"), ("unknown", None)):
        place = {"textDocument": {"uri": editor.uri}, "position": editor.position(text.index(word) + 2)}
        hover = await editor.client.request("textDocument/hover", place)
        if told is None:
            assert hover is None
        else:
            assert told in hover["contents"]["value"]
            assert editor.covered(hover["range"]) in ("{{ ref('carriers') }}", "{{ ref('flights') }}")


DEFINED = [
    ("ref('carriers')", "models/carriers.sql"),
    ("ref('shop', 'carriers')", "models/carriers.sql"),
    ("ref('stores')", "dbt_packages/other/seeds/stores.csv"),
    ("source('raw', 'f')", "models/sources.yml"),
    ("ref('gone')", None),
    ("ref('nobody')", None),
    ("macro()", None),
]


@pytest.mark.parametrize(("tag", "file"), DEFINED, ids=[tag for tag, _ in DEFINED])
async def test_a_ref_leads_to_the_file_of_its_model(
    start: Start, flights: Path, tmp_path: Path, tag: str, file: str | None
) -> None:
    nodes = {
        (package, name): path
        for package, name, path in (
            ("shop", "carriers", "models/carriers.sql"),
            ("other", "stores", "seeds/stores.csv"),
            ("shop", "gone", "models/gone.sql"),
        )
    }
    manifest(tmp_path, "main.airlines")
    written = json.loads((tmp_path / "target" / "manifest.json").read_text())
    written["nodes"] = {
        f"model.{package}.{name}": {
            "name": name, "resource_type": "model", "package_name": package, "original_file_path": path,
            "relation_name": "main.airlines",
        }
        for (package, name), path in nodes.items()
    }  # fmt: skip
    written["sources"]["source.shop.raw.f"]["original_file_path"] = "models/sources.yml"
    (tmp_path / "target" / "manifest.json").write_text(json.dumps(written))
    for path in ("models/carriers.sql", "models/sources.yml", "dbt_packages/other/seeds/stores.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    editor = await start("--database", flights)
    editor.uri = (tmp_path / "models" / "model.sql").as_uri()
    text = f"SELECT count(*) FROM {{{{ {tag} }}}}"
    open_as(editor, "sql", text)
    place = {"textDocument": {"uri": editor.uri}, "position": editor.position(text.index(tag) + 2)}
    found = await editor.client.request("textDocument/definition", place)
    assert (found and found["uri"]) == (file and (tmp_path / file).as_uri())


async def test_nothing_is_said_of_what_is_not_known(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    open_as(editor, "sql", "SELECT nope FROM {{ ref('elsewhere') }} WHERE {{ macro() }};\nSELECT 1 AS")
    found = await editor.diagnostics(lambda some: len(some) > 0)
    assert all(editor.covered(one["range"]) in "SELECT 1 AS" for one in found)


SUBMITTED = [
    ("SELECT count(*) FROM {{ ref('airlines') }}", "rows", ""),
    ("{% set c = 'UA' %}SELECT name FROM airlines WHERE carrier = '{{ c }}'", "rows", ""),
    ("SELECT {{ anything }} FROM airlines", "failed", "{{ anything }}"),
    ("SELECT 1 {% if target.name == 'dev' %} LIMIT 1 {% endif %}", "failed", "{% if target.name == 'dev' %}"),
]


@pytest.mark.parametrize(("text", "outcome", "named"), SUBMITTED)
async def test_a_submit_runs_what_is_known_or_says_what_is_not(
    start: Start, flights: Path, text: str, outcome: str, named: str
) -> None:
    editor = await start("--database", flights)
    open_as(editor, "sql", text)
    answer = await editor.submit()
    assert answer.outcome == outcome
    if named:
        assert answer.problems[0].code == "not-resolved"
        assert named in answer.problems[0].message


async def complete_at(editor: Editor, text: str) -> list[str]:
    return await editor.complete(open_as(editor, "sql", text))


async def test_completion_beside_a_tag_and_not_in_it(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    assert await complete_at(editor, "SELECT carr| FROM {{ ref('airlines') }}") == ["carrier"]
    assert await complete_at(editor, "SELECT carrier FROM {{ ref('air|') }}") == []
