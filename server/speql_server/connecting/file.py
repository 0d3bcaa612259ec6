"""``connections.toml``: the user's own connections, for all projects."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speql_server.config_directory import config_directory
from speql_server.connecting.named_connection import NamedConnection, SettingsError, secret_places, speculation_of
from speql_server.connecting.password import ConnectionPassword, password_variable
from speql_sql.database_names import is_url

KEYS: dict[str, tuple[type, str]] = {
    "database": (str, "a string"),
    "writable": (bool, "true or false"),
    "workspace": (str, "a string"),
    "keyring": (bool, "true or false"),
    "speculation": (dict, "a table"),
}
"""What a connection's table may have, and of which type each is."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LARGEST = 1_000_000
# A table of a connection, `[sales]` or `["sales"]`, or a table in it, `[sales.speculation]`.
_HEADER = re.compile(rb"""^[ \t]*\[[ \t]*["']?([A-Za-z0-9_-]+)["']?[ \t]*[.\]]""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ConnectionFile:
    """What a file says: the connections that can be read, in its order, and what is wrong with the others.

    ``unreadable`` are the names of those others, as far as they are known; ``whole`` is False if there may be more.
    """

    connections: tuple[NamedConnection, ...] = ()
    errors: tuple[SettingsError, ...] = ()
    unreadable: frozenset[str] = frozenset()
    whole: bool = True


def connection_file_path() -> Path:
    """Where the file is, or would be."""
    return config_directory() / "connections.toml"


def check_connection_name(name: str) -> None:
    """Raise `SettingsError` for what cannot be the name of a connection: it is part of a variable's name."""
    if _NAME.fullmatch(name) is None:
        raise SettingsError(
            f"{name!r} cannot be the name of a connection.",
            "Names have letters, digits, - and _, begin with a letter or digit, and have at most 64 characters.",
        )


def read_connection_file(path: Path) -> ConnectionFile:
    """Read the file; where there is none it has no connection. One that is wrong does not keep the others from working.

    A connection with what looks like a secret is not read: files are copied, shared and shown. No message quotes a
    value.
    """
    try:
        if path.stat().st_size > _LARGEST:
            error = SettingsError(f"{path} is too large to be read.", "It has a few lines for each connection.")
            return ConnectionFile(errors=(error,), whole=False)
        text = path.read_bytes()
    except FileNotFoundError:
        return ConnectionFile()
    except OSError as problem:
        error = SettingsError(f"{path} cannot be read: {problem.strerror}.", "See who may read it.")
        return ConnectionFile(errors=(error,), whole=False)
    try:
        return _read(path, _parsed(text))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        return _what_can_be_read(path, text, problem)


def _parsed(text: bytes) -> dict[str, Any]:
    return tomllib.loads(text.decode("utf-8-sig").replace("\r\n", "\n"))


def _read(path: Path, given: Mapping[str, Any]) -> ConnectionFile:
    found: list[NamedConnection] = []
    errors: list[SettingsError] = []
    variables: dict[str, str] = {}
    for name, value in given.items():
        try:
            check_connection_name(name)
            variable = password_variable(name)
            if (other := variables.setdefault(variable, name)) != name:
                raise SettingsError(
                    f"{name} and {other} would have their passwords in one variable, {variable}.", "Rename one of them."
                )
            found.append(_connection(name, value, path.parent))
        except SettingsError as error:
            errors.append(SettingsError(f"{path}: {error.message}", error.hint))
    read = {one.name for one in found}
    return ConnectionFile(tuple(found), tuple(errors), frozenset(given.keys() - read))


def _connection(name: str, given: Any, folder: Path) -> NamedConnection:
    if not isinstance(given, Mapping):
        raise SettingsError(f"{name} is no table.", f'Write [{name}] and, below it, database = "...".')
    for place in secret_places(given):
        raise SettingsError(
            f"{place} of the connection {name} looks like a secret, so the connection was not read.",
            f"Take it out, and keep it with `speql connections add {name} --replace`, or in {password_variable(name)}.",
        )
    for key, value in given.items():
        if key not in KEYS:
            raise SettingsError(
                f"The connection {name} has a setting {key} that is not known.", f"Known: {', '.join(KEYS)}."
            )
        if not isinstance(value, KEYS[key][0]):
            raise SettingsError(f"The setting {key} of the connection {name} must be {KEYS[key][1]}.")
    database = given.get("database", "").strip()
    if not database:
        raise SettingsError(f"The connection {name} names no database.", 'Write database = "PATH or URL".')
    workspace, speculation = given.get("workspace"), given.get("speculation")
    return NamedConnection(
        name,
        _rooted(database, folder),
        given.get("writable", False),
        Path(_rooted(workspace, folder)) if workspace else None,
        secret=ConnectionPassword(name, given.get("keyring", False)),
        speculation=speculation_of(speculation, f"speculation of the connection {name}") if speculation else None,
    )


def _rooted(given: str, folder: Path) -> str:
    """A path that starts at the file's folder; what is no path stays as it is."""
    if given == ":memory:" or is_url(given) or given.lower().startswith("duckdb:"):
        return given
    try:
        return str(folder / Path(given).expanduser())
    except RuntimeError as error:
        raise SettingsError(f"{given} has no home directory.", "Write the path out.") from error


def _what_can_be_read(path: Path, text: bytes, problem: ValueError) -> ConnectionFile:
    """Of a file that is broken somewhere, the connections whose own tables are not."""
    readable: dict[str, Any] = {}
    broken: dict[str, SettingsError] = {}
    for name, table in _tables(text).items():
        try:
            readable |= _parsed(table)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as own:
            error = _file_error(path, own)
            broken[name] = SettingsError(f"{error.message} The connection {name} was not read.", error.hint)
    whole = _file_error(path, problem)
    if not readable:
        return ConnectionFile(errors=(whole,), unreadable=frozenset(broken), whole=False)
    found = _read(path, readable)
    errors = (*broken.values(), *found.errors) if broken else (whole, *found.errors)
    return ConnectionFile(found.connections, errors, found.unreadable | broken.keys(), bool(broken))


def _file_error(path: Path, problem: ValueError) -> SettingsError:
    if isinstance(problem, UnicodeDecodeError):
        return SettingsError(f"{path} is not UTF-8.", "Save it in that encoding.")
    return SettingsError(f"{path} cannot be read: {problem}.", "Mend it there.")


def _tables(text: bytes) -> dict[str, bytes]:
    """The file with the tables of one connection alone, for each: what is left has its place."""
    found: dict[str, bytes] = {}
    headers = list(_HEADER.finditer(text))
    ends = [*(header.start() for header in headers[1:]), len(text)]
    for header, end in zip(headers, ends, strict=False):  # where there is no header, there is an end all the same
        name, start = header[1].decode(), header.start()
        before = found.get(name, b"")
        lines = text.count(b"\n", 0, start) - before.count(b"\n")
        found[name] = before + b"\n" * lines + text[start:end]
    return found
