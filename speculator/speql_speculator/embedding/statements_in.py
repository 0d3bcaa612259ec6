"""The statements of a document or cell, also of one that is written in another language."""

from functools import lru_cache

from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import split_statements
from speql_sql import Span


def statements_in(snapshot: Snapshot, dialect: str) -> tuple[str, ...]:
    """Their texts, in order."""
    projection = snapshot.projection
    whole = (Span(0, len(snapshot.text)),)
    parts = tuple(region.sql for region in projection.regions) if projection is not None else whole
    return _texts(snapshot.text, parts, dialect)


@lru_cache(maxsize=256)
def _texts(text: str, parts: tuple[Span, ...], dialect: str) -> tuple[str, ...]:
    return tuple(statement.text for span in parts for statement in split_statements(span.of(text), dialect))
