"""Writing to a client that may not read."""

import contextlib
import json
import logging
import os
import queue
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

MOST_WAITING = 2**28
"""A client that has left so many bytes unread is taken to be gone."""


class ThreadedWriter:
    """Writes to a descriptor from a thread, so that a client that does not read does not stop the event loop.

    ``answered`` is the id of a request that has its answer already: the next answer to it is dropped. ``on_broken`` is
    called when nobody reads any more.
    """

    def __init__(self, descriptor: int, answered: object, on_broken: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._answered = answered
        self._on_broken = on_broken
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued = 0
        self._written = 0
        self._thread = threading.Thread(target=self._write_all, name="speql-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue a message."""
        if self._answered is not None:
            message = json.loads(data.partition(b"\r\n\r\n")[2])
            if "method" not in message and message.get("id") == self._answered:
                self._answered = None
                return
        # Each of the two counts is written by one thread and read by the other.
        if self._queued - self._written > MOST_WAITING:
            logger.error("The client has stopped reading")
            self._on_broken()
            return
        self._queued += len(data)
        self._waiting.put(data)

    def close(self) -> None:
        """Nothing yet: the server says its last words after pygls calls this."""

    def flush(self) -> None:
        """Wait until everything is written, or the client has not read for a while."""
        self._waiting.put(None)
        self._thread.join(timeout=2.0)

    def _write_all(self) -> None:
        while (data := self._waiting.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:  # the client no longer reads
                with contextlib.suppress(RuntimeError):  # the loop is closed: it knows
                    self._on_broken()
                return
            self._written += len(data)
