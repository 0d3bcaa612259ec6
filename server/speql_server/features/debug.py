"""``speql/debug``, for tests and measurements: what the server holds and does. Only if SPEQL_DEBUG is set."""

import asyncio
import gc
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speql_server.lsp.from_lsp import field_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.connecting.connection import Connection

METHOD = "speql/debug"
VARIABLE = "SPEQL_DEBUG"


def register(server: "SpeqlServer") -> None:
    """Register the handler, if the one who started the server wants it."""
    if not os.environ.get(VARIABLE):
        return

    @server.feature(METHOD)
    async def debug(params: Any) -> dict[str, Any]:
        """``{"collect": true}`` counts objects, after a collection; ``{"uri": ...}`` gives that document's text."""
        monitor = server.monitor()
        edited = server.documents.get(str(field_of(params, "uri")))
        collected = None
        if field_of(params, "collect"):
            gc.collect()
            collected = len(gc.get_objects())
        pauses = monitor.take().summary()
        connections = server.connections.opened
        tasks = sorted(task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task())
        return {
            "loop": pauses,
            "cpuSeconds": time.process_time(),
            "bytesResident": _resident(),
            "objects": collected,
            "threads": sorted(thread.name for thread in threading.enumerate()),
            "tasks": tasks,
            "statements": _statements(connections),
            "tempTables": sum(len(connection.store.views) for connection in connections),
            "analyses": sum(session.analyses for session in server.sessions()),
            "documents": len(list(server.documents)),
            "text": edited.host.text if edited is not None else None,
            "version": edited.host.version if edited is not None else None,
        }


def _statements(connections: "Sequence[Connection]") -> list[dict[str, Any]]:
    """The statements that the engines have not finished; none of one that does not say."""
    running = [one for connection in connections for one in getattr(connection.engine, "running", ())]
    now = time.perf_counter()
    return [{"id": one.id, "kind": one.kind, "milliseconds": (now - one.began) * 1000} for one in running]


def _resident() -> int | None:
    """Bytes of memory that the process has; None where the system does not say it in this way."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
