"""The connections of a server's documents: opened when they are needed, shared, closed when they are not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from speql_server.connecting.profile import ConnectionProfile

if TYPE_CHECKING:
    # These import DuckDB, Arrow, sqlglot and networkx: a second in which `initialize` would not be answered.
    from speql_server.connecting.connection import Connection
    from speql_server.language_model.room import LanguageModel
    from speql_sql import Catalog

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
"""So long a connection stays open that no document uses."""


@dataclass
class Opened:
    """An open connection, with the language model that the user has switched on for it."""

    connection: "Connection"
    language_model: "LanguageModel | None" = None
    give_back: Callable[[], None] | None = None
    """Gives a lent connection back, which stays open; None for one of our own."""

    async def close(self) -> None:
        """Close both."""
        if self.language_model is not None:
            await self.language_model.close()
        if self.give_back is not None:
            self.give_back()
        else:
            await self.connection.close()


@dataclass(eq=False)
class Entry:
    """A connection that is being opened, is open or could not be opened: then ``failure`` says why."""

    profile: ConnectionProfile
    opening: "asyncio.Task[None] | None" = None
    opened: Opened | None = None
    failure: str = ""
    users: set[str] = field(default_factory=set)
    saved: "asyncio.Future[Catalog | None] | None" = None
    """What was kept of its catalog by the last session, where somebody has asked before it was open."""


class Connections:
    """Owned by the event loop. ``open_one`` opens a connection; ``changed`` is called when one has become another;
    ``released`` waits until documents that have left a connection are done with it.

    Each has an engine, temp tables, history and catalog of its own, so that what happens to one touches no document of
    another. All of them share one budget for temp tables, in equal parts: it is the machine's.
    """

    def __init__(
        self,
        open_one: Callable[[ConnectionProfile], Awaitable[Opened]],
        changed: Callable[[Entry], None],
        released: Callable[[], Awaitable[object]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._open_one = open_one
        self._changed = changed
        self._released = released
        self._sleep = sleep
        self._entries: list[Entry] = []
        self._of_document: dict[str, Entry] = {}
        self._primary: Entry | None = None
        self._budget = 0
        self._waiting: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    @property
    def primary(self) -> Entry | None:
        """The connection that is open even where no document uses it."""
        return self._primary

    @property
    def opened(self) -> "list[Connection]":
        """Those that are open."""
        return [entry.opened.connection for entry in self._entries if entry.opened is not None]

    def keep(self, profile: ConnectionProfile) -> Entry:
        """Have the connection of those documents open that say nothing of one."""
        before, self._primary = self._primary, self._entry(profile)
        if before is not None and before is not self._primary:
            self._leave_if_unused(before)
        return self._primary

    def use(self, uri: str, profile: ConnectionProfile) -> Entry:
        """The connection of a document, which is being opened if it was not open; the one before is left."""
        before = self._of_document.get(uri)
        if before is not None and before.profile == profile:
            _allow(before, profile)
            return before
        entry = self._entry(profile)
        if entry is not before:
            self._of_document[uri] = entry
            entry.users.add(uri)
            if before is not None:
                before.users.discard(uri)
                self._leave_if_unused(before)
        return entry

    def release(self, uri: str) -> None:
        """A document was closed."""
        entry = self._of_document.pop(uri, None)
        if entry is not None:
            entry.users.discard(uri)
            self._leave_if_unused(entry)

    def leave_failed(self, name: str | None = None) -> bool:
        """Forget the connections that could not be opened, or the one of that name, unless the user has made tables on
        what is there in its place: whoever uses it next opens it again. Whether there was any.
        """
        before = len(self._entries)
        for entry in tuple(self._entries):
            connection = entry.opened.connection if entry.opened is not None else None
            failed = entry.failure or (connection is not None and connection.failure)
            meant = name is None or entry.profile.name == name
            if failed and meant and not (connection is not None and connection.holds_tables):
                self._of_document = {uri: one for uri, one in self._of_document.items() if one is not entry}
                entry.users.clear()
                self._primary = None if entry is self._primary else self._primary
                self._close(entry)
        return len(self._entries) < before

    def of(self, uri: str) -> Entry | None:
        """The connection of a document, if it has one."""
        return self._of_document.get(uri)

    async def close(self) -> None:
        """Close all of them, those too that are being opened."""
        self._closed = True
        entries, self._entries = self._entries, []
        opening = [entry.opening for entry in entries if entry.opening is not None]
        for task in (*opening, *self._waiting):
            task.cancel()
        await asyncio.gather(*opening, *self._waiting, return_exceptions=True)
        await asyncio.gather(*self._closing, *(entry.opened.close() for entry in entries if entry.opened is not None))
        self._primary, self._of_document = None, {}

    def _entry(self, profile: ConnectionProfile) -> Entry:
        for entry in self._entries:
            if entry.profile == profile or self._holds_tables(entry, profile):
                _allow(entry, profile)
                return entry
        entry = Entry(profile)
        self._entries.append(entry)
        entry.opening = asyncio.get_running_loop().create_task(self._open(entry), name="opening a connection")
        return entry

    def _holds_tables(self, entry: Entry, profile: ConnectionProfile) -> bool:
        """Whether it differs in the folders alone and has tables in memory, which would be lost with it."""
        in_memory = profile.database is None and not profile.unknown and entry.opened is not None
        same = replace(profile, folders=()) == replace(entry.profile, folders=())
        return in_memory and same and entry.opened is not None and entry.opened.connection.holds_tables

    async def _open(self, entry: Entry) -> None:
        try:
            await self._close_in_the_way(entry)
            opened = await self._open_one(entry.profile)
        except Exception as error:
            logger.error("The connection %s could not be opened", entry.profile.name, exc_info=error)
            entry.failure = str(error)
        else:
            if self._closed or entry not in self._entries:
                await opened.close()
                return
            entry.opened, entry.saved = opened, None
            opened.connection.allow(entry.profile.speculation)  # it may be another than when it was begun
            self._share_budget()
        self._changed(entry)

    def _leave_if_unused(self, entry: Entry) -> None:
        if not entry.users and entry is not self._primary and not self._closed:
            task = asyncio.get_running_loop().create_task(self._close_later(entry), name="leaving a connection")
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _close_later(self, entry: Entry) -> None:
        await self._sleep(IDLE_SECONDS)
        if self._is_unused(entry):
            self._close(entry)

    async def _close_in_the_way(self, entry: Entry) -> None:
        """A file that is written is open once in a process: what has it open and is not used makes way."""
        for other in tuple(self._entries):
            same = other.profile.database is not None and other.profile.database == entry.profile.database
            writes = other.profile.writable or entry.profile.writable
            if other is not entry and same and writes and self._is_unused(other):
                await self._close(other)

    def _is_unused(self, entry: Entry) -> bool:
        return not entry.users and entry is not self._primary and entry in self._entries

    def _close(self, entry: Entry) -> asyncio.Task[None]:
        self._entries.remove(entry)
        task = asyncio.get_running_loop().create_task(self._close_entry(entry), name="closing a connection")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def _close_entry(self, entry: Entry) -> None:
        await self._released()
        if entry.opening is not None:
            entry.opening.cancel()
            await asyncio.gather(entry.opening, return_exceptions=True)
        if entry.opened is not None:
            await entry.opened.close()
        self._share_budget()
        self._changed(entry)

    def _share_budget(self) -> None:
        stores = [connection.store for connection in self.opened]
        if not stores:
            return
        self._budget = self._budget or stores[0].byte_budget
        for store in stores:
            store.resize(self._budget // len(stores))


def _allow(entry: Entry, profile: ConnectionProfile) -> None:
    """What may be spent on a connection is what was said last; for that alone none is opened again."""
    if entry.profile.speculation != profile.speculation:
        entry.profile = replace(entry.profile, speculation=profile.speculation)
        if entry.opened is not None:
            entry.opened.connection.allow(profile.speculation)
