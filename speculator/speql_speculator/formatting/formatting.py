"""Formats the statements of a document: white space alone, so that no result can be another one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from speql_speculator.edits import Edit, apply_edits
from speql_speculator.formatting.breaking import break_query
from speql_speculator.formatting.gaps import read_gaps
from speql_speculator.formatting.keyword_case import cased
from speql_speculator.formatting.layout import Layout
from speql_speculator.formatting.spacing import spaces
from speql_speculator.formatting.style import Style
from speql_speculator.navigating.document import statements_of
from speql_speculator.parsing.syntax_tree import Call, walk
from speql_speculator.parsing.whole_query import whole_query
from speql_speculator.repair import MAX_LENGTH
from speql_speculator.statements import split_statements
from speql_speculator.tokens import Token, tokenize
from speql_sql import Span

DEFAULT = Style()

_ROUNDS = 4
"""A layout that still changes when it is laid out so often is given up."""


def format_edits(
    text: str, style: Style = DEFAULT, dialect: str = "duckdb", within: Span | None = None
) -> tuple[Edit, ...]:
    """The edits that lay out the statements of a document that touch ``within`` (all of them without it).

    Only white space between tokens changes, the case of key words if the style asks for it, and a comment between a
    value and the comma behind it goes behind the comma. A statement that is no query, is not finished, or has
    something in it that is not understood stays as it is. Never raises, on any text.

    >>> apply_edits("select  a,b\\nfrom t", format_edits("select  a,b\\nfrom t"))
    'select a, b from t'
    """
    newline = _newline(text)
    edits = _edits(text, style, dialect, within, newline)
    return tuple(edit for edit in edits if edit.new_text != edit.span.of(text))


def formatted(text: str, style: Style = DEFAULT, dialect: str = "duckdb") -> str:
    """A document with all its statements laid out."""
    return apply_edits(text, format_edits(text, style, dialect))


def _edits(text: str, style: Style, dialect: str, within: Span | None, newline: str) -> Iterator[Edit]:
    for statement in statements_of(text, dialect):
        start, end = statement.span.start, statement.span.end
        if within is not None and (end < within.start or within.end < start):
            continue
        laid_out = _laid_out(statement.text, style, dialect)
        if laid_out is None:
            continue
        begins = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        if begins < start and not text[begins:start].strip():
            yield _edit(begins, start, "")
        for gap in laid_out.gaps:
            new_text = gap.new_text.replace("\r\n", "\n").replace("\n", laid_out.newline or newline)
            yield _edit(start + gap.span.start, start + gap.span.end, new_text)
        behind = len(text[end:]) - len(text[end:].lstrip()) + end
        if behind > end and text[behind : behind + 1] == ";":
            yield _edit(end, behind, "")


def _edit(start: int, end: int, new_text: str) -> Edit:
    return Edit(Span(start, end), new_text, "White space only", "format")


def _newline(text: str) -> str:
    """How most lines of a text end."""
    windows = text.count("\r\n")
    if windows * 2 > text.count("\n"):
        return "\r\n"
    return "\r" if text.count("\r") > text.count("\n") else "\n"


def _first_newline(text: str) -> str:
    found = _LINE_BREAK.search(text)
    return found.group() if found is not None else ""


_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _LaidOut:
    """A statement's text laid out, the edits that lead there, and how its first line ends, if it has more than one."""

    text: str
    gaps: tuple[Edit, ...] = ()
    newline: str = ""


@lru_cache(maxsize=512)
def _laid_out(text: str, style: Style, dialect: str) -> _LaidOut | None:
    """A statement, laid out; None if it has to stay as it is. Kept for the last ones asked for."""
    if len(text) > MAX_LENGTH:
        return None
    with_comments = tokenize(text, dialect, comments=True)
    latest = text
    for _ in range(_ROUNDS):
        again = _once(latest, style, dialect)
        if again is None:
            return None
        if again.text == latest:
            break
        latest = again.text
    else:
        return None
    after = tokenize(latest, dialect, comments=True)
    if not _same(with_comments, after) or len(split_statements(latest, dialect)) != 1:
        return None
    before, behind = _without_comments(with_comments), _without_comments(after)
    edits: list[Edit] = []
    newline = ""
    ends = (0, 0)
    for old, new in zip(before, behind, strict=True):
        edits.append(_edit(ends[0], old.start, latest[ends[1] : new.start]))
        newline = newline or _first_newline(text[ends[0] : old.start])
        if new.text != old.text:
            edits.append(_edit(old.start, old.end, new.text))
        ends = old.end, new.end
    return _LaidOut(latest, tuple(edits), newline)


def _once(text: str, style: Style, dialect: str) -> _LaidOut | None:
    tokens, gaps = read_gaps(text, tokenize(text, dialect, comments=True))
    if any(_means_by_its_place(one, other) for one, other in pairwise(tokens)):
        return None
    tree = whole_query(text, tokens, dialect)
    if tree is None:
        return None
    words = cased(tokens, tree, style.keyword_case)
    calls = frozenset(_opening(tokens, node) for node in walk(tree) if isinstance(node, Call))
    layout = Layout(tokens, gaps, words, spaces(tokens, gaps, calls), style)
    if tree.first and tokens[tree.first - 1].upper != "(" and tokens[0].upper != "EXPLAIN":
        layout.break_before(tree.first, 0)  # CREATE TABLE ... AS, INSERT INTO ...
    break_query(tree, layout, 0)
    return _LaidOut("".join(part for pair in zip(layout.gaps(), words, strict=True) for part in pair))


def _means_by_its_place(token: Token, after: Token) -> bool:
    """Whether what is between two tokens means something: strings on two lines are one, `1e` is on the way to `1e6`."""
    if token.kind == "string" and after.kind == "string":
        return True
    return token.kind == "number" and after.kind in ("word", "number") and token.end == after.start


def _opening(tokens: list[Token], call: Call) -> int:
    return next((at for at in range(call.first, call.last) if tokens[at].text == "("), -1)


def _without_comments(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.kind != "comment"]


def _same(before: list[Token], after: list[Token]) -> bool:
    """Whether two texts have the same tokens, but for the case of words, and the same comments, each in their order."""

    def spelled(tokens: list[Token]) -> list[tuple[str, str]]:
        return [
            (token.kind, token.upper if token.kind == "word" else token.text) for token in _without_comments(tokens)
        ]

    def comments(tokens: list[Token]) -> list[str]:
        return [token.text.rstrip().replace("\r\n", "\n") for token in tokens if token.kind == "comment"]

    return spelled(before) == spelled(after) and comments(before) == comments(after)
