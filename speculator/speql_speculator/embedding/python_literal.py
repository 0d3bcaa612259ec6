"""A string literal of Python: what it says, character by character, and how a text is written in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from speql_speculator.embedding.fragment import Fragment, FragmentKind
from speql_speculator.embedding.python_line import PYTHON_LINE
from speql_sql import Span

_ESCAPE = re.compile(
    r"\\(?:(?P<line>\r\n|[\r\n])|(?P<named>[abfnrtv\\'\"])|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})"
    r"|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<N>[^}\r\n'\"]+)\})"
)
_NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WRITTEN = {"\\": "\\\\", "\0": "\\x00", "\r": "\\r"}
_OPENING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, eq=False)
class PythonLiteral:
    """The rules of one literal.

    ``formatted`` is whether ``{...}`` in it is a placeholder, ``open`` whether no quotes end it: then a line does that
    looks like Python.
    """

    quote: str
    raw: bool = False
    formatted: bool = False
    open: bool = False

    def written(self, text: str) -> Iterator[str]:
        """The text in the nicest way that may do, then with every quote escaped; a raw literal has one way only."""
        if self.formatted:
            text = text.replace("{", "{{").replace("}", "}}")
        if self.raw:
            yield text
            return
        lines_stay = len(self.quote) == 3
        escaped = "".join(_WRITTEN.get(point, point) for point in text.replace("\r\n", "\n" if lines_stay else "\r\n"))
        if not lines_stay:
            escaped = escaped.replace("\n", "\\n")
        if lines_stay or self.quote not in escaped:
            yield escaped
        yield escaped.replace(self.quote[0], "\\" + self.quote[0])

    def reads(self, host: str, behind: str = "") -> str | None:
        """What the body of such a literal says; an empty one before another literal would be the start of ``'''``."""
        if not host and len(self.quote) == 1 and behind == self.quote * 2:
            return None
        fragments, end, closed = self.read(host + self.quote, 0)
        if end != len(host) or not closed:
            return None
        if self.open and (host != host.rstrip() or PYTHON_LINE.search(host, host.find("\n") + 1 or len(host) + 1)):
            return None
        return "".join(one.host.of(host) if one.kind in ("verbatim", "mask") else one.text or "" for one in fragments)

    def read(self, text: str, start: int) -> tuple[list[Fragment], int, bool]:
        """The fragments of the body that starts there, where it ends, and whether a quote ends it.

        A literal that nothing closes ends at the end of its line, or of the text if it may have several.
        """
        fragments: list[Fragment] = []
        position = verbatim = start
        special = _SPECIAL[self.quote, self.formatted]
        closed = False

        def flush(until: int) -> None:
            if verbatim < until:
                fragments.append(Fragment("verbatim", Span(verbatim, until), container=self))

        while True:
            found = special.search(text, position)
            if found is None:
                position = len(text)
                break
            at = position = found.start()
            mark = text[at]
            if mark == self.quote[0]:
                closed = True
                break
            if mark in "\r\n":
                break
            if mark == "\\":
                end, value = self._escape(text, at)
            elif mark == "{" and not text.startswith("{{", at):
                end, value = _placeholder_end(text, at, self.quote), None
            elif text.startswith(mark * 2, at):
                end, value = at + 2, mark
            else:  # a single closing brace is an error of Python's; it is a character to us
                position = at + 1
                continue
            flush(at)
            kind: FragmentKind = "mask" if value is None else "removed" if value == "" else "escape"
            fragments.append(Fragment(kind, Span(at, end), value, self))
            position = verbatim = end
        flush(position)
        return fragments, position, closed

    def _escape(self, text: str, at: int) -> tuple[int, str]:
        """Where an escape ends, and what it says; what Python does not know as one says itself."""
        if self.raw:
            end = min(at + (3 if text.startswith("\\\r\n", at) else 2), len(text))
            before_mask = self.formatted and text[at + 1 : at + 2] in ("{", "}")
            return (at + 1, "\\") if before_mask else (end, text[at:end])
        found = _ESCAPE.match(text, at)
        if found is None:
            end = min(at + 2, len(text))
            before_mask = self.formatted and text[at + 1 : end] in ("{", "}")
            return (at + 1, "\\") if before_mask else (end, text[at:end])
        groups = {name: value for name, value in found.groupdict().items() if value is not None}
        (name, value), *_ = groups.items()
        if name == "line":
            return found.end(), ""
        if name == "named":
            return found.end(), _NAMED.get(value, value)
        if name == "N":
            import unicodedata

            try:
                return found.end(), unicodedata.lookup(value)
            except KeyError:
                return found.end(), found.group()
        code = int(value, 8 if name == "octal" else 16)
        return found.end(), chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


_SPECIAL = {
    (quote, formatted): re.compile(
        (quote if len(quote) == 3 else rf"{quote}|[\r\n]") + r"|\\" + (r"|[{}]" if formatted else "")
    )
    for quote in ("'", '"', "'''", '"""')
    for formatted in (False, True)
}


def _placeholder_end(text: str, start: int, quote: str) -> int:
    """Where the ``{...}`` ends; one that nothing closes is as long as the name in it."""
    closers: list[str] = []
    position = start
    while position < len(text):
        mark = text[position]
        if mark in _OPENING:
            closers.append(_OPENING[mark])
        elif closers and mark == closers[-1]:
            closers.pop()
            if not closers:
                return position + 1
        elif mark in "\r\n" and len(quote) == 1:
            break
        elif mark in "'\"":
            # Since Python 3.12 the literal's own quote may be in a placeholder; before, it ends the literal.
            end = re.compile(r"'(?:[^'\\\r\n]|\\.)*+'|\"(?:[^\"\\\r\n]|\\.)*+\"").match(text, position)
            if end is None or (text.startswith(quote, position) and "}" not in text[end.end() : end.end() + 200]):
                break
            position = end.end()
            continue
        position += 1
    name = re.compile(r"\{[\w.]*").match(text, start)
    return name.end() if name is not None else start + 1
