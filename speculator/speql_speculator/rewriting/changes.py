"""Changes of a text that are made of its own pieces, so that one can tell where each of its words is afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from speql_speculator.edits import Edit
from speql_sql import Span


@dataclass(frozen=True, slots=True)
class InPlaceOf:
    """New words that take the place of a name of FROM: what was a column of that is now a column of this."""

    text: str
    place: Span


Part = str | Span | InPlaceOf
"""New words, or a stretch of the text as it was."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is put in the place of ``span``; a stretch may be put to several places, or to none."""

    span: Span
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A stretch of the text before, and where it begins afterwards."""

    span: Span
    start: int

    def of(self, offset: int) -> int | None:
        """Where a place of the stretch is afterwards; None for a place outside of it."""
        return self.start + offset - self.span.start if self.span.start <= offset < self.span.end else None


@dataclass(frozen=True, slots=True)
class Changed:
    """A text with changes made. ``moves`` say where its words went, ``places`` what stands for a name of FROM now."""

    text: str
    edits: tuple[Edit, ...]
    moves: tuple[Move, ...]
    places: tuple[tuple[int, int], ...]


def changed(text: str, changes: Sequence[Change], reason: str) -> Changed:
    """A text with ordered, disjoint changes made.

    >>> changed("SELECT a FROM t", [Change(Span(7, 8), ("t.", Span(7, 8)))], "").text
    'SELECT t.a FROM t'
    """
    pieces: list[str] = []
    moves: list[Move] = []
    places: list[tuple[int, int]] = []
    edits: list[Edit] = []
    length = position = 0

    def put(part: Part) -> str:
        nonlocal length
        written = part.of(text) if isinstance(part, Span) else part.text if isinstance(part, InPlaceOf) else part
        if isinstance(part, Span):
            moves.append(Move(part, length))
        elif isinstance(part, InPlaceOf):
            places.append((part.place.start, length))
        length += len(written)
        pieces.append(written)
        return written

    for change in changes:
        put(Span(position, change.span.start))
        edits.append(Edit(change.span, "".join([put(part) for part in change.parts]), reason, "rewritten"))
        position = change.span.end
    put(Span(position, len(text)))
    return Changed("".join(pieces), tuple(edits), tuple(moves), tuple(places))
