"""SQL that is written as it is, behind a magic."""

from collections.abc import Iterator
from dataclasses import dataclass

from speql_speculator.embedding.behind_magic import NO_MAGIC, BehindMagic
from speql_speculator.embedding.jinja import has_jinja


@dataclass(frozen=True, eq=False)
class PlainText:
    """SQL behind a magic."""

    behind: BehindMagic = NO_MAGIC

    def written(self, text: str) -> Iterator[str]:
        """The text itself, if it fits on the line."""
        if not (self.behind.one_line and ("\n" in text or "\r" in text)):
            yield text

    def reads(self, host: str, behind: str = "") -> str | None:
        """The text itself, if nothing of it would be taken for an option or a template."""
        return host if self.behind.allows(host) and not has_jinja(host) else None
