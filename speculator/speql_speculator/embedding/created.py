"""What the SQL of a cell makes for the cells after it."""

import re
from functools import lru_cache

from speql_speculator.embedding.may_create import may_create
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import split_statements
from speql_sql import Span

_MAKES = re.compile(r"(?:CREATE|DROP)\b", re.IGNORECASE)


def created(snapshot: Snapshot, dialect: str) -> tuple[str, ...]:
    """The statements that make tables and views, in order; a result with a name is a view of that name."""
    if not may_create(snapshot):
        return ()
    projection = snapshot.projection
    parts = (
        tuple((region.sql, region.name) for region in projection.regions)
        if projection is not None
        else ((Span(0, len(snapshot.text)), ""),)
    )
    return _created(snapshot.text, parts, dialect)


@lru_cache(maxsize=256)
def _created(text: str, parts: tuple[tuple[Span, str], ...], dialect: str) -> tuple[str, ...]:
    found: list[str] = []
    for span, name in parts:
        statements = [statement.text for statement in split_statements(span.of(text), dialect)]
        found += [one for one in statements if _MAKES.match(one)]
        if name and statements and not _MAKES.match(statements[-1]):
            found.append(f'CREATE VIEW "{name}" AS {statements[-1]}')
    return tuple(found)
