"""Which tables a SELECT without FROM reads: those that have its columns, connected by keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from speql_speculator.resolving.join_conditions import JoinCondition, join_condition
from speql_speculator.resolving.relations import Relation

MAX_BRIDGES = 200
"""In a catalog with more tables than this no table that nothing names is looked for between two others."""


@dataclass(frozen=True, slots=True)
class InferredTable:
    """A table, the name that it is found by, the alias that the columns give it, and what joins it to those before."""

    relation: Relation
    name: str
    alias: str
    condition: JoinCondition | None = None


def connected_tables(
    tables: Sequence[InferredTable], bridges: Callable[[], Sequence[InferredTable]]
) -> list[InferredTable]:
    """The largest part of ``tables`` that keys connect, in an order in which each is joined to one before it.

    Of equally large parts that of the first table. Two parts that no key connects are connected by a table of
    ``bridges`` if only one can: ``item`` and ``store`` could be by sales or by returns, so they are not.
    """
    parts = _parts(tables)
    if len(parts) > 1:
        parts = _bridged(parts, bridges())
    return max(parts, key=lambda part: sum(table in tables for table in part), default=[])


def _parts(tables: Sequence[InferredTable]) -> list[list[InferredTable]]:
    """The tables in parts that keys connect."""
    # The table with the most keys to others comes first: it has a row for each row of the join.
    keys = {id(table): _keys_to(table, tables) for table in tables}
    waiting = sorted(tables, key=lambda table: -keys[id(table)])
    parts: list[list[InferredTable]] = []
    while waiting:
        part = [_unjoined(waiting.pop(0))]
        while (joined := _next(part, waiting)) is not None:
            place, table = joined
            part.append(table)
            del waiting[place]
        parts.append(part)
    return sorted(parts, key=lambda part: min(_place(table, tables) for table in part))


def _place(table: InferredTable, tables: Sequence[InferredTable]) -> int:
    return next((place for place, other in enumerate(tables) if other.relation is table.relation), len(tables))


def _keys_to(table: InferredTable, others: Sequence[InferredTable]) -> int:
    found = (join_condition(other.relation, [table.relation]) for other in others if other is not table)
    return sum(condition is not None and condition.to_key for condition in found)


def _next(part: Sequence[InferredTable], waiting: Sequence[InferredTable]) -> tuple[int, InferredTable] | None:
    """The table that is joined most surely, with its place among those that wait."""
    relations = [table.relation for table in part]
    used = [
        (table.condition.left.alias.lower(), column)
        for table in part
        if table.condition
        for column, _ in table.condition.pairs
    ]
    best: tuple[int, InferredTable] | None = None
    for place, table in enumerate(waiting):
        condition = join_condition(table.relation, relations, used)
        if condition is None or condition.quality < 2:
            continue
        if best is None or best[1].condition is None or condition.rank > best[1].condition.rank:
            best = place, InferredTable(table.relation, table.name, table.alias, condition)
    return best


def _unjoined(table: InferredTable) -> InferredTable:
    return InferredTable(table.relation, table.name, table.alias)


def _bridged(parts: list[list[InferredTable]], bridges: Sequence[InferredTable]) -> list[list[InferredTable]]:
    """The parts, those connected that one table alone can connect with the first."""
    first, *others = parts
    for part in others:
        found = [
            together
            for bridge in bridges
            if all(bridge.name != table.name for table in (*first, *part))
            and len(together := _parts([*first, *part, bridge])) == 1
        ]
        if len(found) == 1:
            first = found[0][0]
    return [
        first,
        *(part for part in others if all(table.relation is not own.relation for table in part for own in first)),
    ]
