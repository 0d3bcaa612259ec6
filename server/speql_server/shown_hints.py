"""The hints of a document that lie in what the editor shows, with their places; what they say is learnt elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsprotocol import types

from speql_server.lsp.positions import Encoding
from speql_server.lsp.to_lsp_text import place_behind
from speql_server.masks import certain
from speql_server.parts import Part
from speql_speculator.navigating.document import Located, models_of
from speql_speculator.navigating.hints import ColumnHints, Hint, TableHint, hints
from speql_sql import Catalog, Span


@dataclass(frozen=True, slots=True)
class ShownHint:
    """A hint, and the places to write it: behind each item of a SELECT list, or behind a name."""

    hint: Hint
    places: tuple[types.Position, ...]


def shown_hints(parts: Sequence[Part], catalog: Catalog, within: Span, encoding: Encoding) -> list[ShownHint]:
    """The hints of the statements that touch a stretch of the snapshot's SQL, in the order of the text.

    Of a statement with a placeholder of which the value is not known, types and rows of CTEs are not told.
    """
    return [
        ShownHint(hint, tuple(place_behind(offset, part, encoding) for offset in _offsets(hint)))
        for part in parts
        for located in models_of(part.text, catalog, within.shifted(-part.start))
        for hint in _of_statement(part, located, catalog)
    ]


def _offsets(hint: Hint) -> list[int]:
    return [item.end for item in hint.items] if isinstance(hint, ColumnHints) else [hint.span.end]


def _of_statement(part: Part, located: Located, catalog: Catalog) -> Iterator[Hint]:
    sure = certain(part.masks_at(located.start, catalog.dialect))
    for hint in hints(located):
        if sure or (isinstance(hint, TableHint) and not part.hides(hint.span)):
            yield hint
