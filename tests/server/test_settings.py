"""Settings: which counts, what is refused, and that each is documented."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from speql_server.connecting.comment import connection_comment
from speql_server.connecting.named_connection import NamedConnection, SettingsError, named_connections
from speql_server.project_file import NAME, read_project_file
from speql_server.settings import OPTIONS, ServerSettings, readable
from speql_server.workspaces import Root, Workspaces, root_of

ROOT = Path(__file__).parents[2]

SAMPLES: dict[str, Any] = {
    "database": "a.duckdb",
    "workspace": "/data",
    "writable": True,
    "connections": {"sales": {"database": "sales.duckdb"}},
    "connection": "sales",
    "speculate": False,
    "speculation": {"mode": "budget", "perDay": {"dollars": 2.5}, "concurrency": 1},
    "history": {"enabled": False, "limit": 3},
    "format": {"keywordCase": "upper", "lineWidth": 80},
    "completion": {"values": False},
    "inlayHints": "rows",
    "codeLens": False,
    "keepCatalog": False,
    "backgroundTables": 7,
    "documentLimit": 10,
    "statementLimit": 10,
    "unfinishedSeconds": 1.5,
    "bindingSeconds": 1.5,
    "languageModel": {"enabled": True, "profile": "ollama"},
}

NO_OPTION = {"dropped"}
"""What who starts a server in the same process gives it, and no client."""


def test_each_setting_is_an_option_and_each_option_a_setting() -> None:
    assert SAMPLES.keys() == OPTIONS.keys()
    changed = set()
    for name, value in SAMPLES.items():
        settings = ServerSettings().with_options({name: value})
        different = {
            one.name
            for one in fields(ServerSettings)
            if getattr(settings, one.name) != getattr(ServerSettings(), one.name)
        }
        assert different, f"{name} changes nothing"
        changed |= different
    assert changed == {one.name for one in fields(ServerSettings)} - NO_OPTION


def test_each_setting_is_documented_and_each_documented_one_exists() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    table = text.partition("## All settings")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert sorted(documented) == sorted(OPTIONS)


CLIENT_ONLY = {"server.command", "preview.open", "preview.highlight", "submitOnDoubleEnter"}
JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "object": dict,
    "number": (int, float),
    "integer": int,
}


def test_the_settings_of_the_editor_are_those_of_the_server() -> None:
    package = json.loads((ROOT / "vscode-client" / "package.json").read_text(encoding="utf-8"))
    properties = package["contributes"]["configuration"]["properties"]
    names = {name.removeprefix("speql."): given for name, given in properties.items()}
    assert names.keys() == OPTIONS.keys() | CLIENT_ONLY
    for name in OPTIONS:
        given = names[name]
        kinds = given["type"] if isinstance(given["type"], list) else [given["type"]]
        assert any(isinstance(SAMPLES[name], JSON_TYPES[kind]) for kind in kinds if kind != "null"), name
    # An editor sends what the user has not set, too: that may not take the place of a project's settings.
    defaults = {name: names[name]["default"] for name in OPTIONS}
    assert ServerSettings().with_options(defaults) == ServerSettings()
    project = {name: value for name, value in SAMPLES.items() if name not in ("languageModel", "connections")}
    merged = {**project, **{name: value for name, value in defaults.items() if value not in (None, "")}}
    assert ServerSettings().with_options({**merged, "languageModel": {}}) == ServerSettings().with_options(project)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"database": 3}, "database must be a string, not int"),
    ({"writable": "yes"}, "writable must be true or false, not str"),
    ({"history": True}, "history must be an object"),
    ({"history": {"limit": 0}}, "history must be an object"),
    ({"format": {"keywordCase": "Upper"}}, "format does not fit"),
    ({"format": {"lineWidth": 3}}, "format does not fit"),
    ({"completion": True}, "completion must be an object"),
    ({"speculation": {"mode": "some"}}, "speculation does not fit"),
    ({"speculation": {"perDay": {"dollars": -1}}}, "speculation does not fit"),
    ({"connections": {"a": {"speculation": {"perYear": {}}}}}, "speculation of the connection a does not fit"),
    ({"connections": {"a": {"speculation": "off"}}}, "speculation of the connection a must be an object"),
    ({"inlayHints": "some"}, "inlayHints must be one of off, types, rows, all"),
    ({"inlayHints": ["all"]}, "inlayHints must be one of"),
    ({"codeLens": "yes"}, "codeLens must be true or false, not str"),
    ({"backgroundTables": -1}, "backgroundTables must be a whole number"),
    ({"bindingSeconds": True}, "bindingSeconds must be a number"),
    ({"connection": {"*": 3}}, "connection must be a name"),
    ({"connections": []}, "connections must be an object"),
    ({"connections": {"a": {"file": "x"}}}, "a has a setting file that is not known"),
    ({"connections": {"a": {"database": 3}}}, "must be a string"),
    ({"connections": {"a": {"password": "hunter2"}}}, "connections.a.password looks like a secret"),
    ({"connections": {"a": {"database": "pg://me:hunter2@host/db"}}}, "connections.a.database looks like a secret"),
    ({"languageModel": {"key": "sk-hunter2"}}, "key does not belong"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_what_a_setting_cannot_be_is_told_and_the_rest_holds(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as raised:
        ServerSettings().with_options(options)
    assert "hunter2" not in str(raised.value)
    found, errors = readable({**options, "speculate": False})
    assert found == {"speculate": False}
    assert len(errors) == 1


def test_a_connection_may_be_called_like_a_secret() -> None:
    assert named_connections({"token": {"database": "t.duckdb"}}) == (NamedConnection("token", "t.duckdb"),)


def project(folder: Path, text: str) -> Root:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(text, encoding="utf-8")
    return root_of(folder.as_uri())


def workspaces(*roots: Root, command_line: ServerSettings | None = None, options: Any = None) -> Workspaces:
    made = Workspaces(command_line or ServerSettings())
    made.initialize(options, roots)
    for root in roots:
        assert root.path is not None
        found, errors = read_project_file(root.path)
        assert not errors
        made.use_project(root, found)
    return made


def test_which_setting_counts(tmp_path: Path) -> None:
    root = project(tmp_path, 'database = "project.duckdb"\nspeculate = false\nbackgroundTables = 1')
    document = (tmp_path / "a.sql").as_uri()
    layers = workspaces(root)
    assert layers.of(document).database == str(tmp_path / "project.duckdb")
    layers = workspaces(root, options={"database": "options.duckdb"})
    assert layers.of(document).database == "options.duckdb"
    assert layers.of(document).speculate is False
    layers.configure("", {"database": "", "backgroundTables": 2})
    assert (layers.of(document).database, layers.of(document).background_tables) == ("options.duckdb", 2)
    layers.configure(root.uri, {"database": "folder.duckdb"})
    assert layers.of(document).database == str(tmp_path / "folder.duckdb")
    layers.configure(document, {"database": "/own.duckdb"})
    assert layers.of(document).database == "/own.duckdb"
    assert layers.of((tmp_path / "b.sql").as_uri()).database == str(tmp_path / "folder.duckdb")
    command_line = ServerSettings(database="mine.duckdb", writable=True)
    layers = workspaces(
        root, command_line=command_line, options={"database": "x", "writable": False, "connection": "y"}
    )
    assert (layers.of(document).database, layers.of(document).writable) == ("mine.duckdb", True)
    assert layers.profile(document).name == ""


def test_the_innermost_folder_counts(tmp_path: Path) -> None:
    outer = project(tmp_path, 'database = "outer.duckdb"')
    inner = project(tmp_path / "inner", 'database = "inner.duckdb"')
    layers = workspaces(outer, inner)
    assert layers.of((tmp_path / "a.sql").as_uri()).database == str(tmp_path / "outer.duckdb")
    document = (tmp_path / "inner" / "deep" / "a.sql").as_uri()
    assert layers.of(document).database == str(tmp_path / "inner" / "inner.duckdb")
    layers.change_roots([], [inner.uri])
    assert layers.of(document).database == str(tmp_path / "outer.duckdb")
    assert layers.profile(document).folders == (tmp_path,)


CONNECTIONS = """
[connection]
"reports/**" = "sales"
"**/*.py" = "logs"
[connections.sales]
database = "sales.duckdb"
workspace = "data"
[connections.logs]
database = "logs.duckdb"
writable = true
"""


def test_which_connection_a_document_has(tmp_path: Path) -> None:
    layers = workspaces(project(tmp_path, CONNECTIONS))

    def name(path: str, comment: str | None = None) -> str:
        return layers.profile((tmp_path / path).as_uri(), comment).name

    assert [name("a.sql"), name("reports/deep/a.sql"), name("reports/a.py"), name("x/a.py")] == [
        *("", "sales", "sales", "logs")
    ]
    sales = layers.profile((tmp_path / "reports/a.sql").as_uri())
    assert (sales.database, sales.writable) == (str(tmp_path / "sales.duckdb"), False)
    assert sales.folders == (tmp_path / "data", tmp_path)
    layers.select((tmp_path / "a.sql").as_uri(), "logs")
    assert name("a.sql") == "logs"
    assert name("a.sql", comment="sales") == "sales"
    unknown = layers.profile((tmp_path / "a.sql").as_uri(), "nothing")
    assert unknown.unknown
    assert unknown.database is None


def test_connections_of_the_client_are_added_to_those_of_the_project(tmp_path: Path) -> None:
    options = {"connections": {"more": {"database": "/more.duckdb"}, "logs": {"database": "/own.duckdb"}}}
    layers = workspaces(project(tmp_path, CONNECTIONS), options=options)
    found = {one.name: one.database for one in layers.of((tmp_path / "a.sql").as_uri()).connections}
    assert found == {"sales": str(tmp_path / "sales.duckdb"), "logs": "/own.duckdb", "more": "/more.duckdb"}


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("speculate = fals", "cannot be read", {}),
    ('[connections.a]\ntoken = "hunter2"', "looks like a secret", {}),
    ("[languageModel]\nenabled = true", "may not set languageModel", {}),
    ('[speculation]\nmode = "budget"', "may not set speculation", {}),
    ('[connections.a.speculation]\nmode = "budget"', "may not set speculation", {"connections": {"a": {}}}),
    ('workspace = ".."', "must be a folder inside it", {}),
    ('[connections.a]\nworkspace = "/"', "must be a folder inside it", {}),
    ("speculat = true\nspeculate = false", "speculat is no setting", {"speculate": False}),
]


@pytest.mark.parametrize(("text", "message", "holds"), REFUSED, ids=[message for _, message, _ in REFUSED])
def test_what_a_project_may_not_say(tmp_path: Path, text: str, message: str, holds: dict[str, Any]) -> None:
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    found, errors = read_project_file(tmp_path)
    assert found == holds
    assert any(message in str(error) for error in errors)
    assert not any("hunter2" in str(error) for error in errors)


COMMENTS = [
    ("-- speql: connection=sales\nSELECT 1", "sales"),
    ("\n  -- first\n--SpeQL: connection = a.b-c_d\n", "a.b-c_d"),
    ("# speql: connection=logs\nimport duckdb", "logs"),
    ("{# speql: connection=dbt #}\nSELECT 1", "dbt"),
    ("%%sql\n-- speql: connection=logs\nSELECT 1", "logs"),
    ("SELECT 1\n-- speql: connection=sales", None),
    ("-- connection=sales", None),
    ("-- speql: connection=", None),
    ("", None),
    ("\n" * 60 + "-- speql: connection=late", None),
]


@pytest.mark.parametrize(("text", "name"), COMMENTS)
def test_the_comment_in_the_head(text: str, name: str | None) -> None:
    assert connection_comment(text) == name


def test_folders_that_the_user_does_not_trust_have_no_say(tmp_path: Path) -> None:
    root = project(tmp_path / "theirs", 'database = "theirs.duckdb"')
    uri = (tmp_path / "theirs" / "a.sql").as_uri()
    mine = {"languageModel": {"enabled": True, "profile": "ollama"}, "speculate": True}
    for trusted in (False, True):
        made = workspaces(root, options={**mine, "trusted": trusted})
        settings = made.of(uri)
        assert (made.trusted, settings.speculate, settings.language_model.enabled) == (trusted,) * 3
        assert made.profile(uri).database == (str(tmp_path / "theirs" / "theirs.duckdb") if trusted else None)
        assert made.profile(uri).folders == ((tmp_path / "theirs",) if trusted else ())
