"""What tells one state of a catalog from another."""

import hashlib
from collections.abc import Iterable

from speql_sql import Table


def catalog_version(tables: Iterable[Table], functions: frozenset[str], *more: object) -> str:
    """Another one when something but the rows has changed: tables, functions of the user's, or ``more``."""
    shapes = [(one.schema, one.name, one.columns, one.keys, one.foreign_keys, one.unsafe) for one in tables]
    return hashlib.sha256(repr((shapes, sorted(functions), *more)).encode()).hexdigest()[:32]
