"""Whether a statement may go to the warehouse without waking it up."""

import threading
import time
from collections.abc import Callable
from typing import Any

from speql_engines.engine import EngineError, SpeculationHeldError
from speql_sql import Problem

_RUNS = frozenset({"STARTED", "RESIZING"})
_KNOWN_SECONDS = 5.0
"""How long the answer is believed: a warehouse suspends itself after a minute without work at the earliest."""


class Warehouse:
    """The state of the session's warehouse, asked for (which costs nothing) before anything works ahead on it.

    A warehouse that is suspended would be resumed by any query, and be paid for at least a minute. So only the user's
    own statements may. What still fails: one that somebody suspends by hand within the seconds in which it is believed
    to run is resumed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = ("", 0.0)
        self.size = ""
        """As Snowflake calls it (``X-Small``), which is what it costs; empty while it is not known."""

    def look(self, name: str, show: Callable[[str], list[dict[str, Any]]]) -> str:
        """The state of the warehouse ``name`` in capitals, by Snowflake's word."""
        bare = name.strip('"')
        like = bare.replace("\\", "\\\\").replace("'", "''")
        found = [row for row in show(f"SHOW WAREHOUSES LIKE '{like}'") if str(row["name"]).upper() == bare.upper()]
        self.size = str(found[0].get("size", "")) if found else ""
        return str(found[0]["state"]).upper() if found else "NOT KNOWN"

    def require_running(self, name: str | None, show: Callable[[str], list[dict[str, Any]]]) -> None:
        """:class:`SpeculationHeldError` unless the warehouse ``name`` runs, :class:`EngineError` if there is none.

        ``show`` asks Snowflake.
        """
        if not name:
            message = "The session has no warehouse, so no query can run."
            hint = "Name one: add ?warehouse=NAME to the name of the database, or run USE WAREHOUSE NAME."
            raise EngineError(message, hint, Problem("no-warehouse", message, hint=hint))
        with self._lock:
            if self._runs[0] == name and time.monotonic() < self._runs[1]:
                return
        state = self.look(name, show)
        if state not in _RUNS:
            bare = name.strip('"')
            message = f"The warehouse {bare} is {state.lower()}: nothing works ahead on it, since that would resume it."
            hint = f"Run your query (submit), ALTER WAREHOUSE {name} RESUME, or allow it (resumeWarehouse)."
            raise SpeculationHeldError(message, hint)
        self.note_running(name)

    def note_running(self, name: str | None) -> None:
        """A statement has just run on it."""
        with self._lock:
            self._runs = (name or "", time.monotonic() + _KNOWN_SECONDS)

    def forget(self) -> None:
        """A statement of the user's may have changed anything."""
        with self._lock:
            self._runs = ("", 0.0)
