"""What the user has set in a session, of which an engine has several."""

import threading
from collections.abc import Callable
from typing import Any

from speql_engines.engine import EngineError
from speql_sql import Problem


class UserSettings:
    """The statements (SET, RESET, USE) that hold in the user's session, to be repeated in others. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statements: dict[str, str] = {}
        self._count = 0

    @property
    def count(self) -> int:
        """How many have been made so far."""
        return self._count

    @property
    def statements(self) -> tuple[str, ...]:
        """Those that hold, the oldest first."""
        with self._lock:
            return tuple(self._statements.values())

    def note(self, key: str, statement: str) -> None:
        """A statement has run; it takes the place of the one before with its ``key``."""
        with self._lock:
            self._statements.pop(key, None)
            self._statements[key] = statement
            self._count += 1

    def repeat(self, run: Callable[[str], object], driver_error: type[Exception], words: Callable[[Any], str]) -> None:
        """Run all that hold. One that fails is forgotten; :class:`EngineError` tells it in the driver's ``words``."""
        with self._lock:
            statements = tuple(self._statements.items())
        for key, statement in statements:
            try:
                run(statement)
            except driver_error as error:
                with self._lock:
                    self._statements.pop(key, None)
                message = f"`{statement.strip()}` no longer works and is forgotten: {words(error)}"
                raise EngineError(message, "Run it again, mended.", Problem("setting-lost", message)) from error
