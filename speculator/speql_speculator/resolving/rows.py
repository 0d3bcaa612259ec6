"""Rows of values: those that are being typed have as many values as what they stand beside."""

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.syntax_tree import (
    Call,
    Expression,
    Group,
    Items,
    Literal,
    Nested,
    Node,
    Query,
    Select,
    Star,
    Term,
    Values,
)
from speql_speculator.resolving.analysis import Analysis
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.relations import Relation
from speql_speculator.resolving.set_operations import pad, select_lists


def same_length(values: Values, analysis: Analysis) -> None:
    """Fill up the rows of a settled VALUES that the cursor is in, to the longest or to the names around it."""
    gap = analysis.parser.gap
    if not values.first <= gap <= values.last:
        return
    rows = [items for row in values.rows.elements if row.kept and (items := _row(row)) is not None]
    if any(_is_starred(element) for row in rows for element in row.elements):
        return
    lengths = [_length(row) for row in rows]
    longest = max([values.named, *lengths])
    for row, length in zip(rows, lengths, strict=True):
        if length < longest:
            pad(row, longest - length, gap, "All rows have as many values")


def check_rows(term: Term, analysis: Analysis) -> None:
    """Leave out a row at the cursor that has fewer values than the one that it is compared with, and the comparison.

    That of a list goes alone.
    """
    left = _row(term.operands[0])
    if left is None or len(left.elements) < 2:
        return
    settle(term)
    for operand, (operator, _) in zip(term.operands[1:], term.operators, strict=True):
        items = _row(operand)
        if items is None or not _is_at_cursor(operand, analysis):
            continue
        word = analysis.parser.tokens[operator].upper
        listed = word in ("IN", "NOT")
        for part in items.elements if listed else [operand]:
            row = _row(part)
            short = _length(row) < _length(left) if row is not None else isinstance(_operand(part), Literal)
            if part.kept and short and _is_at_cursor(part, analysis):
                part.fault = fragment(f"`{analysis.text(part)}`")
    settle(term)


def is_as_wide(term: Term, query: Nested, output: Relation, analysis: Analysis) -> bool:
    """Whether a subquery that a row is compared with fits it; it is filled up while it is being typed."""
    row = _row(term.operands[0])
    if row is None:
        return False
    place = term.operands.index(query)
    words = {token.upper for token in analysis.parser.tokens[term.operators[place - 1][0] : query.query.first]}
    difference = _length(row) - len(output.columns)
    typing = query.query.first <= analysis.parser.gap <= query.last
    if not words & {"ALL", "ANY", "IN", "SOME"} and analysis.catalog.dialect == "duckdb":
        # Such a subquery gives one value, which is a row.
        return not typing or (len(output.columns) == 1 and not any(column.family for column in output.columns.values()))
    lists = _lists(query.query) if typing else []
    if not all(select.add_from or (select.from_ is not None and select.from_.kept) for select in lists):
        return False  # its columns are those of the query around it so far
    if not output.opaque and difference > 0:
        for select in lists:
            pad(select.items, difference, analysis.parser.gap, "A row is compared with as many columns")
    return True


def _lists(query: Query) -> list[Select]:
    found = [select for branch in query.branches if branch.kept for select in select_lists(branch)]
    return [select for select in found if select.items is not None and select.items.kept]


def _is_at_cursor(node: Node, analysis: Analysis) -> bool:
    return node.first <= analysis.parser.gap <= node.last


def _row(node: Node) -> Items | None:
    """The values of a row in parentheses."""
    node = _operand(node)
    items = node.inner[0] if isinstance(node, Group) and len(node.inner) == 1 else None
    return items if isinstance(items, Items) else None


def _operand(node: Node) -> Node:
    """The operand that an element of a list consists of, if it is a single one."""
    if isinstance(node, Expression) and len(node.terms) == 1 and len(node.terms[0].operands) == 1:
        return node.terms[0].operands[0]
    return node


def _is_starred(element: Node) -> bool:
    """Whether an element may be any number of values."""
    operand = _operand(element)
    return isinstance(operand, Star) or (isinstance(operand, Call) and operand.name == "columns")


def _length(row: Items) -> int:
    return sum(element.kept for element in row.elements)
