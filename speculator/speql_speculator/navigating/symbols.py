"""What a statement's names stand for, and where they stand."""

from dataclasses import dataclass
from typing import Literal

from speql_sql import Span, Table

SymbolKind = Literal["table", "cte", "alias", "column", "output", "window", "parameter"]
"""``column`` is one of a table, ``output`` one that a SELECT of the text makes; ``parameter`` is one of a lambda."""

Role = Literal["declaration", "reference"]


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """One thing that has a name; two things are never one symbol, whatever they are called.

    ``declared`` is where the text gives it its name; None for tables and their columns. An output column that is only
    passed on (``SELECT x.a FROM x``, ``SELECT * FROM x``) is the symbol that it was before. ``borrowed``: its name is
    that of the table's column that it is made of, so a new name needs an AS. ``table`` is the catalog's, of a table, of
    its columns, and of an alias that stands for it; None if the catalog does not know it. ``stands_for`` is what an
    alias is an alias of, what a column is a column of if no catalog knows, and what a borrowed name is borrowed from.
    """

    kind: SymbolKind
    name: str
    declared: Span | None = None
    borrowed: bool = False
    table: Table | None = None
    stands_for: "Symbol | None" = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name in the text. ``source`` is where FROM has what a column is one of."""

    span: Span
    symbol: Symbol
    role: Role
    source: Span | None = None


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a query; ``symbol`` is None for an expression that nothing names. ``expression`` is its text."""

    name: str
    symbol: Symbol | None
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """The columns of a query; ``opaque``: there may be more of them."""

    columns: tuple[OutputColumn, ...] = ()
    opaque: bool = False
