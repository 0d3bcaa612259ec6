"""Whether what a query would read has changed, where nobody can ask for that."""

import threading
import time

BELIEVED_SECONDS = 10.0


class TimedVersion:
    """A value that is the same for ten seconds.

    Redshift and SQL Server tell their users neither of the transactions of others nor when a table was last written to
    (SQL Server does only to those who may see the state of the whole server). So what was read is believed for so long,
    and then it is read again; submits read it always (``EngineInfo.tells_changes``).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._until = 0.0

    def read(self) -> str:
        """The value now."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._number += 1
                self._until = time.monotonic() + BELIEVED_SECONDS
            return str(self._number)
