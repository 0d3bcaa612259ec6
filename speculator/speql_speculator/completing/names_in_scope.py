"""What can be named at a place of a statement that need not parse, by the one model of what its names mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from speql_speculator.completing import completion_sources
from speql_speculator.completing.completion_scope import scope_at
from speql_speculator.navigating.scopes import Relation, Scope, Stretch
from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.navigating.symbols import Output, OutputColumn, Symbol
from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Expression,
    Group,
    Items,
    Literal,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Source,
    Star,
    walk,
)
from speql_speculator.tokens import Token
from speql_sql import Catalog, Column, Table


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column that can be named. ``table`` is the base table that its values are copied from, ``origin`` their column
    there; both are None of what an expression makes.
    """

    name: str
    type: str = ""
    table: Table | None = None
    origin: Column | None = None


@dataclass(frozen=True)
class NamedSource:
    """A source of FROM, or a CTE. ``qualifiers`` are what may stand before the dot, folded; ``stands_for`` the table's
    or CTE's own name; ``table`` is None of what is no base table.
    """

    name: str
    columns: tuple[NamedColumn, ...] = ()
    qualifiers: tuple[str, ...] = ()
    stands_for: str = ""
    table: Table | None = None
    aliased: bool = False

    @cached_property
    def by_name(self) -> dict[str, NamedColumn]:
        """The columns by folded name."""
        return {column.name.lower(): column for column in reversed(self.columns)}

    def answers_to(self, qualifier: Sequence[str]) -> bool:
        """Whether ``qualifier.column`` can mean a column of this source."""
        folded = tuple(part.lower() for part in qualifier)
        if ".".join(folded) in self.qualifiers:
            return True
        if self.table is None or self.aliased:
            return False
        path = (self.table.database.lower(), self.table.schema.lower(), self.table.name.lower())
        return folded == path[-len(folded) :]


@dataclass(frozen=True, slots=True)
class SelectedItem:
    """An element of a SELECT list: its text, the name that it is given (or empty), and what is in it."""

    text: str
    alias: str = ""
    name: str = ""
    aggregates: bool = False
    windows: bool = False
    columns: bool = False
    star: bool = False


@dataclass(frozen=True)
class NamesInScope:
    """What can be named at a place: ``levels`` are the sources of the SELECT that it is in, then those of the queries
    around it; ``merged`` the folded names of columns that USING made one of two.

    ``items`` are what the SELECT lists, ``grouped`` and ``ordered`` the texts of what GROUP BY and ORDER BY list,
    ``windows`` its named windows. ``marks_aliases``: the statement writes AS before the aliases of tables;
    ``aliases_tables``: it gives tables aliases at all. ``listed`` are the folded names of sources behind a comma.
    """

    levels: tuple[tuple[NamedSource, ...], ...] = ()
    ctes: tuple[NamedSource, ...] = ()
    items: tuple[SelectedItem, ...] = ()
    grouped: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    merged: frozenset[str] = frozenset()
    marks_aliases: bool = True
    aliases_tables: bool = True
    listed: frozenset[str] = frozenset()

    @property
    def sources(self) -> tuple[NamedSource, ...]:
        """The sources of the SELECT that the place is in."""
        return self.levels[0] if self.levels else ()


def names_in_scope(text: str, tokens: Sequence[Token], place: int, catalog: Catalog) -> NamesInScope:
    """What can be named at an offset of one statement's text. Never raises.

    ``tokens`` are those of ``text`` without comments. Queries are read by the semantic model; for statements that it
    does not read (UPDATE, DELETE, PIVOT, CREATE INDEX) the sources are read off the tokens.
    """
    model = semantic_model(text, catalog)
    if model.tree is None or (tokens and tokens[0].upper in _READ_BY_TOKENS):
        return _by_tokens(tokens, place, catalog)
    reader = _Names(model, place)
    return reader.names()


_READ_BY_TOKENS = ("UPDATE", "DELETE", "MERGE", "PIVOT", "UNPIVOT")


def _by_tokens(tokens: Sequence[Token], place: int, catalog: Catalog) -> NamesInScope:
    scope = scope_at(tokens, place, catalog)
    return NamesInScope(
        (tuple(map(_of_source, scope.sources)),),
        tuple(map(_of_source, scope.ctes)),
        tuple(SelectedItem(name, name, name) for name in scope.outputs),
    )


def _of_source(source: completion_sources.Source) -> NamedSource:
    columns = tuple(
        NamedColumn(column.name, column.type, source.table, column if source.table is not None else None)
        for column in source.columns
    )
    stands_for = source.table.name if source.table is not None else source.name
    return NamedSource(source.name, columns, (source.name.lower(),), stands_for, source.table, source.aliased)


class _Names:
    """Reads the names at one place off a model."""

    def __init__(self, model: SemanticModel, place: int) -> None:
        self._model = model
        self._place = place
        self._tokens = model.tokens
        self._around = sorted(
            (stretch for stretch in model.stretches if self._holds(stretch)), key=lambda one: one.last - one.first
        )

    def names(self) -> NamesInScope:
        inner = next((stretch for stretch in self._around if stretch.select is not None), None)
        if inner is None or inner.select is None or inner.query is None:
            return NamesInScope(ctes=self._ctes_alone(), items=tuple(self._items_of_set()))
        levels = tuple(
            tuple(found for relation in self._relations(scope) if (found := self._source(relation)) is not None)
            for scope in inner.scope.levels()
        )
        select, query = inner.select, inner.query
        sources = [node for node in walk(select.from_) if isinstance(node, Source)] if select.from_ is not None else []
        aliased = [source for source in sources if source.alias >= 0]
        return NamesInScope(
            levels,
            tuple(_cte(cte.symbol, cte.output) for cte in inner.scope.ctes.values()),
            tuple(self._items(select)),
            tuple(self._listed(select.clauses, "GROUP BY")),
            tuple(self._listed(query.clauses, "ORDER BY")),
            tuple(symbol.name for symbol in inner.scope.windows.values()),
            frozenset(inner.scope.merged),
            not aliased or any(source.marker >= 0 for source in aliased),
            bool(aliased) or not any(source.parts for source in sources),
            frozenset(self._name(source) for source in sources if source.kind == ","),
        )

    def _holds(self, stretch: Stretch) -> bool:
        return stretch.first < stretch.last and self._start(stretch.first) < self._place <= self._start(stretch.last)

    def _start(self, index: int) -> int:
        return self._tokens[index].start if index < len(self._tokens) else len(self._model.text) + 1

    def _relations(self, scope: Scope) -> Sequence[Relation]:
        """The sources of a SELECT that can be named at the place."""
        narrowed = (stretch for stretch in self._around if stretch.scope is scope and stretch.select is None)
        found = next(narrowed, None)
        return found.relations if found is not None else scope.relations

    def _source(self, relation: Relation) -> NamedSource | None:
        symbol = relation.symbol
        stands_for = symbol.stands_for.name if symbol.stands_for is not None else symbol.name
        aliased = symbol.kind == "alias" and (symbol.stands_for is not None or symbol.declared is not None)
        columns = tuple(_column(column) for column in relation.listed if column.name)
        if not symbol.name and not columns:
            return None
        table = symbol.table if symbol.kind in ("table", "alias") and not _is_renamed(symbol, columns) else None
        return NamedSource(symbol.name, columns, relation.names, stands_for, table, aliased)

    def _ctes_alone(self) -> tuple[NamedSource, ...]:
        """The CTEs before a place that no SELECT is at yet."""
        declared = (symbol for symbol in self._model.outputs if symbol.kind == "cte" and symbol.declared is not None)
        return tuple(
            _cte(symbol, self._model.outputs[symbol])
            for symbol in declared
            if symbol.declared is not None and symbol.declared.end < self._place
        )

    def _items_of_set(self) -> Iterator[SelectedItem]:
        """What a set operation gives, at a place behind its last branch: that is named by its first branch."""
        assert self._model.tree is not None, "names are looked for in queries only"
        found: Query | None = None
        for node in walk(self._model.tree):
            if isinstance(node, Query) and len(node.branches) > 1 and node.clauses:
                begin, end = self._start(node.clauses[0].first), self._start(node.last)
                found = node if begin < self._place <= end else found
        first = found.branches[0] if found is not None else None
        if isinstance(first, Select):
            yield from self._items(first)

    def _items(self, select: Select) -> Iterator[SelectedItem]:
        for item in select.items.elements if select.items is not None else ():
            if not isinstance(item, SelectItem) or item.expression.last <= item.expression.first:
                continue
            nodes = list(_below(item.expression))
            calls = [node for node in nodes if isinstance(node, Call)]
            operand = item.expression.terms[0].operands[0] if item.expression.terms[0].operands else None
            alone = len(item.expression.terms) == 1 and len(item.expression.terms[0].operands) == 1
            bare = operand if alone and isinstance(operand, Reference) and not operand.dangling else None
            yield SelectedItem(
                self._text(item.expression),
                self._tokens[item.alias].name if item.alias >= 0 else "",
                self._tokens[bare.parts[-1]].name if bare is not None else "",
                any(call.name in AGGREGATES and call.window is None for call in calls),
                any(call.window is not None for call in calls),
                any(isinstance(node, Reference) for node in nodes),
                alone and isinstance(operand, Star),
            )

    def _listed(self, clauses: Sequence[Clause], name: str) -> Iterator[str]:
        for clause in clauses:
            if clause.name == name and isinstance(clause.body, Items):
                for element in clause.body.elements:
                    inner = element.inner[0] if isinstance(element, Group) and element.inner else element
                    if inner.last > inner.first and not isinstance(inner, Literal):
                        yield self._text(inner)

    def _name(self, source: Source) -> str:
        token = source.alias if source.alias >= 0 else source.parts[-1] if source.parts else -1
        return self._tokens[token].name.lower() if token >= 0 else ""

    def _text(self, node: Node) -> str:
        return self._model.text[self._tokens[node.first].start : self._tokens[node.last - 1].end]


def _below(node: Expression) -> Iterator[Node]:
    """The nodes of an expression, queries inside of it left out."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(child for child in current.children() if not isinstance(child, Query))


def _cte(symbol: Symbol, output: Output) -> NamedSource:
    columns = tuple(_column(column) for column in output.columns if column.name)
    return NamedSource(symbol.name, columns, (symbol.name.lower(),), symbol.name)


def _column(column: OutputColumn) -> NamedColumn:
    """A column under the name that it has here, with the column of a base table that it is, if it is one."""
    symbol = column.symbol
    while symbol is not None and symbol.kind == "output":
        symbol = symbol.stands_for
    table = symbol.table if symbol is not None and symbol.kind == "column" else None
    origin = table.column(symbol.name) if table is not None and symbol is not None else None
    if table is None or origin is None:
        return NamedColumn(column.name)
    return NamedColumn(column.name, origin.type, table, origin)


def _is_renamed(symbol: Symbol, columns: tuple[NamedColumn, ...]) -> bool:
    """Whether an alias gives the columns of its table other names."""
    table = symbol.table
    return (
        table is not None
        and len(columns) == len(table.columns)
        and any(column.name != own.name for column, own in zip(columns, table.columns, strict=True))
    )
