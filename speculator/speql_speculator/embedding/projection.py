"""The SQL of a document that holds it in something else, with each place of it in the document and back."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from speql_speculator.embedding.container import Container
from speql_speculator.embedding.fragment import Certainty, Fragment
from speql_speculator.embedding.placeholders import stand_ins
from speql_sql import Span

SEPARATOR = "\n;\n"
"""Between two regions, so that whoever splits the whole text into statements does not join what is apart."""

_PLAIN = re.compile(r"[^\W\d][\w ]*")
_BEHIND_A_WORD = re.compile(r"\S\s")

_LONGEST_ESCAPE = 64


@dataclass(frozen=True, slots=True)
class Draft:
    """A region before it has its place in the SQL: its stretch of the host, and the fragments that cover it."""

    host: Span
    fragments: tuple[Fragment, ...]
    container: Container
    name: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the host whose SQL is one text. ``name`` is what later SQL may call its result, or empty."""

    host: Span
    sql: Span
    container: Container
    name: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A fragment with its place in the SQL."""

    fragment: Fragment
    sql: Span

    @property
    def host(self) -> Span:
        """Its place in the host."""
        return self.fragment.host

    @property
    def verbatim(self) -> bool:
        """Whether its characters are the host's own, one by one."""
        return self.fragment.kind == "verbatim"


@dataclass(frozen=True, slots=True)
class Mask:
    """A placeholder of the host, where it is in the SQL and what stands for it there."""

    span: Span
    source: str
    stand_in: str
    certainty: Certainty
    meaning: str


@dataclass(frozen=True, slots=True)
class HostEdit:
    """An edit of the host."""

    span: Span
    new_text: str


class Projection:
    """The SQL of a host text, and the way from each to the other.

    A region's pieces cover its stretch of the host and its stretch of the SQL without gaps, both in the same order. So
    each offset of the SQL has a place in the host, and an edit of the SQL is one of the pieces that it touches; what
    is removed or masked is never written over. An edit that cannot be told exactly is None.
    """

    def __init__(self, host: str, drafts: Sequence[Draft]) -> None:
        self.host = host
        texts: list[str] = []
        regions: list[Region] = []
        pieces: list[Piece] = []
        masks: list[Mask] = []
        offset = 0
        for draft in drafts:
            if regions:
                texts.append(SEPARATOR)
                offset += len(SEPARATOR)
            start = offset
            for fragment, text in zip(draft.fragments, _texts(host, draft.fragments), strict=True):
                span = Span(offset, offset + len(text))
                pieces.append(Piece(fragment, span))
                if fragment.kind == "mask":
                    masks.append(Mask(span, fragment.host.of(host), text, fragment.certainty, fragment.meaning))
                texts.append(text)
                offset = span.end
            regions.append(Region(draft.host, Span(start, offset), draft.container, draft.name))
        self.sql = "".join(texts)
        self.regions = tuple(regions)
        self.pieces = tuple(pieces)
        self.masks = tuple(masks)

    def region_at(self, offset: int) -> Region | None:
        """The region that holds an offset of the SQL; between two it is the one before."""
        at = bisect_right(self._region_starts, offset) - 1
        return self.regions[at] if at >= 0 else None

    def to_host(self, offset: int, *, before: bool = True) -> int:
        """The host's place of an offset of the SQL. Where pieces meet it is the end of the one ``before`` or the start
        of the next: where text is put in, and where a span begins.
        """
        region = self.region_at(offset)
        if region is None:
            return 0
        offset = min(offset, region.sql.end)
        filled = self._filled
        if before:
            at = bisect_left(self._filled_ends, offset)
            inside = at < len(filled) and filled[at].sql.start < offset
        else:
            at = bisect_right(self._filled_starts, offset) - 1
            inside = at >= 0 and offset < filled[at].sql.end
        if not inside or not region.sql.start <= filled[at].sql.start < region.sql.end:
            return region.host.start if before else region.host.end
        piece = filled[at]
        if piece.verbatim:
            return piece.host.start + offset - piece.sql.start
        return piece.host.end if offset == piece.sql.end else piece.host.start

    def host_span(self, span: Span) -> Span:
        """The host's stretch of a span of the SQL."""
        if span.start >= span.end:
            place = self.to_host(span.start)
            return Span(place, place)
        start, end = self.to_host(span.start, before=False), self.to_host(span.end)
        return Span(start, max(start, end))

    def stretches(self, span: Span) -> tuple[Span, ...]:
        """The host's own stretches of a span of the SQL, in order: without masks and what is no SQL between them."""
        low = bisect_right(self._filled_ends, span.start)
        high = bisect_left(self._filled_starts, span.end)
        found: list[Span] = []
        for piece in self._filled[low:high]:
            if piece.fragment.kind not in ("verbatim", "escape"):
                continue
            start, end = piece.host.start, piece.host.end
            if piece.verbatim:
                start += max(span.start - piece.sql.start, 0)
                end -= max(piece.sql.end - span.end, 0)
            if found and found[-1].end == start:
                start = found.pop().start
            found.append(Span(start, end))
        return tuple(found)

    def to_sql(self, host_offset: int) -> int | None:
        """The offset of the SQL at a place of the host; None where that is no SQL."""
        at = bisect_right(self._host_starts, host_offset) - 1
        if at < 0 or host_offset > self.regions[at].host.end:
            return None
        region = self.regions[at]
        at = bisect_right(self._piece_host_starts, host_offset) - 1
        if at < 0 or self.pieces[at].host.start < region.host.start:
            return region.sql.start
        piece = self.pieces[at]
        if piece.verbatim:
            return min(piece.sql.start + host_offset - piece.host.start, piece.sql.end)
        if host_offset >= piece.host.end:
            return piece.sql.end
        inside = host_offset > piece.host.start
        return None if inside and piece.fragment.kind in ("removed", "mask") else piece.sql.start

    def mask_at(self, host_offset: int) -> Mask | None:
        """The placeholder that is written at a place of the host."""
        at = bisect_right(self._piece_host_starts, host_offset) - 1
        piece = self.pieces[at] if at >= 0 else None
        if piece is None or piece.fragment.kind != "mask" or host_offset >= piece.host.end:
            return None
        return next((mask for mask in self.masks if mask.span == piece.sql), None)

    def nearest(self, host_offset: int) -> int:
        """The offset of the SQL at a place of the host, or else of the nearest SQL before it, or of the first."""
        found = self.to_sql(host_offset)
        if found is not None:
            return found
        at = bisect_right(self._piece_host_starts, host_offset) - 1
        if at < 0:
            return 0
        return self.pieces[at].sql.start if host_offset < self.pieces[at].host.end else self.pieces[at].sql.end

    def edits(self, span: Span, new_text: str) -> tuple[HostEdit, ...] | None:
        """The edits of the host, one a container, after which its SQL is the one with ``span`` replaced; or None."""
        region = self.region_at(span.start)
        if region is None or span.end > region.sql.end:
            return None
        touched = self._touched(region, span)
        if any(piece.fragment.kind == "mask" for piece in touched):
            return None
        if (direct := self._direct(region, touched, span, new_text)) is not None:
            return (direct,)
        if not touched:
            return self._inserted(region, span.start, new_text)
        edits: list[HostEdit] = []
        for run in _runs(touched):
            start, end = max(run[0].sql.start, span.start), min(run[-1].sql.end, span.end)
            text = new_text if not edits else ""
            edit = self._written(region, run[0].fragment.container or region.container, run, Span(start, end), text)
            if edit is None:
                return None
            edits.append(edit)
        return tuple(edits)

    # -- how an edit is written ------------------------------------------------------------------------------------

    def _direct(self, region: Region, touched: Sequence[Piece], span: Span, new_text: str) -> HostEdit | None:
        """The edit of a plain word in plain text, which needs no check: a completion list has thousands."""
        if _PLAIN.fullmatch(new_text) is None or len(touched) > 1 or any(not piece.verbatim for piece in touched):
            return None
        host = self.host_span(span)
        container = self._container_at(region, span.start) if not touched else touched[0].fragment.container
        if container is None or _BEHIND_A_WORD.search(self.host, region.host.start, host.start) is None:
            return None  # the first word may become one of the magic before it
        if "\\" in self.host[max(host.start - _LONGEST_ESCAPE, 0) : host.start]:
            return None
        return HostEdit(host, new_text)

    def _container_at(self, region: Region, offset: int) -> Container:
        """The container of what is put in at an offset: that of the piece before."""
        at = bisect_left(self._filled_ends, offset)
        if at < len(self._filled) and region.sql.start <= self._filled[at].sql.start < offset:
            return self._filled[at].fragment.container or region.container
        return region.container

    def _inserted(self, region: Region, offset: int, new_text: str) -> tuple[HostEdit, ...] | None:
        place, span = self.to_host(offset), Span(offset, offset)
        container = self._container_at(region, offset)
        edit = self._checked(container, span, Span(place, place), new_text, new_text)
        edit = edit or self._rewritten(region, container, span, new_text)
        return (edit,) if edit is not None else None

    def _written(
        self, region: Region, container: Container, run: Sequence[Piece], span: Span, new_text: str
    ) -> HostEdit | None:
        """An edit of the pieces of a run: escapes that it cuts are written anew."""
        first, last = run[0], run[-1]
        head = "" if first.verbatim else self.sql[first.sql.start : span.start]
        tail = "" if last.verbatim else self.sql[span.end : last.sql.end]
        start = first.host.start + (span.start - first.sql.start if first.verbatim else 0)
        end = last.host.start + span.end - last.sql.start if last.verbatim else last.host.end
        edit = self._checked(container, span, Span(start, end), new_text, head + new_text + tail)
        return edit or self._rewritten(region, container, span, new_text)

    def _rewritten(self, region: Region, container: Container, span: Span, new_text: str) -> HostEdit | None:
        """The edit with everything between two masks written anew: beside some escapes nothing else will do."""
        writable = [
            piece for piece in self._container_pieces(container) if piece.fragment.kind in ("verbatim", "escape")
        ]
        for run in _runs(writable):
            first, last = run[0], run[-1]
            if first.sql.start <= span.start and span.end <= last.sql.end:
                text = self.sql[first.sql.start : span.start] + new_text + self.sql[span.end : last.sql.end]
                return self._checked(container, span, Span(first.host.start, last.host.end), new_text, text)
        return None

    def _checked(self, container: Container, span: Span, host: Span, new_text: str, written: str) -> HostEdit | None:
        """The edit of the host in the first way of writing it that reads as it should."""
        pieces = self._container_pieces(container)
        start, end = (pieces[0].host.start, pieces[-1].host.end) if pieces else (host.start, host.end)
        wanted = "".join(self._edited(pieces, span, new_text))
        for text in container.written(written):
            edited = self.host[start : host.start] + text + self.host[host.end : end]
            if container.reads(edited, self.host[end : end + 2]) == wanted:
                return HostEdit(host, text)
        return None

    def _edited(self, pieces: Sequence[Piece], span: Span, new_text: str) -> Iterator[str]:
        """What the pieces say with the span replaced, masks as they are written.

        The new text goes behind the last piece that begins before the span, where `to_host` puts it, too.
        """
        behind = next((piece for piece in reversed(pieces) if piece.sql.start < span.start), None)
        if behind is None:
            yield new_text
        for piece in pieces:
            if piece.fragment.kind == "mask":
                yield piece.host.of(self.host)
            else:
                yield self.sql[piece.sql.start : max(min(piece.sql.end, span.start), piece.sql.start)]
            if piece is behind:
                yield new_text
            if piece.fragment.kind != "mask":
                yield self.sql[min(max(piece.sql.start, span.end), piece.sql.end) : piece.sql.end]

    def _touched(self, region: Region, span: Span) -> list[Piece]:
        """The pieces that an edit of the span writes; those that it only lies inside of, if they are not verbatim."""
        low = bisect_right(self._filled_ends, span.start)
        high = bisect_left(self._filled_starts, max(span.end, span.start))
        touched = [piece for piece in self._filled[low:high] if piece.sql.end <= region.sql.end]
        return touched if span.start < span.end else [piece for piece in touched if not piece.verbatim]

    def _container_pieces(self, container: Container) -> list[Piece]:
        return self._pieces_by_container.get(id(container), [])

    @cached_property
    def _pieces_by_container(self) -> dict[int, list[Piece]]:
        found: dict[int, list[Piece]] = {}
        for piece in self.pieces:
            if piece.fragment.container is not None:
                found.setdefault(id(piece.fragment.container), []).append(piece)
        return found

    @cached_property
    def _filled(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.sql.start < piece.sql.end]

    @cached_property
    def _filled_starts(self) -> list[int]:
        return [piece.sql.start for piece in self._filled]

    @cached_property
    def _filled_ends(self) -> list[int]:
        return [piece.sql.end for piece in self._filled]

    @cached_property
    def _region_starts(self) -> list[int]:
        return [region.sql.start for region in self.regions]

    @cached_property
    def _host_starts(self) -> list[int]:
        return [region.host.start for region in self.regions]

    @cached_property
    def _piece_host_starts(self) -> list[int]:
        return [piece.host.start for piece in self.pieces]


def _texts(host: str, fragments: Sequence[Fragment]) -> list[str]:
    """The SQL of each fragment, with the stand-ins of the masks that the words around them decide."""
    texts = [fragment.host.of(host) if fragment.kind == "verbatim" else fragment.text for fragment in fragments]
    if None not in texts:
        return [text or "" for text in texts]
    sources = [fragment.host.of(host) if text is None else "" for fragment, text in zip(fragments, texts, strict=True)]
    return stand_ins(texts, sources)


def _runs(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces in groups that lie side by side in the host and in one container."""
    runs: list[list[Piece]] = []
    for piece in pieces:
        last = runs[-1][-1] if runs else None
        if last is None or last.host.end != piece.host.start or last.fragment.container is not piece.fragment.container:
            runs.append([])
        runs[-1].append(piece)
    return runs
