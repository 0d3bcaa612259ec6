"""Where names are looked up: the relations of a SELECT, its aliases, and the queries around it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from speql_speculator.navigating.symbols import Output, OutputColumn, Symbol
from speql_speculator.parsing.syntax_tree import Query, Select
from speql_sql import Span


@dataclass(slots=True, eq=False)
class Cte:
    """A CTE: its name's symbol and what it gives. A recursive one gives what its first branch does, once read."""

    symbol: Symbol
    output: Output


@dataclass(slots=True, eq=False)
class Relation:
    """A source of FROM: ``symbol`` is what its name stands for, ``names`` what may qualify its columns, folded."""

    symbol: Symbol
    names: tuple[str, ...]
    listed: tuple[OutputColumn, ...]
    opaque: bool
    place: Span
    columns: dict[str, Symbol | None] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = {}
        for column in self.listed:
            if column.name:
                self.columns.setdefault(column.name.lower(), column.symbol)

    def column(self, folded: str) -> Symbol | None:
        """The symbol of a column; one that the relation may have, if it may have any, is made up."""
        if folded not in self.columns and self.opaque:
            self.columns[folded] = Symbol("column", folded, stands_for=self.symbol)
        return self.columns.get(folded)


@dataclass(slots=True, eq=False)
class Scope:
    """One SELECT's names. ``aliases`` are the output columns named so far, ``later`` those named behind.

    ``merged`` are the columns that USING made one of two; ``grouped`` the symbols that GROUP BY lists.
    """

    ctes: Mapping[str, Cte]
    parent: "Scope | None" = None
    relations: list[Relation] = field(default_factory=list)
    aliases: dict[str, Symbol] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    merged: dict[str, Symbol] = field(default_factory=dict)
    grouped: set[Symbol] = field(default_factory=set)
    windows: dict[str, Symbol] = field(default_factory=dict)
    parameters: dict[str, Symbol] = field(default_factory=dict)

    def levels(self) -> "Iterator[Scope]":
        """This scope and those around it."""
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def relation(self, name: str) -> Relation | None:
        """The relation of this SELECT (not of those around it) that a folded name stands for."""
        return next((relation for relation in self.relations if name in relation.names), None)

    def having(self, name: str) -> list[Relation]:
        """The relations that surely have a column of that folded name."""
        return [relation for relation in self.relations if name in relation.columns and _sure(relation, name)]

    @property
    def opaque(self) -> bool:
        """Whether a column that is not known may still be one of this SELECT's tables."""
        return any(relation.opaque for relation in self.relations)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The tokens from ``first`` up to ``last`` (not part of it) in which the names of a SELECT can be used.

    ``relations`` are those of its sources that can be named there: in ON only the ones up to it, in a derived table
    only the ones before. ``select`` and ``query`` are of the stretch that is the SELECT itself.
    """

    first: int
    last: int
    scope: Scope
    relations: Sequence[Relation]
    select: Select | None = None
    query: Query | None = None


def _sure(relation: Relation, name: str) -> bool:
    symbol = relation.columns[name]
    return symbol is None or symbol.kind != "column" or symbol.table is not None
