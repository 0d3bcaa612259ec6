"""Whether what queries have read has changed, as the times tell at which BigQuery's tables were modified."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from google.cloud.bigquery import Table, TableReference

_BELIEVED_SECONDS = 1.0
_MARGIN = timedelta(seconds=2)
_STAYS = frozenset({"TABLE", "VIEW", "SNAPSHOT"})
"""What changes only when its time of modification does. The tables below a view are among those that a query reads."""

ABOUT_TO_READ = datetime.max.replace(tzinfo=UTC)
"""When a reading began that is still to begin."""

Look = Callable[[Sequence[TableReference]], list[Table | None]]
"""Asks BigQuery for tables, which costs nothing; None is one of which nothing is told."""


class DataVersion:
    """A value that changes when a table that was read here has been modified.

    BigQuery says of each query that has run which tables it has read, also below views. Those are marked with the time
    at which they were modified, after the query: a table that was modified before it began is, as long as the time is
    the same, what the query has read; of one that was modified since, the value is another one from then on. Marks are
    looked at once a second at most. Of what tells no time (a table in another place, one into which rows stream, a
    materialised view) nothing is known, and the value is another one each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, datetime] = {}
        self._tables: dict[str, TableReference] = {}
        self._changes = 0
        self._unmarked = False
        self._looked_at = float("-inf")
        self._numbers = itertools.count(1)

    def mark(self, tables: Sequence[TableReference] | None, began: datetime | None, look: Look) -> None:
        """Mark the tables that a query has read that began then, but for temp tables.

        It may be :data:`ABOUT_TO_READ` them. None: the tables, or when it began, are not known.
        """
        with self._lock:
            if tables is None:
                self._unmarked = True
                return
            named = {str(one): one for one in tables if not one.dataset_id.startswith("_")}
            fresh = {name: one for name, one in named.items() if name not in self._marks}
        if not fresh:
            return
        marks = _marks(fresh, look)
        with self._lock:
            for name, table in fresh.items():
                mark = marks.get(name)
                if mark is None:
                    self._unmarked = True
                    continue
                self._marks.setdefault(name, mark)
                self._tables[name] = table
                self._changes += began is None or mark >= began - _MARGIN

    def read(self, look: Look) -> str:
        """The value now."""
        with self._lock:
            tables = {name: self._tables[name] for name in self._marks}
            if self._unmarked:
                return f"{self._changes}.{next(self._numbers)}"
            if not tables or time.monotonic() < self._looked_at + _BELIEVED_SECONDS:
                return str(self._changes)
        looked_at = time.monotonic()
        found = _marks(tables, look)
        with self._lock:
            changed = [name for name in tables if found.get(name) != self._marks.get(name)]
            for name in changed:
                self._marks.pop(name, None)
            self._changes += bool(changed)
            self._looked_at = looked_at
            return str(self._changes)


def _marks(tables: dict[str, TableReference], look: Look) -> dict[str, datetime]:
    """The times of modification of those tables that tell one."""
    found = look(list(tables.values()))
    return {
        name: one.modified
        for name, one in zip(tables, found, strict=True)
        if one is not None and one.modified is not None and one.table_type in _STAYS and one.streaming_buffer is None
    }
