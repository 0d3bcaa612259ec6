"""A stretch of text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range ``[start, end)`` in code points (Python string offsets, not bytes, not UTF-16).

    >>> Span(2, 5).of("select")
    'lec'
    """

    start: int
    end: int

    def of(self, text: str) -> str:
        """The text that this span covers."""
        return text[self.start : self.end]

    def shifted(self, by: int) -> "Span":
        """The same span ``by`` code points further on."""
        return Span(self.start + by, self.end + by)

    def touches(self, offset: int) -> bool:
        """Whether a cursor at ``offset`` is inside or at either end."""
        return self.start <= offset <= self.end
