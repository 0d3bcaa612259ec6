"""Tables that texts make for one another: where one is made, and where it is read after that."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from speql_speculator.embedding.may_create import may_create
from speql_speculator.navigating.document import statements_of
from speql_speculator.navigating.semantic_model import semantic_model
from speql_speculator.navigating.symbols import Symbol
from speql_speculator.snapshot import Snapshot
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog, Span


@dataclass(frozen=True, slots=True)
class TablePlace:
    """A place of a table: the number of the text, and where in it. ``made``: it is made there.

    ``in_host``: the name is one of the text around the SQL (``name = duckdb.sql(...)``), and so is the span.
    """

    text: int
    span: Span
    made: bool = False
    in_host: bool = False


@dataclass(frozen=True, slots=True)
class _Named:
    place: TablePlace
    name: str
    schema: str


def made_table(texts: Sequence[Snapshot], number: int, offset: int, catalog: Catalog) -> tuple[TablePlace, ...]:
    """The places of the table that is named at an offset of one of the texts, if one of them makes it.

    The first is where it is made; the others are behind that, up to where another one of its name is made. The texts
    are in the order in which they are run: the cells of a notebook, or one document. Nothing is guessed of a table that
    none of them makes.
    """
    if not any(may_create(snapshot) for snapshot in texts):
        return ()
    here = next(_in_text(texts[number], number, catalog, at=offset), None)
    if here is None:
        return ()
    group: list[TablePlace] = []
    found = False
    for count, snapshot in enumerate(texts):
        for one in _in_text(snapshot, count, catalog, name=here.name):
            if not _same_schema(one, here, catalog):
                continue
            if one.place.made:
                if found:
                    return _if_made(group)
                group = []
            group.append(one.place)
            found = found or one.place == here.place
    return _if_made(group) if found else ()


def made_by(statement: str, dialect: str) -> str:
    """The folded name of the table or view that a statement makes; empty if it makes none.

    >>> made_by("CREATE OR REPLACE TEMP TABLE main.Early AS SELECT 1", "duckdb")
    'early'
    """
    return next((made.name for made in _created(statement, 0, 0, dialect)), "")


def _if_made(group: list[TablePlace]) -> tuple[TablePlace, ...]:
    return tuple(group) if group and group[0].made else ()


def _in_text(
    snapshot: Snapshot, number: int, catalog: Catalog, *, name: str = "", at: int | None = None
) -> Iterator[_Named]:
    """The tables that a text names, in the order in which it is run: what a statement reads is before what it makes.

    Only those of a ``name``, or only those ``at`` an offset: other statements are not read.
    """
    for start, text, result in _parts(snapshot):
        for statement in statements_of(text, catalog.dialect):
            place = start + statement.span.start
            if at is not None and not statement.span.shifted(start).touches(at):
                continue
            if name not in statement.text.lower():
                continue
            for occurrence in semantic_model(statement.text, catalog).occurrences:
                if occurrence.symbol.kind == "table":
                    folded, schema = _of_symbol(occurrence.symbol)
                    named = _Named(TablePlace(number, occurrence.span.shifted(place)), folded, schema)
                    if _is_wanted(named, name, at):
                        yield named
            yield from (
                one for one in _created(statement.text, place, number, catalog.dialect) if _is_wanted(one, name, at)
            )
        if at is None and result.lower() == name:
            yield from _result(snapshot, start, result, number)


def _is_wanted(named: _Named, name: str, at: int | None) -> bool:
    return named.place.span.touches(at) if at is not None else named.name == name


def _parts(snapshot: Snapshot) -> Iterator[tuple[int, str, str]]:
    """Each text that is read as one: where it begins, the text, and what its result is called."""
    if snapshot.projection is None:
        yield 0, snapshot.text, ""
        return
    for region in snapshot.projection.regions:
        yield region.sql.start, region.sql.of(snapshot.text), region.name


def _of_symbol(symbol: Symbol) -> tuple[str, str]:
    return symbol.name.lower(), symbol.table.schema.lower() if symbol.table is not None else ""


def _same_schema(one: _Named, other: _Named, catalog: Catalog) -> bool:
    """Whether two tables of one name are one, by what is written or known of their schemas."""
    usual = catalog.path[0][1].lower() if catalog.path else ""
    return (one.schema or usual) == (other.schema or usual)


def _created(statement: str, start: int, number: int, dialect: str) -> Iterator[_Named]:
    """The table or view that a statement makes."""
    if statement[:6].upper() != "CREATE":
        return
    tokens = tokenize(statement, dialect)
    words = [token.upper for token in tokens[:8]]
    at = next((index for index, word in enumerate(words) if word not in _BEFORE), len(words))
    if words[at : at + 1] not in (["TABLE"], ["VIEW"]):
        return
    at += 1
    if words[at : at + 3] == ["IF", "NOT", "EXISTS"]:
        at += 3
    parts = list(_name(tokens[at:]))
    if parts:
        last = parts[-1]
        schema = parts[-2].name.lower() if len(parts) > 1 else ""
        place = TablePlace(number, Span(last.start, last.end).shifted(start), made=True)
        yield _Named(place, last.name.lower(), schema)


def _name(tokens: Sequence[Token]) -> Iterator[Token]:
    """The parts of the name that the tokens begin with."""
    for index in range(0, len(tokens), 2):
        if tokens[index].kind not in ("word", "quoted"):
            return
        yield tokens[index]
        if index + 1 >= len(tokens) or tokens[index + 1].text != ".":
            return


def _result(snapshot: Snapshot, start: int, name: str, number: int) -> Iterator[_Named]:
    """The name that the host gives the result of a region: the last word of its kind before the region."""
    projection = snapshot.projection
    region = projection.region_at(start) if projection is not None else None
    if not name or projection is None or region is None:
        return
    words = list(re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", projection.host[: region.host.start]))
    span = Span(*words[-1].span()) if words else region.host
    yield _Named(TablePlace(number, span, made=True, in_host=True), name.lower(), "")


_BEFORE = frozenset(
    ("CREATE", "OR", "REPLACE", "TEMP", "TEMPORARY", "GLOBAL", "LOCAL", "UNLOGGED", "RECURSIVE", "MATERIALIZED")
)
"""What may stand before TABLE and VIEW."""
