"""How many groups a query really makes, told from a sample of the rows that it groups."""

import asyncio
import logging
import math

from sqlglot import exp

from speql_engines import Engine, EngineError, SpeculationHeldError
from speql_scheduler.matching.spjg import base_table
from speql_scheduler.running.wanted import WantedUnit
from speql_sql import Table

logger = logging.getLogger(__name__)

SAMPLED_ROWS = 200_000
"""Rows of the largest table that are looked at."""

LONGEST_SECONDS = 0.25
"""A look that takes longer is given up."""

LEAST_ROWS = 2_000
"""Fewer grouped rows say nothing."""


class GroupCounts:
    """Counts the groups of SELECTs whose estimate is in doubt: engines multiply the values of the keys, and are wrong
    by orders of magnitude. A look at a sample takes milliseconds, a temp table that is given up takes seconds.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counted: dict[str, int | None] = {}

    async def of(self, unit: WantedUnit) -> int | None:
        """About how many rows the unit has; None where a sample cannot tell. Raises nothing but ``CancelledError``."""
        counting, table = _counting(unit.query), _largest_table(unit)
        if counting is None or table is None or (table.row_count or 0) <= SAMPLED_ROWS:
            return None
        sql = counting.sql(unit.catalog.dialect)
        if sql not in self._counted:
            try:
                self._counted[sql] = await self._count(sql, table, has_joins=bool(unit.query.args.get("joins")))
            except SpeculationHeldError:
                return None  # not remembered: it may be counted later
        return self._counted[sql]

    async def _count(self, sql: str, table: Table, *, has_joins: bool) -> int | None:
        fraction = SAMPLED_ROWS / (table.row_count or 1)
        name = ".".join(
            '"' + part.replace('"', '""') + '"' for part in (table.database, table.schema, table.name) if part
        )
        try:
            async with asyncio.timeout(LONGEST_SECONDS):  # the other tables are read whole
                result = await self._engine.sample(sql, name, fraction, 1)
        except SpeculationHeldError:
            raise
        except (EngineError, TimeoutError) as error:
            logger.debug("no count of groups: %s", type(error).__name__)
            return None
        rows, groups = (int(column[0].as_py()) for column in result.rows.columns)
        counted = estimated_groups(rows, groups, fraction)
        if counted is None or table.row_count is None or has_joins:
            return counted
        return min(counted, table.row_count)  # a sample is not of exactly its fraction


def estimated_groups(rows: int, groups: int, fraction: float) -> int | None:
    """How many groups there are in all, if so many were seen among ``rows`` of a ``fraction``; None for too few rows.

    Of n rows drawn from G groups of one size, n² / 2G pairs meet (the birthday problem); with groups of different sizes
    more do, so this errs to the low side. There are no more groups than rows.

    >>> estimated_groups(rows=40_000, groups=39_855, fraction=0.01)
    4000000
    >>> estimated_groups(rows=40_000, groups=900, fraction=0.01)
    900
    """
    if rows < LEAST_ROWS:
        return None
    all_rows = math.ceil(rows / fraction)
    if groups < rows / 2:
        return groups  # most of them were seen
    met = rows - groups
    return min(all_rows, math.ceil(rows * rows / (2 * met))) if met else all_rows


def _counting(query: exp.Query) -> exp.Select | None:
    """The grouped rows and their groups, counted; None if the query is no plain grouped SELECT."""
    group = query.args.get("group")
    if not isinstance(query, exp.Select) or group is None or not group.expressions or query.args.get("distinct"):
        return None
    if any(value for name, value in group.args.items() if name != "expressions"):
        return None  # grouping sets
    counting = query.copy()
    keys = [key.copy() for key in group.expressions]
    for part in ("group", "having", "qualify", "order", "limit", "offset", "windows"):
        counting.set(part, None)
    distinct = exp.Distinct(expressions=[exp.Anonymous(this="ROW", expressions=keys)])
    counting.set("expressions", [exp.Count(this=exp.Star()), exp.Count(this=distinct)])
    return counting


def _largest_table(unit: WantedUnit) -> Table | None:
    """The largest base table that the SELECT itself reads."""
    sources = [unit.query.args.get("from_"), *(unit.query.args.get("joins") or [])]
    reads = [source.this for source in sources if source is not None and isinstance(source.this, exp.Table)]
    tables = [
        table for read in reads if (table := base_table(read, unit.catalog)) is not None and table.kind == "table"
    ]
    return max(tables, key=lambda table: table.row_count or 0, default=None)
