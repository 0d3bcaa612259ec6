"""Where the name at a place is defined, and where else it stands."""

from dataclasses import dataclass

from speql_speculator.navigating.document import Located, model_at
from speql_speculator.navigating.symbols import Occurrence, Role
from speql_sql import Catalog, Span


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a document: where, and whether it is given or used there."""

    span: Span
    role: Role


@dataclass(frozen=True, slots=True)
class Definition:
    """From the name at ``origin`` to where it is defined."""

    origin: Span
    target: Span


def definition(text: str, offset: int, catalog: Catalog) -> Definition | None:
    """Where the name at a place of a document is defined.

    A column of a table has no place of its own in a query: the way leads to FROM, where the table is named.
    """
    found = _at(text, offset, catalog)
    if found is None:
        return None
    located, occurrence = found
    target = occurrence.symbol.declared or occurrence.source
    if target is None:
        return None
    return Definition(occurrence.span.shifted(located.start), target.shifted(located.start))


def places(text: str, offset: int, catalog: Catalog) -> tuple[Place, ...]:
    """All places of the name at a place of a document, in the order of the text; of a column those of its table."""
    found = _at(text, offset, catalog)
    if found is None:
        return ()
    located, occurrence = found
    roles: dict[Span, Role] = {}
    for other in located.model.of(occurrence.symbol):
        roles.setdefault(other.span, other.role)
    return tuple(Place(span.shifted(located.start), role) for span, role in roles.items())


def _at(text: str, offset: int, catalog: Catalog) -> tuple[Located, Occurrence] | None:
    located = model_at(text, offset, catalog)
    occurrence = located.model.at(offset - located.start) if located is not None else None
    return None if located is None or occurrence is None else (located, occurrence)
