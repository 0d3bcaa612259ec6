"""A connection that settings name: which database it is, and never a secret."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from speql_engines.governed.settings import SpeculationSettings
from speql_server.connecting.login_secret import LoginSecret
from speql_sql import SpeqlError

_SECRET_NAME = re.compile(
    r"(pass(word|wd|phrase)?|^pwd|secret|token|credentials?|^(api|private|access)?[_-]?key)$", re.I
)
_SECRET_VALUE = re.compile(r"://[^/@\s:]*:[^/@\s]+@|\b[\w-]*(password|pwd|token|secret)\s*=", re.I)


class SettingsError(SpeqlError):
    """A setting has a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class NamedConnection:
    """``database`` is a DuckDB file or another engine's URL, None an empty database in memory; files in ``workspace``
    may be read, too.

    ``unavailable`` says why it cannot be opened, for one that is known all the same. ``secret`` is asked at login,
    ``speculation`` is what may be spent on it ahead of submits, None what holds for all; neither can come from a
    project's settings.
    """

    name: str
    database: str | None = None
    writable: bool = False
    workspace: Path | None = None
    unavailable: str = ""
    secret: LoginSecret | None = field(default=None, repr=False)
    speculation: SpeculationSettings | None = None


def named_connections(given: Any) -> tuple[NamedConnection, ...]:
    """The setting ``connections``: for each name an object. Raises `SettingsError`, which quotes no value."""
    if not isinstance(given, Mapping):
        raise SettingsError(
            "The setting connections must be an object of objects.", 'Write {"sales": {"database": "sales.duckdb"}}.'
        )
    refuse_secrets({"connections": given})
    return tuple(_connection(str(name), value) for name, value in given.items())


def speculation_of(given: Any, setting: str) -> SpeculationSettings:
    """What may be spent on speculation, from a setting of that name. Raises `SettingsError`."""
    try:
        return msgspec.convert(given, SpeculationSettings)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"The setting {setting} does not fit: {error}.",
            'It is an object like {"mode": "budget", "perDay": {"dollars": 5}}; see docs/spending.md.',
        ) from None


def refuse_secrets(given: Any) -> None:
    """Raise `SettingsError` if something in there looks like a secret: settings are files that are shared."""
    for name in secret_places(given):
        raise SettingsError(
            f"{name} looks like a secret, and settings are files that are shared: it was not read.",
            "Take it out, and consider it known. Passwords of connections are kept by `speql connections add`, a "
            "language model's key is in the environment or the keyring.",
        )


def secret_places(given: Any, path: str = "") -> Iterator[str]:
    """Where something looks like a secret: the names on the way to it."""
    if isinstance(given, Mapping):
        for name, value in given.items():
            place = f"{path}.{name}" if path else str(name)
            if _SECRET_NAME.search(str(name)) and path != "connections":
                yield place
            else:
                yield from secret_places(value, place)
    elif isinstance(given, list):
        for value in given:
            yield from secret_places(value, path)
    elif isinstance(given, str) and _SECRET_VALUE.search(given):
        yield path


def _connection(name: str, given: Any) -> NamedConnection:
    if not name.strip() or not isinstance(given, Mapping):
        raise SettingsError(
            f"The connection {name or 'without a name'} is not described by an object.",
            'Write {"sales": {"database": "sales.duckdb"}}.',
        )
    kinds: dict[str, type] = {"database": str, "writable": bool, "workspace": str, "speculation": Mapping}
    for key, value in given.items():
        if key not in kinds:
            raise SettingsError(f"The connection {name} has a setting {key} that is not known.", f"Known: {_KNOWN}.")
        if value is not None and not isinstance(value, kinds[key]):
            kind = {bool: "true or false", str: "a string"}.get(kinds[key], "an object")
            raise SettingsError(f"The setting {key} of the connection {name} must be {kind}.")
    workspace = given.get("workspace")
    speculation = given.get("speculation")
    return NamedConnection(
        name,
        given.get("database") or None,
        bool(given.get("writable")),
        Path(workspace) if workspace else None,
        speculation=speculation_of(speculation, f"speculation of the connection {name}") if speculation else None,
    )


_KNOWN = "database, writable, workspace, speculation"
