"""Something about a text that the user should know."""

from dataclasses import dataclass, replace
from typing import Literal

from speql_sql.span import Span

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that has to do with a problem, and what is there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do next. A value, never an exception.

    ``code`` is stable and machine-readable (``"unknown-table"``); ``span`` is relative to the text that the
    function was given, or None where the problem has no place. ``related`` are other places of that text.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = "error"
    hint: str = ""
    related: tuple[Related, ...] = ()

    def shifted(self, by: int) -> "Problem":
        """The same problem in a text that begins ``by`` code points earlier."""
        span = self.span.shifted(by) if self.span is not None else None
        related = tuple(Related(one.span.shifted(by), one.message) for one in self.related)
        return replace(self, span=span, related=related)

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
