"""What binding a statement's names works on, and what it finds."""

from collections.abc import Mapping
from typing import Literal

from speql_speculator.navigating.scopes import Cte, Scope, Stretch
from speql_speculator.navigating.symbols import Occurrence, Output, OutputColumn, Role, Symbol
from speql_speculator.parsing.clauses import ClauseParser
from speql_speculator.parsing.syntax_tree import Node, Query
from speql_sql import Catalog, Span, Table

Mark = Literal["function", "type", "namespace", "label", "field", "unit"]
"""What a word is that is no symbol: ``label`` is an argument's or a struct's, ``field`` a struct's."""


class BindingState:
    """The findings so far. ``marks`` are by the index of a token, ``unresolved`` are tokens of names that mean nothing.

    ``blocked`` says why a symbol cannot be renamed. ``outputs`` are the columns of CTEs and of aliases. ``ends`` is
    where an AS would have to be put for a borrowed name. ``stretches`` are where which names can be used.
    """

    def __init__(self, parser: ClauseParser, catalog: Catalog) -> None:
        self.parser = parser
        self.catalog = catalog
        self.tokens = parser.tokens
        self.occurrences: list[Occurrence] = []
        self.marks: dict[int, Mark] = {}
        self.named: set[int] = set()
        self.unresolved: set[int] = set()
        self.blocked: dict[Symbol, str] = {}
        self.outputs: dict[Symbol, Output] = {}
        self.ends: dict[Symbol, int] = {}
        self.stretches: list[Stretch] = []
        self._tables: dict[int | str, tuple[Symbol, tuple[OutputColumn, ...]]] = {}

    def query(self, query: Query, ctes: Mapping[str, Cte], parent: Scope | None) -> Output:
        """Bind a query and all that is in it."""
        raise NotImplementedError

    def name(self, token: int) -> str:
        """The name that a token spells; an alias may be a string."""
        found = self.tokens[token]
        return found.text.strip("'") if found.kind == "string" else found.name

    def span(self, token: int) -> Span:
        """Where a token is."""
        return Span(self.tokens[token].start, self.tokens[token].end)

    def text(self, node: Node) -> str:
        """The text that a node covers."""
        if node.last <= node.first:
            return ""
        return self.parser.text[self.tokens[node.first].start : self.tokens[node.last - 1].end]

    def occurs(self, token: int, symbol: Symbol, role: Role = "reference", source: Span | None = None) -> None:
        """Note that a token names a symbol."""
        self.named.add(token)
        self.occurrences.append(Occurrence(self.span(token), symbol, role, source))

    def declare(self, token: int, symbol: Symbol) -> Symbol:
        """Note that a token gives a symbol its name."""
        self.occurs(token, symbol, "declaration")
        return symbol

    def block(self, symbol: Symbol | None, reason: str) -> None:
        """Note why a symbol cannot be renamed."""
        if symbol is not None:
            self.blocked.setdefault(symbol, reason)

    def table(self, names: tuple[str, ...]) -> tuple[Symbol, tuple[OutputColumn, ...]]:
        """The symbol of a table, the same for all places that name it, and its columns."""
        table = self.catalog.find(*reversed(names[-3:]))
        key: int | str = ".".join(names).lower() if table is None else id(table)
        if key not in self._tables:
            columns = () if table is None else _columns(table)
            self._tables[key] = Symbol("table", names[-1] if table is None else table.name, table=table), columns
        return self._tables[key]


def _columns(table: Table) -> tuple[OutputColumn, ...]:
    return tuple(OutputColumn(column.name, Symbol("column", column.name, table=table)) for column in table.columns)
