"""Where the lines of a query break: a part that fits on its line is not broken."""

from collections.abc import Sequence

from speql_speculator.formatting.layout import Layout
from speql_speculator.parsing.syntax_tree import (
    Branch,
    Call,
    Case,
    Clause,
    Cte,
    Expression,
    From,
    Group,
    Items,
    Literal,
    Nested,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Source,
    Term,
    Values,
    Window,
    With,
)

SHORT = 60
"""A query that is not longer than this stays on one line; longer ones have a line for each clause."""

_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "||"})


def break_query(query: Query, layout: Layout, level: int) -> None:
    """Break the lines of a query that begins a line of this level, or goes on in one."""
    _Breaker(layout).query(query, level)


class _Breaker:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._tokens = layout.tokens

    # -- queries and their clauses ---------------------------------------------------------------------------------

    def query(self, query: Query, level: int) -> None:
        layout = self._layout
        short = query.with_ is None and layout.width(query.first, query.last) <= SHORT
        if short and layout.fits(query.first, query.last):
            return
        if query.with_ is not None:
            self._with(query.with_, level)
        for number, branch in enumerate(query.branches):
            if number:
                layout.break_before(query.operators[number - 1][0], level, may_be_empty=True)
            if number or query.with_ is not None:
                layout.break_before(branch.first, level, may_be_empty=True)
        for clause in query.clauses:
            layout.break_before(clause.first, level)
        for branch in query.branches:
            self._branch(branch, level)
        for clause in query.clauses:
            self._clause(clause, level)

    def _with(self, with_: With, level: int) -> None:
        ctes = [cte for cte in with_.ctes.elements if isinstance(cte, Cte)]
        for cte in ctes[1:]:
            self._layout.break_before(cte.first, level, may_be_empty=True)
        for cte in ctes:
            if cte.query is not None:
                self._in_parentheses(cte.query, cte.last - 1, level)

    def _in_parentheses(self, query: Query, closing: int, level: int) -> None:
        """A query right behind its opening parenthesis."""
        layout = self._layout
        width = layout.width(query.first, query.last)
        if query.with_ is None and width <= SHORT and layout.fits(query.first - 1, closing + 1):
            return
        layout.break_before(query.first, level + 1)
        layout.break_before(closing, level)
        self.query(query, level + 1)

    def _branch(self, branch: Node, level: int) -> None:
        if isinstance(branch, Select):
            self._select(branch, level)
        elif isinstance(branch, Nested):
            self._in_parentheses(branch.query, branch.last - 1, level)
        elif isinstance(branch, Values):
            self._items(branch.rows, branch.rows.first, level)

    def _select(self, select: Select, level: int) -> None:
        layout = self._layout
        head = select.keyword if select.keyword >= 0 else -1
        parts = [part for part in (select.from_, *select.clauses) if part is not None]
        starts = [part.first for part in parts] + ([head] if head >= 0 else [])
        for start in starts:
            if start != select.first:
                layout.break_before(start, level)
        if select.items is not None:
            self._items(select.items, select.items.first, level)
        if select.from_ is not None:
            self._from(select.from_, level)
        for clause in select.clauses:
            self._clause(clause, level)

    def _from(self, from_: From, level: int) -> None:
        layout = self._layout
        listed = all(source.kind in ("", ",") for source in from_.sources)
        commas = [source for source in from_.sources if source.kind == ","]
        broken = bool(commas) and not (listed and layout.fits(from_.first, from_.last))
        inner = level + 1 if broken and listed else level
        for number, source in enumerate(from_.sources):
            if source.kind == ",":
                if broken:
                    layout.break_before(source.join[1], level + 1)
            elif number:
                layout.break_before(source.join[0], level)
            elif broken and listed:
                layout.break_before(source.first, level + 1)
        for source in from_.sources:
            self._source(source, inner if source.kind in ("", ",") else level)

    def _source(self, source: Source, level: int) -> None:
        layout = self._layout
        if source.query is not None and self._tokens[source.query.first - 1].text != "(":
            self.query(source.query, level)  # VALUES, which need none
        elif source.query is not None:
            self._in_parentheses(source.query, source.query.last, level)
        elif source.inner is not None:
            first, last = source.inner[0].first, source.inner[-1].last
            if not layout.fits(first - 1, last + 1):
                layout.break_before(first, level + 1)
                layout.break_before(last, level)
                for other in source.inner[1:]:
                    layout.break_before(other.join[1] if other.kind == "," else other.join[0], level + 1)
                for other in source.inner:
                    self._source(other, level + 1)
        elif source.call is not None:
            self._node(source.call, level)
        for condition in (source.condition, source.using):
            if condition is not None and not layout.fits(condition.first, condition.last):
                layout.break_before(condition.first, level + 1)
                self._clause(condition, level + 1)

    def _clause(self, clause: Clause, level: int) -> None:
        body = clause.body
        if body is None or self._layout.fits(clause.first, clause.last):
            return
        if isinstance(body, Items):
            self._items(body, body.first, level)
        elif isinstance(body, Expression) and clause.name in ("WHERE", "HAVING", "QUALIFY") and len(body.terms) > 1:
            self._layout.break_before(body.first, level + 1)
            self._terms(body, level + 1)
        elif isinstance(body, Expression):
            self._terms(body, level if clause.name == "ON" else level + 1)
        else:
            self._node(body, level)

    # -- lists and expressions -------------------------------------------------------------------------------------

    def _items(self, items: Items, start: int, level: int) -> None:
        """A list that begins at ``start``: all on the line, or an element a line."""
        if self._layout.fits(start, items.last):
            return
        if len(items.elements) == 1 and self._hugs(items.elements[0]):
            self._node(items.elements[0], level)
            return
        starts = self._starts(items, start)
        if starts is None:
            for element in items.elements:
                self._node(element, level)
            return
        self._lines(items.elements, starts, level + 1)

    def _lines(self, elements: Sequence[Node], starts: Sequence[int], level: int) -> None:
        layout = self._layout
        if len(elements) > 3 and all(_is_constant(element) for element in elements):
            # Constants fill the lines.
            layout.break_before(starts[0], level)
            for start, element in zip(starts[1:], elements[1:], strict=True):
                if not layout.fits(start, element.last):
                    layout.break_before(start, level)
            return
        for start in starts:
            layout.break_before(start, level)
        for element in elements:
            self._node(element, level)

    def _starts(self, items: Items, start: int) -> list[int] | None:
        """Where each element's line would begin: names of arguments are before them. None without commas."""
        marks = [self._tokens[separator].text for separator in items.separators]
        if any(mark != "," for mark in marks) or len(marks) != len(items.elements) - 1:
            return None
        return [start, *(separator + 1 for separator in items.separators)]

    def _hugs(self, element: Node) -> bool:
        """Whether a list of one element gains nothing by a line of its own for it."""
        operand = _only_operand(element)
        return isinstance(operand, (Case, Call, Nested, Group, Literal, Reference))

    def _terms(self, expression: Expression, level: int) -> None:
        """Terms, from the second one on each on a line of this level with the word before it."""
        layout = self._layout
        if len(expression.terms) == 1:
            self._term(expression.terms[0], layout.level(expression.first))
            return
        if layout.fits(expression.first, expression.last):
            return
        for connector in expression.connectors:
            layout.break_before(connector, level)
        for term in expression.terms:
            self._term(term, layout.level(term.first))

    def _term(self, term: Term, level: int) -> None:
        layout = self._layout
        if layout.fits(term.first, term.last):
            return
        breaks = [
            first for first, _ in term.operators if self._tokens[first].text in _ARITHMETIC and first > term.first
        ]
        if breaks and len(breaks) == len(term.operators):
            for operator in breaks:
                layout.break_before(operator, level + 1)
        for operand in term.operands:
            self._node(operand, layout.level(operand.first) if operand.last > operand.first else level)

    def _node(self, node: Node, level: int) -> None:
        layout = self._layout
        if node.last <= node.first or layout.fits(node.first, node.last):
            return
        if isinstance(node, Expression):
            self._terms(node, level if layout.begins_line(node.first) else level + 1)
        elif isinstance(node, SelectItem):
            self._node(node.expression, level)
        elif isinstance(node, Term):
            self._term(node, level)
        elif isinstance(node, Nested):
            if node.query.first > node.first:
                self._in_parentheses(node.query, node.last - 1, level)
            else:
                self.query(node.query, level)  # its parentheses are those of a call
        elif isinstance(node, Call):
            self._call(node, level)
        elif isinstance(node, Case):
            self._case(node, level)
        elif isinstance(node, Group):
            self._group(node, level)
        elif isinstance(node, Window):
            self._window(node, level)
        elif isinstance(node, Query):
            self.query(node, level)
        else:
            for child in node.children():
                self._node(child, level)

    def _group(self, group: Group, level: int) -> None:
        opening = next((at for at in range(group.first, group.last) if self._tokens[at].text in ("(", "[", "{")), -1)
        inner = group.inner[0] if len(group.inner) == 1 else None
        closing = group.last - 1
        if opening < 0 or not isinstance(inner, Items) or inner.first != opening + 1 or inner.last != closing:
            for child in group.inner:
                self._node(child, level)
            return
        self._broken_list(inner, inner.first, closing, level)

    def _broken_list(self, items: Items, start: int, closing: int, level: int) -> None:
        """What is between parentheses, on lines of its own."""
        starts = self._starts(items, start)
        if starts is None:
            for element in items.elements:
                self._node(element, level)
            return
        self._layout.break_before(closing, level)
        if len(starts) > 1:
            self._layout.break_before(start, level + 1)
            if self._layout.fits(start, items.last) and all(_is_constant(element) for element in items.elements):
                return
            self._lines(items.elements, starts, level + 1)
        else:
            self._layout.break_before(start, level + 1)
            self._node(items.elements[0], level + 1)

    def _call(self, call: Call, level: int) -> None:
        layout = self._layout
        opening = next(at for at in range(call.first, call.last) if self._tokens[at].text == "(")
        closing = self._closing(opening)
        if call.arguments is not None and call.arguments.elements and not layout.fits(call.first, closing + 1):
            plain = call.arguments.last == closing or call.order is not None
            if plain and self._starts(call.arguments, call.arguments.first) is not None:
                self._broken_list(call.arguments, opening + 1, closing, level)
                if call.order is not None:
                    layout.break_before(call.order.first, level + 1)
                    self._clause(call.order, level + 1)
            else:
                for element in call.arguments.elements:
                    self._node(element, level)
        for tail in call.tails:
            self._node(tail, level)
        if call.window is not None:
            self._node(call.window, level)

    def _window(self, window: Window, level: int) -> None:
        if not window.clauses:
            return
        closing = window.last - 1
        for clause in window.clauses:
            self._layout.break_before(clause.first, level + 1)
        self._layout.break_before(closing, level)
        for clause in window.clauses:
            self._clause(clause, level + 1)

    def _case(self, case: Case, level: int) -> None:
        layout = self._layout
        for branch in case.branches:
            layout.break_before(branch.first, level + 1)
        if case.otherwise is not None:
            layout.break_before(case.otherwise.first, level + 1)
        layout.break_before(case.last - 1, level)
        if case.subject is not None:
            self._node(case.subject, level)
        for branch in case.branches:
            self._when(branch, level + 1)
        if case.otherwise is not None:
            self._clause(case.otherwise, level + 1)

    def _when(self, branch: Branch, level: int) -> None:
        if self._layout.fits(branch.first, branch.last):
            return
        if branch.then >= 0:
            self._layout.break_before(branch.then, level + 1)
        self._node(branch.condition, level)
        if branch.value is not None:
            self._node(branch.value, level + 1)

    def _closing(self, opening: int) -> int:
        """The parenthesis that closes the one at ``opening``."""
        depth = 0
        for index in range(opening, len(self._tokens)):
            mark = self._tokens[index].upper if self._tokens[index].kind == "punctuation" else ""
            depth += (mark == "(") - (mark == ")")
            if depth == 0:
                return index
        return len(self._tokens) - 1


def _only_operand(node: Node) -> Node | None:
    """The operand that an element is nothing but."""
    if isinstance(node, SelectItem):
        return _only_operand(node.expression)
    if isinstance(node, Group) and len(node.inner) == 1 and isinstance(node.inner[0], Expression):
        return _only_operand(node.inner[0])  # an element of ORDER BY
    if isinstance(node, Expression) and len(node.terms) == 1 and len(node.terms[0].operands) == 1:
        return node.terms[0].operands[0]
    return None


def _is_constant(node: Node) -> bool:
    return isinstance(_only_operand(node), Literal)
