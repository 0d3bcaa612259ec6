"""Binds queries: WITH, SELECT lists and clauses, set operations, ORDER BY."""

from collections.abc import Mapping, Sequence

from speql_speculator.navigating import scopes
from speql_speculator.navigating.binding_sources import SourceBinder
from speql_speculator.navigating.scopes import Scope
from speql_speculator.navigating.star_columns import StarBinder
from speql_speculator.navigating.symbols import Output, OutputColumn, Symbol
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Cte,
    Expression,
    Group,
    Items,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Star,
    Values,
    Window,
    walk,
)

_GROUP_BY_ALIASES = frozenset({"bigquery"})
"""Dialects in which a name in GROUP BY is an output column before it is one of a table."""


class QueryBinder(StarBinder, SourceBinder):
    """Binds a whole statement."""

    def query(self, query: Query, ctes: Mapping[str, scopes.Cte], parent: Scope | None) -> Output:
        """Bind a query and all that is in it."""
        return self._query(query, ctes, parent, None)

    def _query(
        self, query: Query, ctes: Mapping[str, scopes.Cte], parent: Scope | None, recursive: scopes.Cte | None
    ) -> Output:
        """``recursive`` is the CTE that this is the query of, if it may read itself."""
        visible = dict(ctes)
        for cte in query.with_.ctes.elements if query.with_ is not None else ():
            if isinstance(cte, Cte):
                self._cte(cte, visible, parent, query.with_ is not None and query.with_.recursive)
        single = len(query.branches) == 1
        outputs: list[Output] = []
        for branch in query.branches:
            if isinstance(branch, Select):
                outputs.append(self._select(branch, query, visible, parent))
            elif isinstance(branch, Values):
                self.expression(branch.rows, Scope(visible, parent))
                outputs.append(Output(opaque=True))
            else:
                outputs.append(self.query(branch.query, visible, parent))
            if recursive is not None and len(outputs) == 1:
                recursive.output = _with_names(recursive.output, outputs[0])
        if self._by_name(query):
            for output in outputs:
                for column in output.columns:
                    self.block(column.symbol, "UNION BY NAME goes by it")
        if not (single and isinstance(query.branches[0], Select)):
            scope = Scope(visible, parent)
            for output in outputs:
                for column in output.columns:
                    if column.symbol is not None:
                        scope.aliases.setdefault(column.name.lower(), column.symbol)
            self._clauses(query.clauses, scope)
        return outputs[0] if outputs else Output(opaque=True)

    def _by_name(self, query: Query) -> bool:
        return any("NAME" in (token.upper for token in self.tokens[slice(*operator)]) for operator in query.operators)

    def _cte(self, cte: Cte, ctes: dict[str, scopes.Cte], parent: Scope | None, recursive: bool) -> None:
        symbol = Symbol("cte", self.name(cte.name), self.span(cte.name))
        self.declare(cte.name, symbol)
        found = scopes.Cte(symbol, Output(opaque=True))
        inner = dict(ctes)
        if recursive:
            found.output = self.renamed(cte.column_names, Output())
            inner[symbol.name.lower()] = found
        if cte.query is not None:
            output = self._query(cte.query, inner, parent, found if recursive else None)
            if recursive:
                found.output = _with_names(found.output, output)
            else:
                found.output = self.renamed(cte.column_names, output)
        self.outputs[symbol] = found.output
        ctes[symbol.name.lower()] = found

    def _select(self, select: Select, query: Query, ctes: Mapping[str, scopes.Cte], parent: Scope | None) -> Output:
        """Bind a SELECT; if it is all of its query, the clauses behind it name its columns too."""
        scope = self.scopes[select] = Scope(ctes, parent)
        single = len(query.branches) == 1
        behind = query.clauses if single else ()
        last = max(query.last, select.last) if single else select.last
        self.stretches.append(scopes.Stretch(select.first, last, scope, scope.relations, select, query))
        for source in select.from_.sources if select.from_ is not None else ():
            self.source(source, scope)
        self._windows(select, scope)
        items = select.items.elements if select.items is not None else []
        scope.later = {
            self.name(item.alias).lower() for item in items if isinstance(item, SelectItem) and item.alias >= 0
        }
        columns: list[OutputColumn] = []
        opaque = False
        for item in items:
            found = self._item(item, scope)
            columns += found.columns
            opaque = opaque or found.opaque
        scope.later = set()
        if select.keyword < 0 and select.from_ is not None:
            listed = self.listed(scope.relations, scope, merge=True)
            columns, opaque = list(listed.columns), listed.opaque
        for clause in select.clauses:
            if clause.name == "GROUP BY":
                before = len(self.occurrences)
                if self.parser.dialect in _GROUP_BY_ALIASES:
                    self._clauses([clause], scope)
                else:
                    self.expression(clause, scope)
                scope.grouped = {occurrence.symbol for occurrence in self.occurrences[before:]}
        for clause in select.clauses:
            if clause.name not in ("GROUP BY", "WINDOW"):
                self.expression(clause, scope, "groups" if clause.name == "HAVING" else "columns")
        if select.distinct_on is not None:
            for element in select.distinct_on.elements:
                self.expression(element, scope, "aliases" if _is_name(element) else "columns")
        self._clauses(behind, scope)
        return Output(tuple(columns), opaque)

    def _clauses(self, clauses: Sequence[Clause], scope: Scope) -> None:
        """ORDER BY, LIMIT, GROUP BY in some dialects: a name alone is an output column before it is one of a table."""
        for clause in clauses:
            elements = clause.body.elements if isinstance(clause.body, Items) else list(clause.children())
            for element in elements:
                self.expression(element, scope, "aliases" if _is_name(element) else "columns")

    def _windows(self, select: Select, scope: Scope) -> None:
        for clause in select.clauses:
            if clause.name != "WINDOW" or clause.body is None:
                continue
            windows = [found for found in clause.body.children() if isinstance(found, Window) and found.name >= 0]
            for window in windows:
                symbol = Symbol("window", self.name(window.name), self.span(window.name))
                scope.windows[symbol.name.lower()] = self.declare(window.name, symbol)
            for window in windows:
                self.window(window, scope)

    def _item(self, item: Node, scope: Scope) -> Output:
        """One element of a SELECT list: the columns that it gives."""
        if not isinstance(item, SelectItem):
            self.expression(item, scope)
            return Output()
        star = _only_operand(item.expression)
        if isinstance(star, Star):
            return self.star_columns(star, scope)
        bare = _bare_reference(item.expression)
        origin: Symbol | None = None
        if bare is not None:
            origin = self.reference(bare, scope, "columns")
        else:
            self.expression(item.expression, scope)
        if item.alias >= 0:
            name = self.name(item.alias)
            symbol = Symbol("output", name, self.span(item.alias), stands_for=origin)
            self.declare(item.alias, symbol)
            scope.aliases.setdefault(name.lower(), symbol)
            return Output((OutputColumn(name, symbol, self.text(item.expression)),))
        if bare is None or bare.dangling:
            if any(_multiplies(found) for found in walk(item.expression)):
                return Output(opaque=True)
            return Output((OutputColumn("", None, self.text(item.expression)),))
        if origin is not None and origin.kind == "output":
            return Output((OutputColumn(origin.name, origin, self.text(item.expression)),))
        if origin is None and bare.parts[-1] in self.unresolved and not scope.opaque:
            return Output((OutputColumn("", None, self.text(item.expression)),))  # there is no such column
        token = bare.parts[-1]
        symbol = Symbol("output", self.name(token), self.span(token), borrowed=True, stands_for=origin)
        self.declare(token, symbol)
        self.ends[symbol] = self.tokens[item.last - 1].end
        return Output((OutputColumn(symbol.name, symbol, self.text(item.expression)),))


def _with_names(names: Output, output: Output) -> Output:
    """The output with the first columns in the place of its own: those that a recursive CTE names before its query."""
    named = tuple(column for column in names.columns if column.symbol is not None and not column.expression)
    count = len(named)
    return Output((*named, *output.columns[count:]), output.opaque) if count else output


def _only_operand(expression: Expression) -> Node | None:
    """The operand that an expression is nothing but."""
    if len(expression.terms) != 1 or expression.terms[0].prefix or len(expression.terms[0].operands) != 1:
        return None
    return expression.terms[0].operands[0]


def _bare_reference(expression: Expression) -> Reference | None:
    """The column that an expression is nothing but, parentheses aside: such an expression has that column's name."""
    operand = _only_operand(expression)
    if isinstance(operand, Group) and len(operand.inner) == 1 and isinstance(operand.inner[0], Items):
        elements = operand.inner[0].elements
        inner = elements[0] if len(elements) == 1 else None
        # Braces, brackets and signs are longer than the parentheses around what they hold.
        plain = isinstance(inner, Expression) and inner.first == operand.first + 1
        return _bare_reference(inner) if plain and isinstance(inner, Expression) else None
    if isinstance(operand, Reference) and operand.first == operand.parts[0]:
        return operand
    return None


def _is_name(element: Node) -> bool:
    """Whether an element of a list is a name without a qualifier and nothing else."""
    inner = element.inner[0] if isinstance(element, Group) and element.inner else element
    operand = _only_operand(inner) if isinstance(inner, Expression) else None
    return isinstance(operand, Reference) and len(operand.parts) == 1 and operand.first == operand.parts[0]


def _multiplies(node: Node) -> bool:
    """Whether a part of an expression makes several columns of it."""
    return (isinstance(node, Star) and node.in_list) or (
        isinstance(node, Call) and node.name in ("columns", "unnest", "unpack")
    )
