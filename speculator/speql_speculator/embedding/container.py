"""What holds a stretch of SQL in its host, and how SQL is written into it."""

from collections.abc import Iterator
from typing import Protocol


class Container(Protocol):
    """A stretch of the host that is SQL by rules of its own: a string literal, a line of a magic, a template."""

    def written(self, text: str) -> Iterator[str]:
        """Ways to write SQL there, the nicest first; none where it cannot be said."""

    def reads(self, host: str, behind: str = "") -> str | None:
        """The SQL that a host text says in such a container, masks as they are written; None if it no longer fits.

        ``behind`` are the two characters that follow it in the host.
        """
