"""The connections that the user has on this machine, whatever is opened: in SpeQL's file, and in those of others."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from speql_server.connecting.file import connection_file_path, read_connection_file
from speql_server.connecting.named_connection import NamedConnection, SettingsError
from speql_server.connecting.snowflake_connections import SCHEME as SNOWFLAKE
from speql_server.connecting.snowflake_connections import snowflake_connections, snowflake_file


@dataclass(frozen=True, slots=True)
class Owned:
    """The connections, and what is wrong in the files."""

    connections: tuple[NamedConnection, ...] = ()
    errors: tuple[SettingsError, ...] = ()


class OwnConnections:
    """Reads the files again when they have changed. Used from one thread, so it needs no lock.

    A file that is being written is broken for a moment: what cannot be read of it stays what it was.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, home: Path | None = None) -> None:
        self._environment = environment
        self._home = home
        self._states: tuple[object, ...] | None = None
        self._own: dict[str, NamedConnection] = {}
        self._of_others: tuple[NamedConnection, ...] = ()

    def read(self) -> Owned:
        """The connections as they are now."""
        own, others = connection_file_path(), snowflake_file(self._environment, self._home)
        self._states = _state(own), _state(others)
        file = read_connection_file(own)
        kept = {one for one in self._own if one in file.unreadable or not file.whole}
        now = {name: self._own[name] for name in kept} | {one.name: one for one in file.connections}
        self._own = now
        errors = file.errors
        if self._states[1] is None:
            self._of_others = ()
        elif _opens(SNOWFLAKE):
            found, problems = snowflake_connections(others)
            self._of_others = self._of_others if problems else found
            errors += problems
        return Owned((*now.values(), *self._of_others), errors)

    def changed(self) -> bool:
        """Whether a file is not what it was when it was read. Costs a look at each."""
        states = _state(connection_file_path()), _state(snowflake_file(self._environment, self._home))
        return states != self._states


def _opens(scheme: str) -> bool:
    """Whether an adapter that is there opens what begins so."""
    from speql_engines.adapters import schemes  # takes a second: not when a command line starts

    return scheme in schemes()


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
