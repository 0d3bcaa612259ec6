"""SQL that is written as it is, behind a magic."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from speql_speculator.embedding.jinja import has_jinja

RESULT = re.compile(r"[ \t]*(?P<name>[^\W\d]\w*)[ \t]*=?<<")
"""``rows <<``: what a magic calls its result."""

OPTION = re.compile(
    r"[ \t]*(?:(?P<flag>--?[A-Za-z][\w-]*)(?:=(?P<joined>\"[^\"\r\n]*\"|'[^'\r\n]*'|\S*))?(?=\s|$)"
    r"|(?P<connection>@\w+|\w[\w+]*://\S*|\{\{?\w+\}?\}))"
)
"""An option of a magic, or the name of a connection."""

_EMPTY_LINE = re.compile(r"[ \t]*\r?\n")


@dataclass(frozen=True, eq=False)
class PlainText:
    """SQL behind a magic.

    ``one_line`` is whether it ends with the line, ``beside_magic`` whether it begins on the magic's own. One of the
    characters ``begins_with`` has to come first, so that it is not read as part of the magic.
    """

    one_line: bool = False
    beside_magic: bool = False
    begins_with: str = ""

    def written(self, text: str) -> Iterator[str]:
        """The text itself, if it fits on the line."""
        if not (self.one_line and ("\n" in text or "\r" in text)):
            yield text

    def reads(self, host: str) -> str | None:
        """The text itself, if nothing of it would be taken for an option or a template."""
        if self.begins_with and host[:1] not in self.begins_with:
            return None
        if self.beside_magic and (RESULT.match(host) or OPTION.match(host) or _EMPTY_LINE.match(host)):
            return None
        return None if has_jinja(host) else host
