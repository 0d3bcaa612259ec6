"""The texts that the editor has open."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from speql_speculator.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Edited:
    """A snapshot, and when it arrived by the server's clock."""

    snapshot: Snapshot
    at: float


class Documents:
    """The newest snapshot of each open document. Owned by the event loop."""

    def __init__(self) -> None:
        self._edited: dict[str, Edited] = {}

    def put(self, snapshot: Snapshot, at: float) -> Edited:
        """Open a document, or replace its text. Clients that open a document twice are welcome."""
        edited = Edited(snapshot, at)
        self._edited[snapshot.uri] = edited
        return edited

    def move_cursor(self, uri: str, cursor: int, at: float) -> Edited | None:
        """The document with its cursor elsewhere, or None if it is not open or nothing has changed."""
        edited = self._edited.get(uri)
        if edited is None or edited.snapshot.cursor == cursor:
            return None
        return self.put(replace(edited.snapshot, cursor=cursor), at)

    def remove(self, uri: str) -> None:
        """Close a document."""
        self._edited.pop(uri, None)

    def get(self, uri: str) -> Edited | None:
        """The document, or None if it is not open."""
        return self._edited.get(uri)

    def __iter__(self) -> Iterator[Edited]:
        return iter(tuple(self._edited.values()))
