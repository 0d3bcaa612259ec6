"""The text of a document at one version."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document's text at one version, with the cursor. ``cursor`` is an offset in code points, None if not known."""

    uri: str
    version: int
    text: str
    cursor: int | None = None
