"""The texts that a document is read as: all of it, or each stretch of SQL that is in something else."""

from dataclasses import dataclass

from speql_server.lsp.positions import Encoding, LineIndex, PlacedEdit, Range
from speql_server.lsp.projected_lines import lines_of
from speql_server.masks import masks_of
from speql_speculator.embedding.projection import Mask
from speql_speculator.navigating.document import statements_of
from speql_speculator.snapshot import Snapshot
from speql_speculator.statements import Statement
from speql_sql import Span


@dataclass(frozen=True, slots=True)
class Part:
    """A text that is read as one. It begins at ``start`` of its snapshot's SQL; spans and offsets are its own.

    ``lines`` are those of the whole document.
    """

    snapshot: Snapshot
    lines: LineIndex
    start: int
    text: str

    @property
    def uri(self) -> str:
        """The document that it is of."""
        return self.snapshot.uri

    def range(self, span: Span, encoding: Encoding) -> Range:
        """Where in the document a span is."""
        return self.lines.range(span.shifted(self.start), encoding)

    def stretches(self, span: Span, encoding: Encoding) -> list[Range]:
        """Where the document itself writes a span, a stretch a line: not what stands for a placeholder."""
        return self.lines.stretches(span.shifted(self.start), encoding)

    def edits(self, span: Span, new_text: str, encoding: Encoding) -> list[PlacedEdit] | None:
        """What to write in the document to put a new text in the place of a span; None where that cannot be written."""
        return self.lines.edits(span.shifted(self.start), new_text, encoding)

    def hides(self, span: Span) -> bool:
        """Whether what is there is only read there: it stands for a placeholder."""
        here = span.shifted(self.start)
        masks = self.snapshot.projection.masks if self.snapshot.projection is not None else ()
        return any(mask.span.start <= here.start and here.end <= mask.span.end for mask in masks)

    def masks_at(self, offset: int, dialect: str) -> tuple[Mask, ...]:
        """The placeholders of the statement at a place."""
        if self.snapshot.projection is None or not self.snapshot.projection.masks:
            return ()
        statements = [Statement(one.span.shifted(self.start), one.text) for one in statements_of(self.text, dialect)]
        here = next((one for one in statements if one.span.touches(offset + self.start)), None)
        return masks_of(self.snapshot, statements, here) if here is not None else ()

    def written(self, span: Span) -> str:
        """The text of a span with its placeholders as the document has them."""
        here, text = span.shifted(self.start), span.of(self.text)
        masks = self.snapshot.projection.masks if self.snapshot.projection is not None else ()
        for mask in reversed(masks):
            if here.start <= mask.span.start and mask.span.end <= here.end:
                text = text[: mask.span.start - here.start] + mask.source + text[mask.span.end - here.start :]
        return text


def parts_of(snapshot: Snapshot) -> tuple[Part, ...]:
    """All texts of a document, in its order."""
    lines = lines_of(snapshot)
    if snapshot.projection is None:
        return (Part(snapshot, lines, 0, snapshot.text),)
    regions = (region.sql for region in snapshot.projection.regions)
    return tuple(Part(snapshot, lines, sql.start, sql.of(snapshot.text)) for sql in regions)


def part_at(snapshot: Snapshot, offset: int) -> Part:
    """The text that an offset of a snapshot's SQL is in."""
    start, text = snapshot.part_at(offset)
    return Part(snapshot, lines_of(snapshot), start, text)
