"""A document as statements and what is between them, each with its tokens and comments.

All that is asked of a whole document is made of pieces that are remembered by their text: an edit costs its own piece.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from speql_speculator.statements import split_statements
from speql_speculator.tokens import Token, tokenize


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a document that begins at ``start``: a statement, or what stands between two."""

    start: int
    text: str
    statement: bool


def pieces(text: str, dialect: str) -> Iterator[Piece]:
    """The pieces of a document, in order; those that are only white space are left out."""
    position = 0
    for statement in split_statements(text, dialect):
        yield from _between(text, position, statement.span.start)
        yield Piece(statement.span.start, statement.text, True)
        position = statement.span.end
    yield from _between(text, position, len(text))


def _between(text: str, start: int, end: int) -> Iterator[Piece]:
    if between := text[start:end].strip():
        yield Piece(text.index(between[0], start), between, False)


@lru_cache(maxsize=1024)
def tokens_and_comments(text: str, dialect: str) -> tuple[Token, ...]:
    """The tokens of a piece, comments too. Nobody changes them."""
    return tuple(tokenize(text, dialect, comments=True))
