"""One reading of a document into statements, which the next reading goes on from.

What we want: a keystroke in a document of 10,000 lines costs its own statement, and gives exactly what reading
everything again would give.

What cannot be had: a place before which nothing changes. A quote that is typed at the end of a document may close a
string that was left open at its beginning, and what was read as statements between is then a string.

The solution rests on two facts. Tokens depend on the text behind their beginning only (`tokenize_coarsely`), and at
the first token of a statement nothing is remembered of what came before. So

1. for each statement it is known how far the text was looked at until the next one began: to the end, where something
   was open. An edit behind that changes neither. Reading begins at the last statement of which all before it were read
   without looking at what the edit has changed;
2. where a statement begins behind the edit, at a place where one began before, all that follows is as it was.

What still costs the whole document: moving the places of the statements behind the edit, a microsecond each.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain

from speql_speculator.common_ends import common_ends
from speql_speculator.tokens import Token, tokenize_coarsely
from speql_sql import Span


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a document: from its first token to its last, without the ``;``.

    Comments inside are part of it, those before and after are not.
    """

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The statements of a text, and for each how far behind its start was looked until the next one began.

    ``head`` is how far was looked until the first one began.
    """

    text: str
    dialect: str
    statements: tuple[Statement, ...]
    reaches: tuple[int, ...]
    head: int


def scan_statements(text: str, dialect: str, known: Scan | None = None) -> Scan:
    """Read a text; with a ``known`` scan of another text in the same dialect, only where the two differ."""
    kept = first_moved = moved_by = 0
    behind_edit = len(text) + 1
    if known is not None:
        same_start, same_end = common_ends(known.text, text)
        kept = _unaffected(known, same_start)
        moved_by = len(text) - len(known.text)
        behind_edit = len(text) - same_end
    statements = list(known.statements[:kept]) if known is not None else []
    reaches = list(known.reaches[:kept]) if known is not None else []
    head = known.head if known is not None and kept else 0
    start = known.statements[kept].span.start if known is not None and kept else 0
    # The number of the statement that has begun and not ended, and of those that have begun.
    began: list[int] = [statement.span.start for statement in statements]
    for event in _events(text, dialect, start):
        if event.ends:
            span = Span(began[-1], event.place)
            statements.append(Statement(span, span.of(text)))
            continue
        if not began:
            head = event.looked
        elif len(reaches) < len(began):
            reaches.append(event.looked - began[-1] if event.looked < _EVERYTHING else _EVERYTHING)
        if known is not None and event.place >= behind_edit:
            first_moved = bisect_left(known.statements, event.place - moved_by, key=_start)
            if first_moved < len(known.statements) and known.statements[first_moved].span.start == (
                event.place - moved_by
            ):
                statements += _moved(known.statements[first_moved:], moved_by)
                reaches += known.reaches[first_moved:]
                return Scan(text, dialect, tuple(statements), tuple(reaches), head)
        began.append(event.place)
    if len(reaches) < len(began):
        reaches.append(_EVERYTHING)
    return Scan(text, dialect, tuple(statements), tuple(reaches), head if began else _EVERYTHING)


_EVERYTHING = sys.maxsize >> 1
"""Farther than any text: it was looked to the end."""

_AHEAD = 16
"""So far behind its end is looked at, at most, to tell where a token that is closed ends."""


@dataclass(slots=True)
class _Event:
    """A statement begins (or ends) at a place; to know that, the text was looked at up to ``looked``."""

    ends: bool
    place: int
    looked: int


def _start(statement: Statement) -> int:
    return statement.span.start


def _unaffected(known: Scan, same_start: int) -> int:
    """How many statements are sure to be as they were, the next of which still begins where it did."""
    looked = accumulate(
        chain(
            [known.head], (one.span.start + reach for one, reach in zip(known.statements, known.reaches, strict=True))
        ),
        max,
    )
    # The entry of number k: how far was looked to know that the statement of number k begins where it does.
    return max(bisect_right(list(looked)[: len(known.statements)], same_start) - 1, 0)


def _moved(statements: tuple[Statement, ...], by: int) -> tuple[Statement, ...]:
    if not by:
        return statements
    return tuple(Statement(Span(one.span.start + by, one.span.end + by), one.text) for one in statements)


def _events(text: str, dialect: str, start: int) -> Iterator[_Event]:
    """Where statements begin and end, in order, from a place on where one begins (or from the beginning)."""
    first: Token | None = None
    before: Token | None = None
    # One entry a parenthesis level: whether that level has had its SELECT, and where it was opened.
    selected, opened = [False], [start]
    looked = start
    for token in tokenize_coarsely(text, dialect, _WORDS, start):
        looked = max(looked, _EVERYTHING if token.closer else token.end + _AHEAD)
        if token.kind == "comment":
            continue
        word = token.upper
        if word == ";":
            if before is not None:
                yield _Event(True, before.end, looked)
            first = before = None
            selected, opened = [False], [start]
            continue
        if (
            token.kind == "word"
            and word in ("SELECT", "WITH")
            and before is not None
            and (selected[-1] or (len(selected) > 1 and _NO_QUERY.match(text, opened[-1]) is not None))
        ):
            if word == "WITH":
                looked = max(looked, _looked_at_with(text, token.start))
            if _begins_statement(text, token, before, len(selected) > 1):
                yield _Event(True, before.end, looked)
                first = None
                selected, opened = [False], [start]
        if first is None:
            yield _Event(False, token.start, looked)
            first = token
            # What follows is looked at for this statement, and not for those before.
            looked = _EVERYTHING if token.closer else token.end + _AHEAD
        if token.kind == "word":
            if word == "SELECT":
                selected[-1] = True
            elif word in _SET_OPERATORS:
                selected[-1] = False
        elif word == "(":
            selected.append(False)
            opened.append(token.end)
        elif word == ")" and len(selected) > 1:
            selected.pop()
            opened.pop()
        before = token
    if before is not None:
        yield _Event(True, before.end, _EVERYTHING)


_SET_OPERATORS = frozenset({"UNION", "EXCEPT", "INTERSECT", "MINUS"})
_GOES_ON = _SET_OPERATORS | {"(", "ALL", "DISTINCT", "AS"}
_WORDS = _GOES_ON - {"("} | {"SELECT", "WITH"}
_LINE_BREAK = re.compile(r"[\r\n]")
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\r?\n|\r\r")
_NO_QUERY = re.compile(
    r"\s{0,200}(?!--|/\*|(?:SELECT|FROM|WITH|INSERT|CREATE|COPY|DESCRIBE|EXPLAIN|SHOW|SUMMARIZE)\b)[\w\"'*$]",
    re.IGNORECASE,
)
"""What an open parenthesis begins with that has no SELECT of its own to come: the arguments of a call, a list."""
_WITH_LIST = re.compile(r"WITH\s+(?:RECURSIVE\b|\S{1,200}\s*(?:\(|AS\b))", re.IGNORECASE)
_LOOKED_AT_WITH = re.compile(r"WITH\s*\S{0,200}\s*", re.IGNORECASE)


def _looked_at_with(text: str, start: int) -> int:
    """How far `_WITH_LIST` looks."""
    match = _LOOKED_AT_WITH.match(text, start)
    return (match.end() if match else start) + _AHEAD


def _begins_statement(text: str, token: Token, before: Token, nested: bool) -> bool:
    """Whether a SELECT or WITH after a SELECT of the same level is a new statement."""
    if before.upper in _GOES_ON or before.text.endswith(",") or before.text.upper().endswith("BY NAME"):
        return False
    between = text[before.end : token.start]
    if not _LINE_BREAK.search(between):
        return False
    if nested and not _EMPTY_LINE.search(between):
        # Inside an open parenthesis it takes an empty line too: the user may be about to type a closing one.
        return False
    return token.upper == "SELECT" or _WITH_LIST.match(text, token.start) is not None
