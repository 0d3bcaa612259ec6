"""The databases that this process has open: each once, for all cells, sessions and editors that use it."""

import atexit
import threading
from collections.abc import Callable, Coroutine, Hashable
from pathlib import Path
from typing import Any, TypeVar

from speql_notebook.background import BackgroundLoop
from speql_notebook.connected import Connected, Database
from speql_server.connecting.chosen_profile import chosen_profile
from speql_sql import SpeqlError
from speql_sql.database_names import is_url

T = TypeVar("T")

IN_MEMORY = ":memory:"


class Databases:
    """Opens what is asked for, and closes it when the last `Lease` of it is closed; then its threads end, too."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._background: BackgroundLoop | None = None
        self._open: dict[Hashable, _Open] = {}

    def use(self, database: Database, *, connection: str | None = None, writable: bool = False) -> "Lease":
        """The database, or the connection of that name, opened if it is not yet. Each one in memory is another.

        Raises :class:`~speql_sql.SpeqlError`, which says what to do.
        """
        if connection is not None:
            return self._use_profile(database, connection, writable)
        in_memory = database is None or database == IN_MEMORY
        with self._lock:
            named: Database = None
            key: Hashable = object()
            if isinstance(database, str) and not in_memory:
                named = database if is_url(database) else str(Path(database).expanduser().resolve())
                key = (named, writable)
            elif not in_memory:
                named, key = database, id(database)
            # It is held with its key: the number of an object that is gone may be another's.
            return self._used(key, lambda: Connected.open(named, writable=writable or in_memory), named)

    def _use_profile(self, database: Database, connection: str, writable: bool) -> "Lease":
        if database is not None:
            raise SpeqlError("A database and a connection name one thing in two ways.", "Give one of them.")
        profile = chosen_profile(connection, writable=writable)
        with self._lock:
            return self._used(profile, lambda: Connected.open_profile(profile))

    def _used(
        self, key: Hashable, open_it: Callable[[], Coroutine[Any, Any, Connected]], named: Database = None
    ) -> "Lease":
        background = self._background or BackgroundLoop("speql-notebook")
        self._background = background
        try:
            if key not in self._open:
                self._open[key] = _Open(background.run(open_it()), named)
        finally:
            self._stop_if_unused()
        return self._lease(key, background)

    def share(self, lease: "Lease") -> "Lease":
        """Another lease of the same database."""
        with self._lock:
            if lease.key not in self._open:
                raise SpeqlError("The connection is closed.", "Connect again.")
            return self._lease(lease.key, lease.background)

    def give_back(self, lease: "Lease") -> None:
        """Close a lease; the database, too, if it was the last one. Safe to call twice."""
        with self._lock:
            used = self._open.get(lease.key)
            if used is None or lease not in used.leases or self._background is None:
                return
            self._background.run(lease.close_users())
            used.leases.remove(lease)
            if not used.leases:
                del self._open[lease.key]
                self._background.run(used.connected.close())
            self._stop_if_unused()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            for lease in [lease for used in self._open.values() for lease in used.leases]:
                self.give_back(lease)

    def _lease(self, key: Hashable, background: BackgroundLoop) -> "Lease":
        lease = Lease(self, background, key, self._open[key].connected)
        self._open[key].leases.append(lease)
        return lease

    def _stop_if_unused(self) -> None:
        if not self._open and self._background is not None:
            self._background.close()
            self._background = None


class Lease:
    """The use of an open database, from any thread. What was made with it is closed with it."""

    def __init__(self, databases: Databases, background: BackgroundLoop, key: Hashable, connected: Connected) -> None:
        self._databases = databases
        self.background = background
        self.key = key
        self.connected = connected
        self._users: list[Closes] = []

    @property
    def label(self) -> str:
        """What to call the database."""
        return self.connected.label

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop of the database, and wait for its value."""
        return self.background.run(work)

    def closes(self, user: "Closes") -> None:
        """Close this before the database. Called on the loop."""
        self._users.append(user)

    def leave(self, user: "Closes") -> None:
        """It is closed already. Called on the loop."""
        if user in self._users:
            self._users.remove(user)

    async def close_users(self) -> None:
        """Close what was made with it."""
        while self._users:
            await self._users.pop().aclose()

    def share(self) -> "Lease":
        """Another lease of the same database, with an end of its own."""
        return self._databases.share(self)

    def close(self) -> None:
        """Give it back. Safe to call twice."""
        self._databases.give_back(self)


class Closes:
    """Something on the loop that ends before its connection does."""

    async def aclose(self) -> None:
        """End it, and wait until it has ended."""
        raise NotImplementedError


class _Open:
    """An open database: ``named`` keeps a connection of the user's alive as long as it is known by its number."""

    def __init__(self, connected: Connected, named: Database) -> None:
        self.connected = connected
        self.named = named
        self.leases: list[Lease] = []


DATABASES = Databases()
"""Those of this process."""


def at_exit(close: Callable[[], object]) -> None:
    """Have something closed while the interpreter still works; what was registered last goes first."""
    getattr(threading, "_register_atexit", atexit.register)(close)


# A session may still prepare the next cell when the interpreter exits, and must be stopped before that. `atexit` is too
# late: Python first stops every ThreadPoolExecutor, and work that is then handed to one fails, with a traceback on the
# user's screen as the last thing that the notebook says. `threading` runs its own hooks before it, newest first;
# `concurrent.futures` uses the same one, and offers no other. Where a Python lacks it, the traceback is what remains.
at_exit(DATABASES.close)
