"""Binds the names in expressions."""

from collections.abc import Sequence
from typing import Literal as Words

from speql_speculator.navigating.binding_state import BindingState
from speql_speculator.navigating.scopes import Relation, Scope
from speql_speculator.navigating.symbols import Symbol
from speql_speculator.parsing.keywords import AGGREGATES, UNIT_WORDS
from speql_speculator.parsing.syntax_tree import Call, Expression, Group, Literal, Nested, Node, Reference, Star, Window
from speql_sql import Span

Order = Words["columns", "aliases", "groups"]
"""What a name without a qualifier is first: a column of a table (most clauses), an output column (an element of ORDER
BY that is nothing but a name), or a column only if it is grouped by (HAVING)."""


class ExpressionBinder(BindingState):
    """Binds references, stars, calls, lambdas and windows."""

    def expression(self, node: Node, scope: Scope, order: Order = "columns") -> None:
        """Bind all names at and below ``node``."""
        if isinstance(node, Reference):
            self.reference(node, scope, order)
        elif isinstance(node, Nested):
            self.query(node.query, scope.ctes, scope)
        elif isinstance(node, Star):
            self.star(node, scope)
        elif isinstance(node, Call):
            self.call(node, scope, order)
        elif isinstance(node, Window):
            self.window(node, scope)
        elif isinstance(node, Literal):
            self.literal(node)
        elif isinstance(node, Group):
            self.group(node, scope, order)
        else:
            for child in node.children():
                self.expression(child, scope, order)

    def reference(self, node: Reference, scope: Scope, order: Order) -> Symbol | None:
        """Bind a column name; the symbol of the column, if the whole of it is that of a column."""
        if node.dangling:
            self.qualifier(node.parts, scope)
            return None
        return self.lookup(node.parts, scope, order)

    def lookup(self, parts: Sequence[int], scope: Scope, order: Order = "columns") -> Symbol | None:
        """Bind the tokens of a name: the innermost SELECT in which its beginning means something decides."""
        names = [self.name(part).lower() for part in parts]
        for level in scope.levels():
            if names[0] in level.parameters:
                self.occurs(parts[0], level.parameters[names[0]])
                self._fields(parts[1:])
                return None
            for used in range(len(parts) - 1, 0, -1):
                relation = level.relation(".".join(names[:used]))
                if relation is not None:
                    return self._qualified(relation, parts, used)
            order_here: Order = order if level is scope else "columns"
            symbol, place = self._unqualified(names[0], level, order_here if len(parts) == 1 else "columns")
            relation = level.relation(names[0])
            if symbol is not None and relation is not None and order_here != "aliases" and not level.having(names[0]):
                break  # an output column or a whole row: engines do not agree, and clauses neither
            if symbol is not None and len(parts) > 1:
                fields = _has_fields(symbol)
                if fields is False:
                    continue  # it has no fields: what is before the dot is a table of a query around
                if fields is None and any(outer.relation(names[0]) for outer in level.levels() if outer is not level):
                    break
            if symbol is not None:
                self.occurs(parts[0], symbol, "reference", place)
                self._fields(parts[1:])
                return symbol if len(parts) == 1 else None
            if relation is not None:
                # A whole row.
                self.occurs(parts[0], relation.symbol)
                return None
            if level.opaque or names[0] in level.later or level.having(names[0]):
                break
        if len(parts) == 1 and parts[0] in self.parser.unit_words:
            self.marks[parts[0]] = "unit"
        else:
            self.unresolved.update(parts)
        return None

    def qualifier(self, parts: Sequence[int], scope: Scope) -> Relation | None:
        """Bind the names before a dot that nothing follows yet, or before a star."""
        folded = ".".join(self.name(part).lower() for part in parts)
        for level in scope.levels():
            relation = level.relation(folded)
            if relation is not None:
                self._namespaces(parts[:-1])
                self.occurs(parts[-1], relation.symbol)
                return relation
        self.unresolved.update(parts)
        return None

    def _qualified(self, relation: Relation, parts: Sequence[int], used: int) -> Symbol | None:
        self._namespaces(parts[: used - 1])
        self.occurs(parts[used - 1], relation.symbol)
        symbol = relation.column(self.name(parts[used]).lower())
        if symbol is None:
            self.unresolved.update(parts[used:])
            return None
        self.occurs(parts[used], symbol, "reference", relation.place)
        self._fields(parts[used + 1 :])
        return symbol if len(parts) == used + 1 else None

    def _unqualified(self, name: str, level: Scope, order: Order) -> tuple[Symbol | None, Span | None]:
        """What a name means in one SELECT alone, and where FROM has its table."""
        alias = level.aliases.get(name)
        if order == "aliases" and alias is not None:
            return alias, None
        having = level.having(name)
        column: tuple[Symbol | None, Span | None] = (None, None)
        if name in level.merged:
            place = next((found.place for found in having if found.columns[name] is level.merged[name]), None)
            column = level.merged[name], place
        elif len(having) == 1:
            column = having[0].columns[name], having[0].place
        if order == "groups" and alias is not None and column[0] not in level.grouped:
            return alias, None
        if column[0] is None and not having:
            return alias, None
        return column

    def _namespaces(self, parts: Sequence[int]) -> None:
        self.marks.update((part, "namespace") for part in parts)

    def _fields(self, parts: Sequence[int]) -> None:
        self.marks.update((part, "field") for part in parts)

    def star(self, node: Star, scope: Scope) -> list[Relation]:
        """Bind a star's qualifier; the relations whose columns it stands for."""
        relations = scope.relations
        if node.qualifier is not None:
            tokens = range(node.first, node.qualifier + 1)
            parts = [index for index in tokens if self.tokens[index].kind in ("word", "quoted")]
            relation = self.qualifier(parts, scope)
            relations = [relation] if relation is not None else []
        self.stars[node] = relations
        return relations

    def literal(self, node: Literal) -> None:
        """The name of a type is no name of anything else."""
        if node.constant == "type":
            for index in range(node.first, node.last):
                if self.tokens[index].kind in ("word", "quoted"):
                    self.marks[index] = "type"
        elif node.constant == "typed":
            self.marks[node.first] = "type"

    def group(self, node: Group, scope: Scope, order: Order) -> None:
        """Parentheses; in braces a name with a colon behind it is a label."""
        first = self.tokens[node.first]
        if first.kind == "word" and first.upper == "LAMBDA" and node.inner:
            self.with_parameters(range(node.first + 1, node.inner[0].first), node.inner[0], scope)
            return
        for child in node.inner:
            if first.upper == "{" or (first.upper == "MAP" and first.kind == "word"):
                self._labels(child)
            self.expression(child, scope, order)

    def _labels(self, items: Node) -> None:
        """Names of fields in ``{a: 1}``: the parser takes them for columns."""
        for element in items.children():
            terms = element.terms if isinstance(element, Expression) else []
            for term in terms[:1]:
                name = term.operands[0] if term.operands else None
                colon = bool(term.operators) and self.tokens[term.operators[0][0]].text == ":"
                if isinstance(name, Reference) and colon:
                    self.marks.update((part, "label") for part in name.parts)
                    term.operands[0] = Literal(name.first, name.last)

    def with_parameters(self, tokens: Sequence[int], body: Node, scope: Scope) -> None:
        """Bind a lambda: its parameters are names of their own in its body."""
        inner = Scope(scope.ctes, scope)
        for token in tokens:
            if self.tokens[token].kind in ("word", "quoted"):
                symbol = Symbol("parameter", self.name(token), self.span(token))
                inner.parameters[symbol.name.lower()] = self.declare(token, symbol)
        self.expression(body, inner)

    def call(self, node: Call, scope: Scope, order: Order) -> None:
        """A call: its name, its arguments, and what follows its parentheses."""
        self._called(node, scope)
        if node.name in AGGREGATES or order == "aliases":
            order = "columns"
        for child in node.children():
            if child is not node.arguments:
                self.expression(child, scope, order)
        for argument in node.arguments.elements if node.arguments is not None else ():
            before = argument.first - 1
            if before > 0 and self.tokens[before].text in (":=", "=>"):
                self.marks[before - 1] = "label"
            if not self._lambda(node, argument, scope):
                self.expression(argument, scope, order)

    def _called(self, node: Call, scope: Scope) -> None:
        """The name of a function: a schema may be before it, or the value that it is called on (``name.upper()``)."""
        parts: list[int] = []
        index = node.first
        while index < node.last and self.tokens[index].text != "(":
            token = self.tokens[index]
            if token.kind in ("word", "quoted") and not (token.upper == "NOT" and not parts):
                parts.append(index)
            index += 1
        if not parts:
            return
        self.marks[parts[-1]] = "function"
        if node.name == "extract" and node.arguments is not None:
            for unit in range(index + 1, node.arguments.elements[0].first if node.arguments.elements else index + 2):
                if self.tokens[unit].upper in UNIT_WORDS:
                    self.marks[unit] = "unit"
        if len(parts) > 1:
            self.lookup(parts[:-1], scope)
            for part in parts[:-1]:
                if part in self.unresolved:
                    self.unresolved.discard(part)
                    self.marks[part] = "namespace"

    def _lambda(self, call: Call, argument: Node, scope: Scope) -> bool:
        """Bind ``x -> x + 1``; outside of functions of lists the arrow looks into JSON."""
        term = argument.terms[0] if isinstance(argument, Expression) and argument.terms else None
        if term is None or not term.operators or self.tokens[term.operators[0][0]].text != "->":
            return False
        if not call.name.startswith(("list_", "array_")) and call.name not in _TAKE_LAMBDAS:
            return False
        head = term.operands[0]
        inner = Scope(scope.ctes, scope)
        for token in range(head.first, head.last):
            if self.tokens[token].kind in ("word", "quoted"):
                symbol = Symbol("parameter", self.name(token), self.span(token))
                inner.parameters[symbol.name.lower()] = self.declare(token, symbol)
        rest: list[Node] = [*term.operands[1:], *(argument.terms[1:] if isinstance(argument, Expression) else ())]
        for part in rest:
            self.expression(part, inner)
        return True

    def window(self, node: Window, scope: Scope) -> None:
        """What follows OVER: the name of a window, or clauses that may begin with one."""
        name = node.name
        if name < 0:
            opening = next((at for at in range(node.first, node.last) if self.tokens[at].text == "("), -1)
            begins = node.clauses[0].first if node.clauses else opening + 2
            if 0 <= opening < begins - 1 and self.tokens[opening + 1].kind in ("word", "quoted"):
                name = opening + 1
        if name >= 0 and name not in self.named:
            symbol = scope.windows.get(self.name(name).lower())
            if symbol is not None:
                self.occurs(name, symbol)
            else:
                self.unresolved.add(name)
        for clause in node.clauses:
            self.expression(clause, scope)


def _has_fields(symbol: Symbol) -> bool | None:
    """Whether a column has fields, that a dot behind it can mean; None if its type is not known."""
    while symbol.kind == "output" and symbol.stands_for is not None:
        symbol = symbol.stands_for
    column = symbol.table.column(symbol.name) if symbol.kind == "column" and symbol.table is not None else None
    return column.type.upper().startswith(_TYPES_WITH_FIELDS) if column is not None else None


_TYPES_WITH_FIELDS = ("STRUCT", "MAP", "UNION", "JSON", "VARIANT", "GEOMETRY")

_TAKE_LAMBDAS = frozenset(
    {"apply", "filter", "reduce", "transform", "any_match", "all_match", "map_filter", "aggregate"}
)
