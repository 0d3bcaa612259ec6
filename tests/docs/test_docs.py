import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import pytest
import typer

from speql_engines.engine import ConnectionFailure
from speql_server.app import create_server
from speql_server.cli.main import app
from speql_server.connecting.file import KEYS
from speql_server.protocol import MESSAGES, Wire
from speql_server.wire.greeting import initialize_result
from speql_speculator.language_model.profiles import profiles
from speql_speculator.language_model.settings import LanguageModelSettings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


def test_paths_that_the_architecture_names_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    quoted = re.findall(r"`([\w./-]+)`", text)
    named = {path for path in quoted if "/" in path or path.endswith((".py", ".toml", ".md"))}
    assert len(named) > 20, "the map should name the rooms and their files"
    assert not [path for path in sorted(named) if not (ROOT / path).exists()]


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path.parent for path in ROOT.glob("*/speql*/__init__.py")]
    assert rooms
    assert not [str(room.relative_to(ROOT)) for room in rooms if f"`{room.relative_to(ROOT)}/`" not in text]


def test_every_option_of_the_command_line_is_documented() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    assert isinstance(group, click.Group) or hasattr(group, "commands")
    undocumented = []
    for name, command in _commands(group):
        section = text.split(f"## speql {name}\n")[-1].split("\n## ")[0] if f"## speql {name}\n" in text else ""
        options = [max(one.opts, key=len) for one in command.params if one.param_type_name == "option"]
        undocumented += [f"{name} {option}" for option in options if option != "--help" and f"`{option}" not in section]
    assert not undocumented


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The commands by name, those of groups too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _wire_types(kind: type[Wire]) -> set[type[Wire]]:
    """A wire type and those that its fields are made of."""
    found = {kind}
    for field in msgspec.structs.fields(kind):
        for part in (field.type, *get_args(field.type)):
            if isinstance(part, type) and issubclass(part, Wire) and part not in found:
                found |= _wire_types(part)
    return found


@pytest.mark.parametrize("message", sorted(MESSAGES))
def test_every_field_of_a_message_is_documented(message: str) -> None:
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    names = {field.encode_name for kind in _wire_types(MESSAGES[message]) for field in msgspec.structs.fields(kind)}
    positions = {"start", "end", "line", "character"}
    assert not [name for name in sorted(names - positions) if f"`{name}`" not in text]
    assert f"## {message}," in text


def test_every_setting_and_profile_of_the_language_model_is_documented() -> None:
    text = (ROOT / "docs" / "language-model.md").read_text(encoding="utf-8")
    names = [field.encode_name for field in msgspec.structs.fields(LanguageModelSettings)]
    assert not [name for name in (*names, *profiles()) if f"`{name}`" not in text]
    assert not [
        profile.key_variable
        for profile in profiles().values()
        if profile.needs_key and profile.key_variable not in text
    ]


def test_every_key_and_every_failure_of_a_connection_is_documented() -> None:
    text = (ROOT / "docs" / "connections.md").read_text(encoding="utf-8")
    assert not [name for name in (*KEYS, *get_args(ConnectionFailure)) if f"| `{name}` |" not in text]


def test_every_command_of_the_server_is_documented() -> None:
    text = (ROOT / "docs" / "language-server.md").read_text(encoding="utf-8")
    commands = [path for path in (ROOT / "server/speql_server/features").glob("*.py") if "COMMAND" in path.read_text()]
    names = re.findall(r'COMMAND = "([^"]+)"', "".join(path.read_text(encoding="utf-8") for path in commands))
    assert len(names) >= 4
    assert not [name for name in names if f"`{name}`" not in text]


def test_every_method_of_the_server_is_documented() -> None:
    text = (ROOT / "docs" / "language-server.md").read_text(encoding="utf-8")
    methods = [
        name
        for name in create_server().protocol.fm.features
        if name.startswith(("textDocument/", "workspace/", "codeLens/"))
    ]
    shortened = {"textDocument/didChange", "textDocument/didClose"}  # named without their beginning
    assert len(methods) > 15
    assert not [name for name in methods if f"`{name}`" not in text and name not in shortened]


def test_the_comparison_with_other_servers_is_true_of_ours() -> None:
    text = (ROOT / "docs" / "language-server.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+(?:Provider|Sync))` \| [^|]+ \| (yes|no) \|", text, re.MULTILINE))
    client = {"notebookDocument": {}, "textDocument": {"rename": {"prepareSupport": True}}}
    capabilities = initialize_result({"capabilities": client})["capabilities"]
    assert {name: "yes" if name in capabilities else "no" for name in said} == said
    assert {name for name in capabilities if name.endswith(("Provider", "Sync"))} <= set(said)
