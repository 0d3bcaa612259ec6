"""Where a place in a text lies, in the units that the client counts in."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from speql_sql import Span

Encoding = Literal["utf-8", "utf-16", "utf-32"]

Range = tuple[tuple[int, int], tuple[int, int]]
"""Line and character of a start and of an end."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class PlacedEdit:
    """A text to put in the place of a stretch of a document."""

    range: Range
    new_text: str


class LineIndex:
    """The lines of a text, for turning code-point offsets into (line, character) and back.

    Lines end at LF, CRLF or CR and nowhere else: that is the protocol's rule. `str.splitlines`, which pygls uses,
    also breaks at form feeds and U+2028, and every later position would then be off.

    Places outside the text are moved to the nearest one inside, as the protocol asks: a character beyond the line is
    the line's end (before its line break), a line beyond the last is the end of the text. A place in the middle of a
    code point is its start.

    >>> LineIndex("a😀b").position(2, "utf-16")
    (0, 3)
    >>> LineIndex("a😀b").offset(0, 3, "utf-16")
    2
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = _line_starts(text)

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and character of a code-point offset."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        return line, _units(self.text[self._starts[line] : offset], encoding)

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """The code-point offset of a line and character."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self.text)
        start, end = self._starts[line], self._line_end(line)
        if encoding == "utf-32":
            return min(start + max(character, 0), end)
        content = self.text[start:end]
        if content.isascii():
            return min(start + max(character, 0), end)
        for index, point in enumerate(content):
            character -= _units(point, encoding)
            if character < 0:
                return start + index
        return end

    def range(self, span: Span, encoding: Encoding) -> Range:
        """Where a span of code points begins and ends."""
        return self.position(span.start, encoding), self.position(span.end, encoding)

    def offset_inside(self, line: int, character: int, encoding: Encoding) -> int | None:
        """As `offset`; None at a place of which this is not the index."""
        return self.offset(line, character, encoding)

    def host_range(self, span: Span, encoding: Encoding) -> Range:
        """As `range`, for a span of the document's own text."""
        return self.position(span.start, encoding), self.position(span.end, encoding)

    def stretches(self, span: Span, encoding: Encoding) -> list[Range]:
        """Where the document itself writes a span, a stretch a line, without white space around it."""
        return [self.range(part, encoding) for part in on_each_line(span, self.text)]

    def before(self, line: int, points: int) -> str:
        """The first code points of a line."""
        start = self._starts[line]
        return self.text[start : start + points]

    def edits(self, span: Span, new_text: str, encoding: Encoding) -> list[PlacedEdit] | None:
        """What to write in the document to put a new text in the place of a span; None where that cannot be written."""
        return [PlacedEdit(self.range(span, encoding), new_text)]

    def _line_end(self, line: int) -> int:
        """Where the line's own text ends, before its line break."""
        if line + 1 == len(self._starts):
            return len(self.text)
        end = self._starts[line + 1] - 1
        return end - 1 if self.text[end] == "\n" and end > self._starts[line] and self.text[end - 1] == "\r" else end


def on_each_line(span: Span, text: str) -> list[Span]:
    """The parts of a span on each of its lines, without white space around them.

    >>> on_each_line(Span(0, 6), "a\\n  bc")
    [Span(start=0, end=1), Span(start=4, end=6)]
    """
    content = span.of(text)
    if "\n" not in content and "\r" not in content:
        return [span]
    found: list[Span] = []
    position = span.start
    for part in content.replace("\r", "\n").split("\n"):
        if part.strip():
            start = position + len(part) - len(part.lstrip())
            found.append(Span(start, start + len(part.strip())))
        position += len(part) + 1
    return found


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_BREAK.finditer(text))]


def _units(text: str, encoding: Encoding) -> int:
    """How many code units the text has. Lone surrogates, which JSON can carry, count like any other code point."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(1 for point in text if point > "\uffff")
