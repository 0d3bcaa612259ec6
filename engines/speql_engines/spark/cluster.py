"""Whether a statement may go to a cluster of Databricks without starting it."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from speql_engines.engine import SpeculationHeldError

_RUNS = frozenset({"RUNNING", "RESIZING"})
_KNOWN_SECONDS = 5.0
"""How long the answer is believed: a cluster ends itself after ten minutes without work at the earliest."""

_WAIT_SECONDS = 10.0


class Cluster:
    """The state of a cluster, asked of Databricks' REST interface before anything works ahead on it.

    Whatever is asked over Spark Connect, also the names of tables, starts a cluster that has ended, and it is paid for
    until it ends itself again. So only the user's own statements may. What still fails: one that somebody ends by hand
    within the seconds in which it is believed to run is started.
    """

    def __init__(self, address: str, cluster_id: str, token: Callable[[], str | None]) -> None:
        """``address`` is ``https://host`` of the workspace."""
        self._url = f"{address}/api/2.1/clusters/get?cluster_id={cluster_id}"
        self._id = cluster_id
        self._token = token
        self._lock = threading.Lock()
        self._runs_until = 0.0

    def require_running(self) -> None:
        """:class:`SpeculationHeldError` unless it runs. Blocks."""
        with self._lock:
            if time.monotonic() < self._runs_until:
                return
        state = self._state()
        if state not in _RUNS:
            message = (
                f"The cluster {self._id} is {state.lower()}: nothing works ahead on it, since that would start it."
            )
            raise SpeculationHeldError(message, "Start it, run your query (submit), or allow it (resumeWarehouse).")
        with self._lock:
            self._runs_until = time.monotonic() + _KNOWN_SECONDS

    def _state(self) -> str:
        request = urllib.request.Request(self._url)
        if token := self._token():
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=_WAIT_SECONDS) as answer:
                return str(json.load(answer).get("state", "NOT KNOWN"))
        except (urllib.error.URLError, TimeoutError, ValueError):
            return "NOT KNOWN"
