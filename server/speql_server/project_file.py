"""``.speql.toml``: the settings of a project, kept with its files."""

import tomllib
from pathlib import Path
from typing import Any

from speql_server.connecting.named_connection import SettingsError, refuse_secrets
from speql_server.settings import OPTIONS, readable

NAME = ".speql.toml"
_LARGEST = 1_000_000


def read_project_file(root: Path) -> tuple[dict[str, Any], tuple[SettingsError, ...]]:
    """The options of a root's project file, and what is wrong in it; nothing where there is none. Reads a file.

    A project may come from anybody. So a file with what looks like a secret is not read at all, a folder whose files
    may be read while typing must be one of its own, and neither a language model nor what costs money is anything that
    a project may switch on.
    """
    path = root / NAME
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST else ""
        given = tomllib.loads(text)
        refuse_secrets(given)
    except FileNotFoundError:
        return {}, ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, (SettingsError(f"{path} cannot be read: {error}.", "Mend it; until then it counts for nothing."),)
    except SettingsError as error:
        return {}, (SettingsError(f"{path}: {error.message}", error.hint),)
    found, errors = readable(given)
    errors += tuple(_refusals(root, given))
    for name in _REFUSED:
        found.pop(name, None)
    if isinstance(found.get("connections"), dict):
        found["connections"] = {
            name: {key: value for key, value in one.items() if key != "speculation"}
            for name, one in found["connections"].items()
        }
    if any("workspace" in str(error.message) for error in errors):
        found.pop("workspace", None)
        found.pop("connections", None)
    return found, tuple(SettingsError(f"{path}: {error.message}", error.hint) for error in errors)


_REFUSED = ("languageModel", "speculation")


def _refusals(root: Path, given: dict[str, Any]) -> list[SettingsError]:
    """What a project may not say."""
    found = [
        SettingsError(f"A project may not set {name}.", "Set it in the settings of your editor.")
        for name in _REFUSED
        if name in given
    ]
    found += [
        SettingsError(f"{name} is no setting that is known.", f"Known: {', '.join(sorted(OPTIONS))}.")
        for name in given
        if name not in OPTIONS
    ]
    connections = given.get("connections")
    if isinstance(connections, dict) and any(
        isinstance(one, dict) and "speculation" in one for one in connections.values()
    ):
        found.append(SettingsError("A project may not set speculation.", "Set it in the settings of your editor."))
    places = [given, *(connections.values() if isinstance(connections, dict) else ())]
    for place in places:
        folder = place.get("workspace") if isinstance(place, dict) else None
        if isinstance(folder, str) and not (root / folder).resolve().is_relative_to(root.resolve()):
            found.append(SettingsError("The workspace of a project must be a folder inside it.", "Name one of those."))
    return found
