"""Documents that name a connection that is none."""

from collections.abc import Callable

from speql_server.latest_only import LatestOnly, Sleep

UNKNOWN_SECONDS = 1.5
"""How long the name must rest before it is said that there is none."""


class UnknownConnections:
    """Says once of each, by ``show``, when its name is no longer being typed."""

    def __init__(self, show: Callable[[str], None], sleep: Sleep) -> None:
        self._show = show
        self._told: set[str] = set()
        self._waiting: LatestOnly[str] = LatestOnly("an unknown connection", sleep=sleep)

    def look(self, problem: str) -> None:
        """What is wrong with the connection that the newest document names; empty if nothing is."""
        if problem and problem not in self._told:
            self._waiting.submit_value(problem, self._tell, quiet_seconds=UNKNOWN_SECONDS)
        elif not problem:
            self._waiting.cancel()

    async def close(self) -> None:
        """Say nothing any more."""
        await self._waiting.close()

    def _tell(self, problem: str) -> None:
        self._told.add(problem)
        self._show(problem)
