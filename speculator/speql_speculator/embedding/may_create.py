"""Whether a cell may make something for the cells after it."""

import re

from speql_speculator.snapshot import Snapshot

_MAKES = re.compile(r"\b(?:CREATE|DROP)\b", re.IGNORECASE)


def may_create(snapshot: Snapshot) -> bool:
    """Whether there may be something, told without reading the SQL: a word of such a statement, or a named result."""
    projection = snapshot.projection
    named = projection is not None and any(region.name for region in projection.regions)
    return named or _MAKES.search(snapshot.text) is not None
