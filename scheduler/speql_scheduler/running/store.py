"""The temp tables of an engine: which exist, who reads them, which must go.

**The life of a temp table.** What we want: a table is read only while it exists and only while it holds what the base
tables hold; it takes no memory that the budget does not allow; and none is left when the last document is closed.

What cannot be had: dropping is a statement, so it waits, and the event loop does other things meanwhile. A check
("does it exist?") followed by a use is therefore two moments, between which a budget, a write or a close may have
come. Nor can the engine tell us that base tables change: another process writes when it likes.

What does not work: dropping at once (a preview that is half way through its scan fails, or on some engines blocks the
drop); reusing a name after a drop (SQL that was rewritten before the drop would read the new table, which may have
other columns); asking the data version once (a write between the question and the end of the work goes unseen).

The solution, all of it on one event loop, so that each step below is one moment:

1. A table enters by `add`, called in the same step in which the engine's `create_temp_table` returns: no `await` lies
   between the table's existing and its being known here, so a cancellation cannot lose it. Until then it is the
   engine's, which promises that a cancelled create leaves nothing.
2. It carries the **epoch** in which its creation began. The epoch grows whenever `observe` sees another data version,
   and at `invalidate`. `add` refuses a table of an earlier epoch, and the one who created it asks for the data version
   once more after the end, so a table that saw a write on its way is never offered.
3. Readers take a `Lease` first and rewrite over `lease.views` afterwards; they keep only what the rewritten SQL uses.
   A leased table is pinned: it may be discarded, which hides it from everybody else, but it is dropped only when the
   last lease on it ends.
4. Names carry a serial number and are never used twice, so late SQL fails (and falls back to base tables) and is never
   answered by another table.
5. Every drop is a task that the store owns; `close` discards all, and waits for readers and drops.

What still fails: a base table may change while a query over temp tables *and* base tables runs; the reader checks the
data version after it too, and answers from base tables if it has moved. If the process is killed, the tables go with
the engine's scratch space, which is the adapter's business.
"""

import asyncio
import hashlib
import itertools
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from speql_engines import Engine, TempTable
from speql_scheduler.matching.view import View
from speql_scheduler.running.costs import benefit_per_byte
from speql_scheduler.running.tasks import TaskSet
from speql_sql import SpeqlError

logger = logging.getLogger(__name__)

TOOK_LONGER = "took longer than"
"""How the refusal of a create that was stopped begins."""

WAS_TOO_LARGE = "too large: more than"
"""How the refusal of a create begins that turned out to have too many rows."""

Listener = Callable[["StoredTable", str], None]
"""Called with a table that is no longer offered, and why."""


@dataclass(eq=False, slots=True)
class StoredTable:
    """A temp table in the store. Only the store changes it."""

    key: str
    view: View
    table: TempTable
    uses: int = 0
    pins: int = 0
    priority: float = 0.0


class Lease:
    """The right to read temp tables: while it is held, none of them is dropped. Made by :meth:`Store.lease`."""

    def __init__(self, store: "Store", tables: Collection[StoredTable]) -> None:
        self._store = store
        self._tables = {stored.view.name: stored for stored in tables}
        for stored in self._tables.values():
            stored.pins += 1

    @property
    def views(self) -> tuple[View, ...]:
        """What may be read."""
        return tuple(stored.view for stored in self._tables.values())

    def table(self, name: str) -> StoredTable:
        """The leased table of that view's name."""
        return self._tables[name]

    def keep_only(self, names: Collection[str]) -> None:
        """Give up all but these, which count as used once more."""
        self._store._release([self._tables.pop(name) for name in self._tables.keys() - set(names)])
        for stored in self._tables.values():
            self._store._used(stored)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store._release(self._tables.values())
        self._tables = {}


@dataclass(eq=False)
class Store:
    """Temp tables of one engine by canonical key, within ``byte_budget`` bytes; shared by all of its schedulers.

    When there is no room, the table with the least benefit per byte goes. Benefit ages as in GreedyDual-Size-Frequency
    (Cherkasova 1998): a table's priority is its benefit per byte plus the priority of the last one evicted when it was
    last used, so what has not been used for long loses to what is used now, without any clock.
    """

    engine: Engine
    byte_budget: int
    epoch: int = 0
    """Grows whenever the base data may have changed; what was computed in an earlier epoch is stale."""
    create_slot: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one create that runs, of whatever document."""
    refusals: dict[str, str] = field(default_factory=dict)
    """Keys that proved not to be worth a temp table on this data, and why: they failed, or took too long."""
    _version: str | None = None
    _tables: dict[str, StoredTable] = field(default_factory=dict)
    _unoffered: set[StoredTable] = field(default_factory=set)
    _inflation: float = 0.0
    _serial: "itertools.count[int]" = field(default_factory=itertools.count)
    _drops: TaskSet = field(default_factory=TaskSet)
    _listeners: list[Listener] = field(default_factory=list)

    def join(self, listener: Listener) -> None:
        """Become a user of this store, told of each table that goes."""
        self._listeners.append(listener)

    async def leave(self, listener: Listener) -> None:
        """Cease to be a user; the last one to leave drops everything."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if not self._listeners:
            await self.close()

    def new_name(self, key: str) -> str:
        """A name for a temp table of that key, which no other table ever has."""
        return "speql_" + hashlib.sha256(f"{next(self._serial)}\n{key}".encode()).hexdigest()[:12]

    def find(self, key: str) -> StoredTable | None:
        """The temp table of that key, if it is offered."""
        return self._tables.get(key)

    def rows(self, names: Iterable[str]) -> int:
        """The rows of the tables of these names that are on offer, in all."""
        wanted = set(names)
        return sum(stored.table.rows for stored in self._tables.values() if stored.view.name in wanted)

    @property
    def keys(self) -> dict[str, str]:
        """The canonical key of each table on offer, by its name."""
        return {stored.view.name: key for key, stored in self._tables.items()}

    @property
    def views(self) -> tuple[View, ...]:
        """The view definitions of all tables on offer, to reason about; to read them take a lease."""
        return tuple(stored.view for stored in self._tables.values())

    @property
    def bytes(self) -> int:
        """Bytes of all temp tables that exist, those included that wait for their readers to be dropped."""
        return sum(stored.table.bytes for stored in (*self._tables.values(), *self._unoffered))

    def lease(self) -> Lease:
        """Pin every table on offer; see :class:`Lease`."""
        return Lease(self, tuple(self._tables.values()))

    def add(self, key: str, view: View, table: TempTable, epoch: int) -> str:
        """Take over a temp table that was just created; an empty text if it is offered, else why it was discarded."""
        stored = StoredTable(key, replace(view, name=table.name, sql_name=table.sql_name), table)
        reason = ""
        if epoch != self.epoch:
            reason = "the base data changed meanwhile"
        elif key in self._tables:
            reason = "another document has created it meanwhile"
        if reason:
            self._drop(stored)
            return reason
        stored.priority = self._inflation + benefit_per_byte(table.seconds, 0, table.bytes)
        self._tables[key] = stored
        self._trim()
        if key not in self._tables:
            self.refusals[key] = reason = "the budget is full of tables of more benefit per byte"
        return reason

    def discard(self, table: TempTable) -> None:
        """Drop a table that was just created and is not to be offered."""
        self._drops.spawn(self._drop_on_engine(table.name), f"drop {table.name}")

    def refuse(self, key: str, reason: str) -> str:
        """Remember that no temp table of that key is to be made of this data, and why; the reason."""
        self.refusals[key] = reason
        return reason

    def observe(self, version: str) -> int:
        """Compare the engine's data version with the last one seen; the epoch that results."""
        if version != self._version:
            if self._version is not None:
                self.invalidate("stale: the base data changed")
            self._version = version
        return self.epoch

    def invalidate(self, reason: str) -> None:
        """Make all that was computed so far stale."""
        self.epoch += 1
        self.refusals.clear()
        for key in tuple(self._tables):
            self._discard(key, reason)

    def resize(self, byte_budget: int) -> None:
        """Hold at most so many bytes from now on; what no longer fits goes, but for what is being read."""
        self.byte_budget = byte_budget
        self._trim()

    async def settled(self) -> None:
        """Wait until every drop that has begun is done."""
        await self._drops.finished()

    async def close(self) -> None:
        """Drop every temp table, those in use when their readers are done."""
        self.invalidate("the session ended")
        await self._drops.finished()

    def _discard(self, key: str, reason: str) -> None:
        stored = self._tables.pop(key)
        logger.debug("temp table %s: %s", stored.view.name, reason)
        for listener in self._listeners:
            listener(stored, reason)
        if stored.pins:
            self._unoffered.add(stored)
        else:
            self._drop(stored)

    def _drop(self, stored: StoredTable) -> None:
        self._drops.spawn(self._drop_on_engine(stored.view.name), f"drop {stored.view.name}")

    async def _drop_on_engine(self, name: str) -> None:
        try:
            await self.engine.drop_temp_table(name)
        except SpeqlError as error:
            logger.warning("temp table %s could not be dropped: %s", name, type(error).__name__)

    def _used(self, stored: StoredTable) -> None:
        stored.uses += 1
        benefit = benefit_per_byte(stored.table.seconds, stored.uses, stored.table.bytes)
        stored.priority = self._inflation + benefit

    def _release(self, tables: Iterable[StoredTable]) -> None:
        for stored in tables:
            stored.pins -= 1
            if not stored.pins and stored in self._unoffered:
                self._unoffered.discard(stored)
                self._drop(stored)
        self._trim()

    def _trim(self) -> None:
        """Discard the least valuable tables until the rest fits; one in use may exceed the budget until it is not."""
        while self.bytes > self.byte_budget:
            free = [key for key, stored in self._tables.items() if not stored.pins]
            if not free:
                return
            least = min(free, key=lambda key: self._tables[key].priority)
            self._inflation = self._tables[least].priority
            self._discard(least, "evicted: the budget is needed for tables of more benefit per byte")
