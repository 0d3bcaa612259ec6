"""Where SQL begins behind a magic, and what there would be taken for part of the magic."""

import re
from dataclasses import dataclass

RESULT = re.compile(r"[ \t]*(?P<name>[^\W\d]\w*)[ \t]*=?<<")
"""``rows <<``: what a magic calls its result."""

OPTION = re.compile(
    r"[ \t]*(?:(?P<flag>--?[A-Za-z][\w-]*)(?:=(?P<joined>\"[^\"\r\n]*\"|'[^'\r\n]*'|\S*))?(?=\s|$)"
    r"|(?P<connection>@\w+|\w[\w+]*://\S*|\{\{?\w+\}?\}))"
)
"""An option of a magic, or the name of a connection."""

_EMPTY_LINE = re.compile(r"[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class BehindMagic:
    """How a text of SQL has to begin so that it is not read as part of the magic before it.

    ``beside`` is whether it begins on the magic's own line, ``one_line`` whether it ends there, too. One of the
    characters ``begins_with``, if there are any, has to come first.
    """

    beside: bool = False
    one_line: bool = False
    begins_with: str = ""

    def allows(self, text: str) -> bool:
        """Whether the text stands apart from the magic."""
        if self.one_line and not text.strip():
            return False  # a magic alone on its line takes the lines after it
        if self.begins_with and text[:1] not in self.begins_with:
            return False
        return not (self.beside and (RESULT.match(text) or OPTION.match(text) or _EMPTY_LINE.match(text)))


NO_MAGIC = BehindMagic()
