"""Changes the user's file of connections and leaves the rest of it as it was written, comments too."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from speql_sql import SpeqlError


class ConnectionFileError(SpeqlError):
    """The file cannot be changed."""


def written_connections(path: Path) -> dict[str, Any]:
    """What the file says of each connection, as it stands there; raises `ConnectionFileError` if it cannot be read."""
    return _document(path).unwrap()


def write_connection(path: Path, name: str, changes: Mapping[str, Any]) -> None:
    """Set these keys of a connection's table, which is added if it is not there; None takes a key away."""
    document = _document(path)
    table = document.get(name)
    if not isinstance(table, dict):
        document[name] = table = tomlkit.table()
    for key, value in changes.items():
        if value is not None:
            table[key] = value
        elif key in table:
            del table[key]
    _write(path, tomlkit.dumps(document))


def remove_connection(path: Path, name: str) -> bool:
    """Take a connection's table away; whether there was one."""
    document = _document(path)
    if name not in document:
        return False
    del document[name]
    _write(path, tomlkit.dumps(document))
    return True


def _document(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return tomlkit.document()
    except OSError as error:
        raise ConnectionFileError(f"{path} cannot be read: {error.strerror}.", "See who may read it.") from error
    except UnicodeDecodeError:
        raise ConnectionFileError(
            f"{path} is not UTF-8, so nothing was changed.", "Save it in that encoding."
        ) from None
    except TOMLKitError as error:
        # Not its words alone: they may quote a part of the file.
        place = f"line {error.line}" if isinstance(error, ParseError) else type(error).__name__
        raise ConnectionFileError(f"{path} is broken ({place}), so nothing was changed.", "Mend it first.") from None


def _write(path: Path, text: str) -> None:
    """Put a whole new file in the place of the old one: a server may be reading it. Only its user may read it."""
    place = Path(os.path.realpath(path))  # of a file that is a link the link stays
    temporary = ""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".connections-", dir=place.parent)  # readable by its user alone
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(temporary).replace(place)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise ConnectionFileError(f"{path} cannot be written: {error.strerror}.", "See who may write it.") from error
