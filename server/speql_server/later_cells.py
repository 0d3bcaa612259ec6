"""The cells of a notebook after one that makes something."""

from collections.abc import Callable

from speql_server.latest_only import LatestOnly, Sleep
from speql_speculator.embedding.may_create import may_create
from speql_speculator.snapshot import Snapshot

REST_SECONDS = 0.3
"""How long a cell must rest before those after it are looked at again for what it makes."""


class LaterCells:
    """Has ``look_again`` called with the cells after one that makes a table or view, or did so before it changed."""

    def __init__(self, look_again: Callable[[tuple[str, ...]], None], sleep: Sleep) -> None:
        self._look_again = look_again
        self._makers: set[str] = set()
        self._waiting: LatestOnly[tuple[str, ...]] = LatestOnly("later cells", sleep=sleep)

    def changed(self, snapshot: Snapshot, later: tuple[str, ...]) -> None:
        """A cell has a new text; ``later`` are those after it."""
        makes, made = may_create(snapshot), snapshot.uri in self._makers
        (self._makers.add if makes else self._makers.discard)(snapshot.uri)
        if makes or made:
            self._waiting.submit_value(later, self._look_again, quiet_seconds=REST_SECONDS)

    async def close(self) -> None:
        """Look at nothing any more."""
        await self._waiting.close()
