"""Which nodes of a tree can stay: what is unfinished goes, with as little around it as possible."""

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import Any

from speql_speculator.parsing.keywords import LEAST_ARGUMENTS, WINDOW_ONLY
from speql_speculator.parsing.syntax_tree import (
    Branch,
    Call,
    Case,
    Clause,
    Cte,
    Expression,
    Fault,
    From,
    Group,
    Items,
    Junk,
    Literal,
    Missing,
    Nested,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Source,
    Star,
    Term,
    Values,
    Window,
    With,
)

UNFINISHED = Fault("unfinished", "It is not finished yet: left out", fragment=True)


def settle(node: Node) -> bool:
    """Decide for ``node`` and all below whether it stays (``kept``); may be called again after new faults."""
    if node.fault is not None:
        node.kept = False
        return False
    kind = type(node)
    rule = _RULES.get(kind)
    if rule is None:
        rule = _RULES[kind] = _settle.dispatch(kind)
    node.kept = rule(node)
    return node.kept


_RULES: dict[type[Node], Callable[[Any], bool]] = {}
"""The rule for each kind of node: looking it up in `singledispatch` takes as long as most rules do."""


def cause(node: Node) -> Fault:
    """Why ``node`` does not stay: the first fault in it that is more than a fragment, else the first one."""
    first: Fault | None = None
    stack = [node]
    while stack:
        current = stack.pop()
        if current.fault is not None:
            if not current.fault.fragment:
                return current.fault
            first = first or current.fault
        stack.extend(reversed([child for child in current.children() if not child.kept]))
    return first or UNFINISHED


def _settle_all(nodes: Iterable[Node]) -> list[bool]:
    """Settle every one of ``nodes``: none may be skipped, whatever the others are."""
    return [settle(node) for node in nodes]


@singledispatch
def _settle(node: Node) -> bool:
    raise TypeError(type(node).__name__)


@_settle.register
def _(node: Missing) -> bool:
    return False


@_settle.register
def _(node: Junk) -> bool:
    return False


@_settle.register
def _(node: Literal) -> bool:
    return True


@_settle.register
def _(node: Star) -> bool:
    _settle_all(node.tails)
    return True


@_settle.register
def _(node: Reference) -> bool:
    return not node.dangling


@_settle.register
def _(node: Items) -> bool:
    return True in _settle_all(node.elements)


@_settle.register
def _(node: Expression) -> bool:
    for term in node.terms:
        term.kept = term.fault is None and _settle_term(term, node.boolean)
    if node.terms[0].least > 1 and not node.terms[0].kept:
        return False
    return any(term.kept for term in node.terms)


def _settle_term(term: Term, boolean: bool) -> bool:
    kept = [settle(operand) for operand in term.operands]
    if term.complete_with:
        return True
    if term.unfinished or not all(kept[: term.least]):
        return False
    if False not in kept:
        return True
    if True in kept[kept.index(False) :]:
        return False
    # The end of the chain is unfinished. A value keeps its beginning; a comparison says nothing without its end.
    return not term.prefix and not (term.comparison and boolean)


@_settle.register
def _(node: Term) -> bool:
    return _settle_term(node, False)


@_settle.register
def _(node: Group) -> bool:
    kept = [settle(child) for child in node.inner if not isinstance(child, Junk)]
    for child in node.inner:
        if isinstance(child, Junk):
            child.kept = False
    return all(kept) if kept else node.may_be_empty


@_settle.register
def _(node: Call) -> bool:
    if node.receiver is not None and not settle(node.receiver):
        return False
    if node.arguments is not None:
        kept = [settle(element) for element in node.arguments.elements]
        node.arguments.kept = any(kept)
        if False in kept:
            dead = [element for element, keeps in zip(node.arguments.elements, kept, strict=True) if not keeps]
            counts = node.name == "count" and not node.distinct and all(cause(element).fragment for element in dead)
            if not node.arguments.kept and counts:
                node.add = "*"
            elif (
                not kept[0]
                or sum(kept) + node.method < LEAST_ARGUMENTS.get(node.name, 0)
                or not all(cause(element).fragment for element in dead)
            ):
                # Its cause is to be found below it, also where other arguments could stay.
                node.arguments.kept = False
                return False
        elif node.closer and len(kept) + node.method < LEAST_ARGUMENTS.get(node.name, 0):
            return False
    for part in (node.order, *node.tails, node.window):
        gone = part is not None and not settle(part) and part.first < part.last
        if gone and isinstance(part, Clause) and part.name == "WITHIN GROUP":
            return False
    if node.window is None and node.name in WINDOW_ONLY:
        node.add = " OVER ()"
    return True


@_settle.register
def _(node: Window) -> bool:
    for clause in node.clauses:
        if clause.name == "range frame" and any(other.name == "ORDER BY" and not other.kept for other in node.clauses):
            # It is a range of what the rows are ordered by.
            clause.fault = UNFINISHED
        settle(clause)
    return True


@_settle.register
def _(node: Branch) -> bool:
    if not settle(node.condition):
        return False
    return node.value is None or settle(node.value) or cause(node.value).fragment


@_settle.register
def _(node: Case) -> bool:
    if node.subject is not None and not settle(node.subject):
        return False
    if node.otherwise is not None:
        settle(node.otherwise)
    return True in _settle_all(node.branches)


@_settle.register
def _(node: Clause) -> bool:
    if node.body is None:
        return node.name in ("frame", "range frame", "SAMPLE", "FETCH", "INTO", "OPTION") or bool(node.add)
    return settle(node.body) or bool(node.add)


@_settle.register
def _(node: SelectItem) -> bool:
    return settle(node.expression)


@_settle.register
def _(node: Source) -> bool:
    for clause in (node.condition, node.using):
        if clause is not None:
            settle(clause)
    if node.dangling:
        return False
    if node.query is not None:
        return settle(node.query)
    if node.inner is not None:
        return False not in _settle_all(node.inner)
    return node.call is None or settle(node.call)


@_settle.register
def _(node: From) -> bool:
    return True in _settle_all(node.sources) or bool(node.add)


@_settle.register
def _(node: Select) -> bool:
    items = node.items is not None and settle(node.items)
    if node.from_ is not None:
        settle(node.from_)
    if node.distinct_on is not None:
        settle(node.distinct_on)
    for clause in node.clauses:
        settle(clause)
    has_source = bool(node.add_from) or (node.from_ is not None and node.from_.kept)
    if node.keyword < 0:
        return has_source
    return items or (has_source and bool(node.add_items)) or bool(node.add_items and node.add_from)


@_settle.register
def _(node: Values) -> bool:
    return settle(node.rows)


@_settle.register
def _(node: Nested) -> bool:
    return settle(node.query)


@_settle.register
def _(node: Cte) -> bool:
    return node.query is not None and settle(node.query)


@_settle.register
def _(node: With) -> bool:
    return settle(node.ctes)


@_settle.register
def _(node: Query) -> bool:
    if node.known is not None:
        return True
    if node.resolved:
        # No rule of a query around it marks anything in it, but for all of it.
        return node.kept
    if node.with_ is not None:
        settle(node.with_)
    for clause in node.clauses:
        settle(clause)
    kept = True in _settle_all(node.branches)
    return kept or (bool(node.add) and node.with_ is not None and node.with_.kept)
