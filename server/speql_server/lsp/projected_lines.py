"""Places in a document for offsets in its SQL: the one way by which features reach a document that is not all SQL."""

from speql_server.lsp.positions import Encoding, LineIndex, PlacedEdit, Range, line_index, on_each_line
from speql_speculator.embedding.projection import Mask, Projection
from speql_speculator.snapshot import Snapshot
from speql_sql import Span


def lines_of(snapshot: Snapshot) -> LineIndex:
    """The lines of the document that a snapshot is of; takes and gives offsets of the snapshot's text."""
    return line_index(snapshot.text) if snapshot.projection is None else ProjectedLines(snapshot.projection)


class ProjectedLines(LineIndex):
    """The lines of a host, for offsets of its SQL."""

    def __init__(self, projection: Projection) -> None:
        known = line_index(projection.host)
        self.text, self._first, self._rest = known.text, known._first, known._rest
        self._projection = projection

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and character in the host of an offset of the SQL."""
        return super().position(self._projection.to_host(offset), encoding)

    def range(self, span: Span, encoding: Encoding) -> Range:
        """The host's stretch of a span of the SQL."""
        return self.host_range(self._projection.host_span(span), encoding)

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """The offset of the SQL at a place of the host, or else of the nearest SQL before it."""
        return self._projection.nearest(super().offset(line, character, encoding))

    def offset_inside(self, line: int, character: int, encoding: Encoding) -> int | None:
        """The offset of the SQL at a place of the host; None where that is no SQL."""
        return self._projection.to_sql(super().offset(line, character, encoding))

    def mask_at(self, line: int, character: int, encoding: Encoding) -> Mask | None:
        """The placeholder that is written at a place of the host."""
        return self._projection.mask_at(super().offset(line, character, encoding))

    def stretches(self, span: Span, encoding: Encoding) -> list[Range]:
        """Where the host itself writes a span of the SQL, a stretch a line: not what stands for a placeholder."""
        written = self._projection.stretches(span)
        return [self.host_range(part, encoding) for one in written for part in on_each_line(one, self.text)]

    def edits(self, span: Span, new_text: str, encoding: Encoding) -> list[PlacedEdit] | None:
        """What to write in the host to put a new text in the place of a span of its SQL; None if that cannot be."""
        edits = self._projection.edits(span, new_text)
        if edits is None:
            return None
        return [PlacedEdit(self.host_range(edit.span, encoding), edit.new_text) for edit in edits]

    def host_range(self, span: Span, encoding: Encoding) -> Range:
        """Where a span of the host's own text begins and ends."""
        return super().position(span.start, encoding), super().position(span.end, encoding)
