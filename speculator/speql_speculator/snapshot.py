"""The text of a document at one version."""

from dataclasses import dataclass, field

from speql_speculator.embedding.projection import Projection


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document's text at one version, with the cursor. ``cursor`` is an offset in code points, None if not known.

    Of a document that holds SQL in something else, ``text`` is the SQL and ``projection`` the way to the document.
    """

    uri: str
    version: int
    text: str
    cursor: int | None = None
    projection: Projection | None = field(default=None, compare=False, repr=False)

    def part_at(self, offset: int) -> tuple[int, str]:
        """Where the text begins that is read as one at an offset, and that text: the whole, or one of its regions."""
        region = self.projection.region_at(offset) if self.projection is not None else None
        return (region.sql.start, region.sql.of(self.text)) if region is not None else (0, self.text)
