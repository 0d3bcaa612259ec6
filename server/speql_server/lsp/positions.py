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
        # Where lines start: counted from the beginning up to the last edit, from the end (and so negative) behind it.
        # An edit in a document of 10,000 lines then moves no places but those between it and the edit before.
        self._first = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        self._rest: list[int] = []

    def edited(self, start: int, end: int, new_text: str) -> "LineIndex":
        """The index of the text with ``new_text`` in the place of ``text[start:end]``.

        >>> LineIndex("a\\nb\\nc").edited(2, 3, "x\\ny").position(6, "utf-8")
        (3, 0)
        """
        length, before, behind = len(self.text), self._line_of(start - 1), self._line_of(end)
        # A place is a line's start by the two characters around it: those at the seams are looked at again.
        kept, moved = before + 1 if start else 1, behind + 1
        count = len(self._first)
        found = LineIndex.__new__(LineIndex)
        found.text = self.text[:start] + new_text + self.text[end:]
        found._first = self._first[:kept]
        if kept > count:
            found._first += [length + place for place in self._rest[: kept - count]]
        found._rest = [place - length for place in self._first[moved:]]
        found._rest += self._rest[max(moved - count, 0) :]
        last = start + len(new_text)
        for match in _LINE_BREAK.finditer(found.text, max(start - 1, 0), min(last + 1, len(found.text))):
            if max(start, 1) <= match.end() <= last:
                found._first.append(match.end())
        return found

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and character of a code-point offset."""
        offset = min(max(offset, 0), len(self.text))
        line = self._line_of(offset)
        return line, _units(self.text[self._start(line) : offset], encoding)

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """The code-point offset of a line and character."""
        if line < 0:
            return 0
        if line >= self._lines:
            return len(self.text)
        start, end = self._start(line), self._line_end(line)
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
        start = self._start(line)
        return self.text[start : start + points]

    def edits(self, span: Span, new_text: str, encoding: Encoding) -> list[PlacedEdit] | None:
        """What to write in the document to put a new text in the place of a span; None where that cannot be written."""
        return [PlacedEdit(self.range(span, encoding), new_text)]

    @property
    def _lines(self) -> int:
        return len(self._first) + len(self._rest)

    def _start(self, line: int) -> int:
        count = len(self._first)
        return self._first[line] if line < count else len(self.text) + self._rest[line - count]

    def _line_of(self, offset: int) -> int:
        """The line that an offset is in; -1 for one before the text."""
        if self._rest and offset - len(self.text) >= self._rest[0]:
            return len(self._first) + bisect_right(self._rest, offset - len(self.text)) - 1
        return bisect_right(self._first, offset) - 1

    def _line_end(self, line: int) -> int:
        """Where the line's own text ends, before its line break."""
        if line + 1 == self._lines:
            return len(self.text)
        start, end = self._start(line), self._start(line + 1) - 1
        return end - 1 if self.text[end] == "\n" and end > start and self.text[end - 1] == "\r" else end


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


def line_index(text: str) -> LineIndex:
    """The lines of a text. Those of the last few texts are remembered: all that is asked of a version needs them."""
    for known in _memory.recent:
        if known.text is text:
            return known
    return remember(LineIndex(text))


def remember(index: LineIndex) -> LineIndex:
    """Have `line_index` find an index that was made otherwise."""
    known = any(one is index for one in _memory.recent)
    if not known and _LEAST_REMEMBERED <= len(index.text) <= _MOST_REMEMBERED:
        # A tuple is replaced, never changed: threads that read it meanwhile see the one before.
        _memory.recent = (index, *_memory.recent[: _REMEMBERED - 1])
    return index


_REMEMBERED = 4
_LEAST_REMEMBERED = 2_000
_MOST_REMEMBERED = 4_000_000


class _Memory:
    """The newest indexes, the last one first."""

    recent: tuple[LineIndex, ...] = ()


_memory = _Memory()


def _units(text: str, encoding: Encoding) -> int:
    """How many code units the text has. Lone surrogates, which JSON can carry, count like any other code point."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(1 for point in text if point > "\uffff")
