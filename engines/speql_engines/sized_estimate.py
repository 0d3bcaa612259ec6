"""An estimate by the sizes of the tables, for when the engine gives no plan."""

from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.engine import EngineError, Estimate
from speql_engines.own_tables import OwnTables
from speql_sql import Catalog

Size = Callable[[Sequence[str]], tuple[int | None, int | None]]
"""Rows and bytes of a table by the parts of its name (one at least), where they are known."""


def estimate_from_sizes(sql: str, dialect: str, size: Size) -> Estimate:
    """What a query reads if it reads every table whole; :class:`EngineError` if it is not understood."""
    try:
        tables = list(sqlglot.parse_one(sql, read=dialect).find_all(exp.Table))
    except SqlglotError as error:
        raise EngineError(f"This cannot be estimated, since it was not understood: {error}") from error
    found = [size([part.name for part in table.parts]) for table in tables]
    read = [rows or 0 for rows, _ in found]
    known = [one for _, one in found if one is not None]
    largest = max(read, default=1)
    return Estimate(largest, sum(read), sum(read) + largest, sum(known) if len(known) == len(found) else None)


def sizes_in(catalog: Catalog, own_tables: OwnTables) -> Size:
    """The sizes of an engine's temp tables, and of the tables of its catalog."""

    def size(parts: Sequence[str]) -> tuple[int | None, int | None]:
        if own := own_tables.named(parts[-1]):
            return own.rows, own.bytes
        found = catalog.find(*reversed(parts))
        return (found.row_count, found.bytes) if found is not None else (None, None)

    return size
