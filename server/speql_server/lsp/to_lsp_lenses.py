"""From statements, CTEs and SELECTs to code lenses."""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
from lsprotocol import types

from speql_server.lsp.positions import Encoding
from speql_server.lsp.to_lsp_text import place_behind, text_range
from speql_server.masks import certain
from speql_server.parts import Part, part_at
from speql_server.protocol import LensData
from speql_speculator.navigating.document import model_at, models_of
from speql_speculator.navigating.lenses import Lens, LensKind, lenses
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog

_MOST_STATEMENTS = 200
"""Of a document with more statements the first ones have lenses: a dump of inserts has thousands."""


def code_lenses(parts: Sequence[Part], catalog: Catalog, encoding: Encoding) -> list[types.CodeLens]:
    """The lenses of a document: those with a command, and those that say something once they are resolved."""
    statements = ((part, located) for part in parts for located in models_of(part.text, catalog))
    return [
        shown
        for part, located in islice(statements, _MOST_STATEMENTS)
        for lens in lenses(located)
        if not part.hides(lens.place)
        for shown in _shown(lens, part, catalog, encoding)
    ]


def lens_at(snapshot: Snapshot, offset: int, kind: LensKind, catalog: Catalog) -> Lens | None:
    """The lens of a kind that begins at an offset of the snapshot's SQL."""
    part = part_at(snapshot, offset)
    located = model_at(part.text, offset - part.start, catalog)
    found = lenses(located) if located is not None else ()
    return next((lens for lens in found if lens.kind == kind and lens.place.start == offset - part.start), None)


def _shown(lens: Lens, part: Part, catalog: Catalog, encoding: Encoding) -> Iterator[types.CodeLens]:
    place = text_range(lens.place, part, encoding)
    if lens.kind == "statement":
        yield types.CodeLens(place, types.Command("Run", "speql.submit", arguments=[part.uri, _wire(place.start)]))
    if lens.preview is not None:
        at = _wire(place_behind(lens.preview, part, encoding))
        yield types.CodeLens(place, types.Command("Preview", "speql.preview", arguments=[part.uri, at]))
    if lens.sql and certain(part.masks_at(lens.place.start, catalog.dialect)):
        data = LensData(
            uri=part.uri, version=part.snapshot.version, offset=part.start + lens.place.start, kind=lens.kind
        )
        yield types.CodeLens(place, data=msgspec.to_builtins(data))


def _wire(position: types.Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}
