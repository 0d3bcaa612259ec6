"""What stands between two tokens that are on one line."""

from collections.abc import Sequence

from speql_speculator.formatting.gaps import Gap
from speql_speculator.parsing.keywords import CLAUSE_WORDS, CONSTANT_WORDS, JOIN_WORDS, RESERVED
from speql_speculator.tokens import Token

_VALUES = CONSTANT_WORDS | {"END"}
"""Reserved words that a value ends with."""

_BEFORE_PARENTHESIS = (RESERVED | CLAUSE_WORDS | JOIN_WORDS) | frozenset(
    [
        "BETWEEN",
        "BY",
        "EXCLUDE",
        "EXISTS",
        "FILTER",
        "GLOB",
        "ILIKE",
        "IS",
        "LIKE",
        "MATERIALIZED",
        "OVER",
        "OVERLAPS",
        "RENAME",
        "REPLACE",
        "SAMPLE",
        "SETS",
        "SIMILAR",
        "TABLESAMPLE",
        "VALUES",
        "WITHIN",
    ]
)
"""Words that a space follows, if the parenthesis behind them is not that of a call."""

_BEFORE_VALUE = (_BEFORE_PARENTHESIS | {"WHEN", "THEN", "ELSE"}) - _VALUES
"""Words that no value ends with: a sign behind one of them belongs to what follows it."""

_SIGNS = ("-", "+", "~")

_BINARY = frozenset(
    [
        "=",
        "==",
        "<",
        ">",
        "<=",
        ">=",
        "<>",
        "!=",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "||",
        "&&",
        "@>",
        "<@",
        "<=>",
        ":=",
        "=>",
        "->",
        "->>",
        "**",
        "^",
        "&",
        "|",
        "<<",
        ">>",
        "~",
        "!~",
        "~*",
        "!~*",
        "~~",
        "!~~",
        "~~*",
        "!~~*",
        "~~~",
    ]
)
"""Operators with a space on both sides; all others stay as they are typed."""

_SEPARABLE = frozenset({"=", "<", ">", "<=", ">=", "<>", "+", "-", "*", "/"})
"""Operators that every lexer tells from a sign right behind them."""


def spaces(tokens: Sequence[Token], gaps: Sequence[Gap], calls: frozenset[int]) -> list[str]:
    """What to put before each token if its line goes on: a space or nothing. ``calls`` are parentheses of calls.

    Where white space could mean something (`x'ab'`, an operator that this room does not know), it stays as typed.
    """
    return ["", *(_space(tokens, index, gaps[index].glued, index in calls) for index in range(1, len(tokens)))]


def _space(tokens: Sequence[Token], index: int, glued: bool, call: bool) -> str:
    before, token = tokens[index - 1], tokens[index]
    as_typed = "" if glued else " "
    marks = (_mark(before), _mark(token))
    if "." in marks:
        return as_typed if "number" in (before.kind, token.kind) else ""
    if marks[1] in (",", ")", "]", "}", ";") or marks[0] in ("(", "[", "{"):
        return ""
    if marks[0] == ",":
        return " "
    if "::" in (before.text, token.text) and "operator" in (before.kind, token.kind):
        return ""
    if before.kind == "operator" or token.kind == "operator":
        return _around_operator(tokens, index, as_typed)
    if marks[1] in ("(", "[", "{"):
        return _before_opening(before, marks[1], as_typed, call)
    if glued and (before.kind in ("quoted", "string") or marks[0] in (")", "]", "}")) and token.kind != "string":
        return " "
    return as_typed


def _before_opening(before: Token, mark: str, as_typed: str, call: bool) -> str:
    if call:
        return ""
    if before.kind == "word" and before.upper in _BEFORE_PARENTHESIS:
        # ``ARRAY[1]``, ``MAP {...}``: as typed.
        return " " if mark == "(" or before.upper != "ARRAY" else as_typed
    return as_typed


def _around_operator(tokens: Sequence[Token], index: int, as_typed: str) -> str:
    before, token = tokens[index - 1], tokens[index]
    if before.kind == token.kind:
        binary = before.text in _SEPARABLE and _ends_value(tokens, index - 2)
        return " " if not as_typed and binary and token.text in _SIGNS else as_typed
    if before.kind == "operator":
        value_before = _ends_value(tokens, index - 2)
        if before.text in _SIGNS and not value_before:
            return ""
        if before.text == "*" and not value_before:
            return as_typed if token.upper == "COLUMNS" else " "
        if before.text == "%" and not _begins_value(token):
            return " "
        return " " if before.text in _BINARY else as_typed
    if token.text in _SIGNS or token.text == "*":
        return " "
    if token.text == "%" and (index + 1 >= len(tokens) or not _begins_value(tokens[index + 1])):
        return as_typed
    return " " if token.text in _BINARY else as_typed


def _mark(token: Token) -> str:
    return token.upper if token.kind == "punctuation" else ""


def _ends_value(tokens: Sequence[Token], index: int) -> bool:
    """Whether a value may end with a token, so that an operator behind it stands between two."""
    if index < 0:
        return False
    token = tokens[index]
    if token.kind == "punctuation":
        return token.upper in (")", "]", "}")
    if token.kind == "word":
        return token.upper not in _BEFORE_VALUE
    return token.kind != "operator" or (token.text == "*" and not _ends_value(tokens, index - 1))


def _begins_value(token: Token) -> bool:
    if token.kind == "punctuation":
        return token.upper in ("(", "[", "{")
    return token.kind != "word" or token.upper not in (RESERVED - CONSTANT_WORDS - {"CASE", "CAST", "NOT"})
