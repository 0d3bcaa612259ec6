"""Takes literals out of a text before it leaves, and puts them back into what returns."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from speql_speculator.parsing.keywords import CLAUSE_WORDS, TYPE_WORDS
from speql_speculator.tokens import Token, tokenize
from speql_sql import Span

_DATE = re.compile(r"'\d{1,4}-\d{1,2}-\d{1,2}")
_STRUCTURAL_BEFORE = frozenset({"LIMIT", "OFFSET", "FIRST", "NEXT", "TOP", "ROWS", "RANGE", "GROUPS"})
"""A number right behind one of these says how much is asked for, not of what."""


_QUOTES_OF_PROSE = frozenset("‘’‚‛“”„‟«»‹›´")
"""Quotes that text processors put in place of SQL's: what stands between them was meant to be a literal."""


@dataclass(frozen=True)
class Redacted:
    """A text that may leave. ``originals`` are the literals by their placeholder, which stay here."""

    text: str
    originals: dict[str, str] = field(default_factory=dict, repr=False)
    dialect: str = "duckdb"
    marks: tuple[str, str, str, str] = ("text_", "date_", "number_", "name_")
    replacements: tuple[tuple[Span, str], ...] = field(default=(), repr=False)
    """Where something was replaced in the original, and by what."""

    def restored(self, answer: str) -> str | None:
        """An answer with the literals back in their places; None if it has a placeholder that was never given."""
        parts: list[str] = []
        position = 0
        for token in tokenize(answer, self.dialect):
            placeholder = token.text + token.closer
            original = self.originals.get(placeholder)
            if original is None:
                if token.kind in ("string", "parameter", "quoted") and placeholder.strip("'$\"").startswith(self.marks):
                    return None
                continue
            parts += (answer[position : token.start], original)
            position = token.end
        return "".join([*parts, answer[position:]])

    def offset(self, offset: int) -> int:
        """Where the place ``offset`` of the original text is in the redacted one; inside a literal, behind it."""
        shift = 0
        for span, replacement in self.replacements:
            if span.start >= offset:
                break
            if span.end > offset:
                return span.start + shift + len(replacement)
            shift += len(replacement) - (span.end - span.start)
        return offset + shift


def redact(
    text: str,
    dialect: str = "duckdb",
    *,
    literals: bool = True,
    comments: bool = True,
    cursor: int | None = None,
    names: Container[str] | None = None,
) -> Redacted | None:
    """``text`` with its literals replaced by typed placeholders, and without its comments; None if that is not sure.

    Strings become ``'text_1'`` or ``'date_1'``, numbers ``$number_1``; one literal has one placeholder wherever it
    stands. What is in double quotes and no name (folded ``names``; None: all are) is taken for a literal that somebody
    quoted wrongly: ``"name_1"``. Numbers that are structure stay: LIMIT, places of columns in ORDER BY and GROUP BY,
    lengths of types.

    A text whose quotes do not pair, or are not those of SQL, is not sure: what is a literal then looks like words. A
    string that is still open at the cursor, or at the end, is; it comes back closed. The way back is tried before
    anything is returned.

    >>> redacted = redact("SELECT a FROM t WHERE b = 'secret' AND c > 41 LIMIT 10 -- Bob's")
    >>> redacted.text
    "SELECT a FROM t WHERE b = 'text_1' AND c > $number_1 LIMIT 10 "
    >>> redacted.restored("SELECT a FROM t WHERE c > $number_1 OR b = 'text_1'")
    "SELECT a FROM t WHERE c > 41 OR b = 'secret'"
    """
    tokens = list(tokenize(text, dialect, comments=True))
    if literals and not _quotes_pair(text, tokens, cursor):
        return None
    marks = _marks(text)
    found: dict[str, str] = {}
    replacements: list[tuple[Span, str]] = []
    structural = set(_structural(tokens))
    for index, token in enumerate(tokens):
        if token.kind == "comment":
            if comments:
                replacements.append((Span(token.start, token.end), " " if token.text.startswith("/*") else ""))
        elif literals and (
            token.kind == "string"
            or (token.kind == "number" and index not in structural)
            or (token.kind == "quoted" and names is not None and token.name.lower() not in names)
        ):
            original = token.text + token.closer
            if original not in found:
                found[original] = _placeholder(token, marks, found)
            replacements.append((Span(token.start, token.end), found[original]))
    originals = {placeholder: original for original, placeholder in found.items()}
    redacted = Redacted(_replaced(text, replacements), originals, dialect, marks, tuple(replacements))
    expected = _replaced(text, [(span, originals.get(placeholder, placeholder)) for span, placeholder in replacements])
    return redacted if redacted.restored(redacted.text) == expected else None


def _replaced(text: str, replacements: list[tuple[Span, str]]) -> str:
    parts: list[str] = []
    position = 0
    for span, replacement in replacements:
        parts += (text[position : span.start], replacement)
        position = span.end
    return "".join([*parts, text[position:]])


def _placeholder(token: Token, marks: tuple[str, str, str, str], found: dict[str, str]) -> str:
    text, date, figure, name = marks
    if token.kind in ("number", "quoted"):
        mark = figure if token.kind == "number" else name
    else:
        mark = date if _DATE.match(token.text) else text
    number = 1 + sum(mark in placeholder for placeholder in found.values())
    return (
        f"${mark}{number}" if token.kind == "number" else f'"{mark}{number}"' if mark == name else f"'{mark}{number}'"
    )


def _marks(text: str) -> tuple[str, str, str, str]:
    """Beginnings of placeholders that the text itself does not have."""
    underscores = "_"
    while any(f"{word}{underscores}" in text for word in ("text", "date", "number", "name")):
        underscores += "_"
        if len(underscores) > 8:
            underscores += "x"
    return f"text{underscores}", f"date{underscores}", f"number{underscores}", f"name{underscores}"


def _quotes_pair(text: str, tokens: list[Token], cursor: int | None) -> bool:
    """Whether what looks like a literal is one: none is open but at the cursor, and none touches a word."""
    for index, token in enumerate(tokens):
        if token.text in _QUOTES_OF_PROSE:
            return False
        if token.kind not in ("string", "quoted"):
            continue
        if token.closer and token.end < len(text.rstrip()) and token.end != cursor:
            return False
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if (
            token.kind == "string"
            and following is not None
            and following.start == token.end
            and following.kind in ("word", "number", "string", "quoted")
        ):
            return False
    return True


def _structural(tokens: list[Token]) -> Iterator[int]:
    """The numbers that say nothing of the data."""
    # For each open parenthesis: whether a list of GROUP BY or ORDER BY is being read, or the lengths of a type.
    ordered, lengths = [False], [False]
    before: Token | None = None
    before_that: Token | None = None
    for index, token in enumerate(tokens):
        if token.kind == "comment":
            continue
        word = token.upper
        if word == "(":
            ordered.append(False)
            # Only in a cast: DATE(20240131) is a call.
            of_type = before is not None and before.kind == "word" and before.upper in TYPE_WORDS
            lengths.append(of_type and before_that is not None and before_that.upper in ("AS", "::"))
        elif word == ")" and len(ordered) > 1:
            ordered.pop()
            lengths.pop()
        elif token.kind == "word" and word == "BY":
            ordered[-1] = True
        elif token.kind == "word" and word in CLAUSE_WORDS:
            ordered[-1] = False
        elif token.kind == "number" and before is not None:
            in_list = ordered[-1] and before.upper in ("BY", ",") and len(token.text) <= 2
            if before.upper in _STRUCTURAL_BEFORE or in_list or lengths[-1]:
                yield index
        before_that, before = before, token
