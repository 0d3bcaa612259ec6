"""Looks at conditions and constants at the cursor: what binds but cannot be meant yet is left out."""

import re
from datetime import date

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import BOOLEAN_FUNCTIONS, TEXT_FUNCTIONS
from speql_speculator.parsing.syntax_tree import (
    Call,
    Case,
    Expression,
    Group,
    Items,
    Literal,
    Nested,
    Node,
    Reference,
    Term,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.rows import check_rows


def check_conditions(node: Node, analysis: Analysis) -> None:
    """Mark terms of ``node``'s own level that are still being typed: a bare value, half a date, a type that cannot fit.

    Only what is at the cursor is looked at: elsewhere the user's text is taken at its word.
    """
    parser = analysis.parser
    for found in local_nodes(node):
        if not isinstance(found, Expression):
            continue
        for index, term in enumerate(found.terms):
            if term.fault is not None or term.last <= term.first:
                continue
            if found.boolean and index and found.connectors[index - 1] == -1 and _is_second_side(term, analysis):
                # What compares it with what stands before the cursor is still to come.
                term.fault = fragment(f"`{analysis.text(term)}`")
                continue
            if term.comparison:
                check_rows(term, analysis)
            if (found.boolean and _is_text_alone(term)) or (
                found.boolean and parser.at_cursor(term.last) and not _may_be_true(term, analysis)
            ):
                term.fault = fragment(f"`{analysis.text(term)}`")
            elif (term.comparison and term.first <= parser.half < term.last) or parser.at_cursor(term.last):
                _check_constant(term, analysis)


def _is_second_side(term: Term, analysis: Analysis) -> bool:
    """Whether a term right behind the cursor is a bare value."""
    alone = not term.comparison and len(term.operands) == 1 and analysis.parser.gap == term.first
    return alone and family_of(term, analysis) != "boolean"


def family_of(node: Node, analysis: Analysis) -> str:
    """The family of an operand's type: text, number, time, boolean, ``string`` for a constant, or empty."""
    if isinstance(node, Reference):
        found = analysis.columns.get(id(node))
        return found[1].family if found else ""
    if isinstance(node, Literal):
        return {"string": "string", "number": "number"}.get(node.constant, "")
    if isinstance(node, Call):
        if node.name in TEXT_FUNCTIONS:
            return "text"
        if node.name in BOOLEAN_FUNCTIONS:
            return "boolean"
        if node.name in _NUMBERS:
            return "number"
        if node.name in _TIMES:
            return "time"
        if node.name in _SAME and node.arguments is not None and node.arguments.elements:
            return family_of(node.arguments.elements[0], analysis)
        return ""
    if isinstance(node, Nested) and node.exists:
        return "boolean"
    if isinstance(node, Case) and node.branches and node.branches[0].value is not None:
        family = family_of(node.branches[0].value, analysis)
        return "text" if family == "string" else family
    if isinstance(node, Group) and len(node.inner) == 1:
        return family_of(node.inner[0], analysis)
    if isinstance(node, Items) and len(node.elements) == 1:
        return family_of(node.elements[0], analysis)
    if isinstance(node, Expression):
        terms = [term for term in node.terms if term.kept] or node.terms[:1]
        if len(terms) > 1:
            return "boolean"
        return family_of(terms[0], analysis)
    if isinstance(node, Term):
        if node.comparison or node.prefix:
            return "boolean"
        if len(node.operands) == 1:
            return family_of(node.operands[0], analysis)
        families = {family_of(operand, analysis) for operand in node.operands}
        operators = {analysis.parser.tokens[first].text for first, _ in node.operators}
        if operators == {"||"}:
            return "text"
        if families == {"number"} or (families and operators & {"*", "/"}):
            return "number"
    return ""


_NUMBERS = frozenset(
    [
        "count",
        "sum",
        "avg",
        "round",
        "abs",
        "floor",
        "ceil",
        "ceiling",
        "length",
        "stddev",
        "variance",
        "median",
        "row_number",
        "rank",
        "dense_rank",
        "ntile",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "week",
        "quarter",
        "date_part",
        "date_diff",
        "datediff",
        "extract",
        "mod",
        "power",
        "sqrt",
        "ln",
        "log",
        "exp",
        "sign",
        "percent_rank",
    ]
)
_TIMES = frozenset(
    ["date_trunc", "make_date", "now", "today", "current_date", "strptime", "to_timestamp", "make_timestamp", "date"]
)
_SAME = frozenset(
    [
        "min",
        "max",
        "coalesce",
        "any_value",
        "first",
        "last",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nullif",
        "ifnull",
        "greatest",
        "least",
    ]
)


def _is_text_alone(term: Term) -> bool:
    return len(term.operands) == 1 and isinstance(term.operands[0], Literal) and term.operands[0].constant == "string"


def _may_be_true(term: Term, analysis: Analysis) -> bool:
    """Whether a term without comparison is a truth value: else the comparison is still to be typed."""
    if term.comparison or term.unfinished or not term.operands[0].kept or term.operands[0].fault:
        return True
    if len(term.operands) > 1:
        return False
    operand = term.operands[0]
    if isinstance(operand, Literal):
        return operand.constant == "word"
    if isinstance(operand, Group):
        # What is inside is looked at by itself.
        return any(isinstance(inner, Items) for inner in operand.inner)
    if isinstance(operand, Reference):
        found = analysis.columns.get(id(operand))
        return found is None or found[1].family == "boolean"
    return family_of(operand, analysis) == "boolean"


def _check_constant(term: Term, analysis: Analysis) -> None:
    """A constant that is half typed (``'2013-0``) and cannot be one of the type that it is compared with."""
    operands = term.operands
    families = {family_of(operand, analysis) for operand in operands if not isinstance(operand, Group)}
    last = operands[-1]
    if isinstance(last, Literal) and last.constant == "typed":
        times = analysis.text_of(last.first).upper() in _TIME_TYPES
        if times and analysis.parser.half == last.last - 1 and not _is_time(analysis.parser.tokens[last.last - 1].text):
            last.fault = fragment(f"`{analysis.text(last)}`")
        return
    if not term.comparison:
        return
    if "time" in families and (families & {"number", "text"}) and analysis.parser.at_cursor(term.last):
        term.fault = fragment(f"`{analysis.text(term)}`")
        return
    for operand in operands[1:]:
        for literal in local_nodes(operand):
            if not isinstance(literal, Literal) or literal.constant != "string":
                continue
            token = analysis.parser.tokens[literal.first]
            if literal.first != analysis.parser.half and not token.closer:
                continue
            wrong = ("time" in families and not _is_time(token.text)) or (
                "number" in families and not _is_number(token.text)
            )
            if wrong:
                literal.fault = fragment(f"`{token.text}`")


_TIME_TYPES = ("DATE", "DATETIME", "TIME", "TIMESTAMP", "TIMESTAMPTZ")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?"
)


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text.strip("'").strip())
    if match is None:
        return False
    try:
        date(*(int(part) for part in match.groups()))
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text.strip("'"))
    except ValueError:
        return False
    return True
