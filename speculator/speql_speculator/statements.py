"""The statements of a document, with exact ranges."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from speql_speculator.tokens import Token, tokenize_coarsely
from speql_sql import Span


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a document: from its first token to its last, without the ``;``.

    Comments inside are part of it, those before and after are not.
    """

    span: Span
    text: str


def split_statements(text: str, dialect: str = "duckdb") -> tuple[Statement, ...]:
    """The statements of ``text`` in order; never raises, linear time. A fragment at the end is a statement too.

    Statements end at a ``;``, also at one inside open parentheses: an unfinished statement must not swallow the next.
    Where the ``;`` is still missing, a SELECT or WITH at the start of a line begins a new statement if it cannot go on
    the one before (no set operator and no parenthesis asks for it).

    >>> [statement.text for statement in split_statements("select ';' ; select (2")]
    ["select ';'", 'select (2']
    """
    statements: list[Statement] = []
    first: Token | None = None
    before: Token | None = None
    # One entry a parenthesis level: whether that level has had its SELECT.
    selected = [False]

    def flush(first: Token | None, last: Token | None) -> None:
        if first is not None and last is not None:
            span = Span(first.start, last.end)
            statements.append(Statement(span, span.of(text)))
        selected[:] = [False]

    for token in tokenize_coarsely(text, dialect, _WORDS):
        word = token.upper
        if word == ";":
            flush(first, before)
            first = before = None
            continue
        if token.kind == "word":
            may_begin = word in ("SELECT", "WITH") and before is not None and selected[-1]
            if may_begin and _begins_statement(text, token, before, len(selected) > 1):
                flush(first, before)
                first = None
            if word == "SELECT":
                selected[-1] = True
            elif word in _SET_OPERATORS:
                selected[-1] = False
        elif word == "(":
            selected.append(False)
        elif word == ")" and len(selected) > 1:
            selected.pop()
        first, before = first or token, token
    flush(first, before)
    return tuple(statements)


def statement_at(statements: Sequence[Statement], offset: int) -> Statement | None:
    """The statement at the cursor, or the nearest one before it; the first one if the cursor is before all of them."""
    found = None
    for statement in statements:
        if statement.span.start > offset:
            break
        found = statement
    return found or (statements[0] if statements else None)


_SET_OPERATORS = frozenset({"UNION", "EXCEPT", "INTERSECT", "MINUS"})
_GOES_ON = _SET_OPERATORS | {"(", "ALL", "DISTINCT", "AS"}
_WORDS = _GOES_ON - {"("} | {"SELECT", "WITH"}
_LINE_BREAK = re.compile(r"[\r\n]")
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\r?\n|\r\r")
_WITH_LIST = re.compile(r"WITH\s+(?:RECURSIVE\b|\S{1,200}\s*(?:\(|AS\b))", re.IGNORECASE)


def _begins_statement(text: str, token: Token, before: Token | None, nested: bool) -> bool:
    """Whether a SELECT or WITH after a SELECT of the same level is a new statement."""
    if (
        before is None
        or before.upper in _GOES_ON
        or before.text.endswith(",")
        or before.text.upper().endswith("BY NAME")
    ):
        return False
    between = text[before.end : token.start]
    if not _LINE_BREAK.search(between):
        return False
    if nested and not _EMPTY_LINE.search(between):
        # Inside an open parenthesis it takes an empty line too: the user may be about to type a closing one.
        return False
    return token.upper == "SELECT" or _WITH_LIST.match(text, token.start) is not None
