"""What may stand at a place of a text that need not parse: a table, an expression, a new name."""

from collections.abc import Sequence
from typing import Literal

from speql_speculator.completing.completion_groups import Group, Items, is_text, word_of, words
from speql_speculator.completing.completion_sources import SET_OPERATORS, TO_SOURCE
from speql_speculator.tokens import Token

Clause = Literal["start", "expression", "source", "name", "after"]

_TO_EXPRESSION = words("SELECT WHERE HAVING ON BY QUALIFY SET USING RETURNING VALUES")
_IN_EXPRESSION = words(
    """AND OR NOT IN BETWEEN LIKE ILIKE CASE WHEN THEN ELSE DISTINCT ALL IS FILTER OVER EXISTS ANY SOME INTERVAL
    SIMILAR TO COLLATE"""
)
_TWO_WORDS = words("GROUP ORDER PARTITION LEFT RIGHT INNER FULL CROSS")


def clause_at(path: Sequence[Group], place: int) -> tuple[Clause, str]:
    """What may stand at the place, and the keyword of the clause that it is in."""
    clause: Clause = "start"
    word = ""
    for depth, group in enumerate(path):
        before = [
            item for item in group.items if item.start < place and not (isinstance(item, Group) and item.holds(place))
        ]
        inherited = clause if depth else "start"
        if depth and inherited == "after":
            inherited = "expression"  # the arguments of what looked like an operand
        clause, word = _walk(before, inherited, word)
    return clause, word


def _walk(items: Items, clause: Clause, word: str) -> tuple[Clause, str]:
    """The clause behind these items, and its keyword."""
    operand = False
    held = clause  # what stood before the last operand: after a dot its name goes on
    for at, item in enumerate(items):
        upper = word_of(item)
        if upper in SET_OPERATORS:
            clause, word, operand = "start", "", False
        elif upper == "WITH" or (word == "WITH" and is_text(item, ",")):
            clause, word, operand = "name", "WITH", False
        elif upper in TO_SOURCE:
            clause, word, operand = "source", ("JOIN" if upper == "JOIN" else "FROM"), False
        elif upper in _TO_EXPRESSION:
            before = word_of(items[at - 1]) if at else ""
            word = (before if before in ("GROUP", "ORDER", "PARTITION") else "") if upper == "BY" else upper
            clause, operand = "expression", False
        elif upper in _TWO_WORDS and operand:
            clause, operand = "name", False  # BY or JOIN comes next
        elif upper in ("LIMIT", "OFFSET"):
            clause, word, operand = "name", "LIMIT", False
        elif upper == "AS":
            clause, operand = "name", False
        elif is_text(item, ","):
            clause, operand = ("source" if word in ("FROM", "JOIN") else "expression"), False
        elif upper in _IN_EXPRESSION or _is_operator(item, operand):
            clause, operand = "expression", False
        elif is_text(item, "."):
            clause, operand = held, False
        elif upper != "RECURSIVE":
            held = clause if not operand else held
            clause, operand = ("name" if word == "WITH" else "after"), True
    return clause, word


def _is_operator(item: "Token | Group", operand: bool) -> bool:
    """Whether something must follow; ``*`` is an operator only behind an operand, and else stands for columns."""
    return isinstance(item, Token) and item.kind == "operator" and (item.text != "*" or operand)
