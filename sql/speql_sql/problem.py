"""Something about a text that the user should know."""

from dataclasses import dataclass
from typing import Literal

from speql_sql.span import Span

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do next. A value, never an exception.

    ``code`` is stable and machine-readable (``"unknown-table"``); ``span`` is relative to the text that the
    function was given, or None where the problem has no place.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = "error"
    hint: str = ""

    @property
    def text(self) -> str:
        """Message and hint as sentences.

        >>> Problem("unknown-table", "There is no table fligths", hint="Did you mean flights?").text
        'There is no table fligths. Did you mean flights?'
        """
        return sentences(self.message, self.hint)


def sentences(message: str, hint: str) -> str:
    """A message, ended by a full stop if nothing else ends it, and the hint that may follow it."""
    ended = message if message.endswith((".", "!", "?", ":")) else f"{message}."
    return f"{ended} {hint}".rstrip()
