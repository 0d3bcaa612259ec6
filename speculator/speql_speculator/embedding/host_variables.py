"""Names of Python that SQL may read as tables: DuckDB finds data frames by the names of their variables."""

import re
from collections.abc import Iterable

from speql_speculator.snapshot import Snapshot


def is_host_variable(name: str, snapshots: Iterable[Snapshot]) -> bool:
    """Whether one of the documents around SQL gives a variable that name: assigns, imports, loops or takes it.

    Plain SQL has no variables.
    """
    word = re.escape(name)
    given = re.compile(
        rf"(?<![\w.'\"]){word}\s*(?::[^=\n]+)?=(?!=)|\b(?:as|for|import)\s+{word}\b|\bdef\s+\w+\([^)]*\b{word}\b",
        re.IGNORECASE,
    )
    return any(
        snapshot.projection is not None and given.search(snapshot.projection.host) is not None for snapshot in snapshots
    )
