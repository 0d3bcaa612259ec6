"""Whether all names of a changed query still mean what they meant: the text is read again and compared."""

from collections.abc import Iterator

from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.navigating.symbols import Occurrence, Output, Symbol
from speql_speculator.parsing.whole_query import whole_query
from speql_speculator.rewriting.changes import Changed, Move
from speql_speculator.statements import split_statements
from speql_sql import Catalog, Span


def keeps_meaning(before: SemanticModel, change: Changed, catalog: Catalog) -> bool:
    """Whether each word that stays means the same thing of the same source, and the result has the same names.

    A thing may be there several times afterwards (a CTE that was put in where it was read), but no thing may stand for
    two that were not one: then a name was caught by another one's declaration.
    """
    after = semantic_model(change.text, catalog)
    if after.tree is None or len(split_statements(change.text, catalog.dialect)) != 1:
        return False
    whole = whole_query(before.text, before.tokens, before.dialect) is not None
    if whole and whole_query(change.text, after.tokens, after.dialect) is None:
        return False
    if not whole and any(token.upper in _NOT_UNDERSTOOD for token in before.tokens):
        return False  # the text is whole perhaps, and only we do not read it to its end
    back: dict[Symbol, Symbol] = {}
    for move in change.moves:
        for occurrence in _within(before, move.span):
            start = move.of(occurrence.span.start)
            found = after.at(start) if start is not None else None
            if found is None or found.span.start != start:
                return False
            old, new = _origin(occurrence.symbol), _origin(found.symbol)
            if not _alike(old, new) or back.setdefault(new, old) is not old:
                return False
            if not _same_source(occurrence, found, move, change):
                return False
    unknown = sum(_unresolved(before, move.span) for move in change.moves)
    if len(after.unresolved) > unknown or not _same_names(before.output, after.output):
        return False
    outputs = {symbol: output for symbol, output in after.outputs.items() if symbol in back}
    return all(
        _same_names(before.outputs[back[symbol]], output)
        for symbol, output in outputs.items()
        if back[symbol] in before.outputs
    )


_NOT_UNDERSTOOD = frozenset({"PIVOT", "UNPIVOT", "PIVOT_WIDER", "PIVOT_LONGER"})


def _within(model: SemanticModel, span: Span) -> Iterator[Occurrence]:
    """The first meaning of each name in a stretch; borrowed names are those of something else."""
    last: Span | None = None
    for occurrence in model.occurrences:
        inside = span.start <= occurrence.span.start and occurrence.span.end <= span.end
        borrowed = occurrence.symbol.borrowed and occurrence.role == "declaration"
        if inside and not borrowed and occurrence.span != last:
            last = occurrence.span
            yield occurrence


def _origin(symbol: Symbol) -> Symbol:
    """What a column is that is only passed on: by name or by a star, that is the same."""
    while symbol.borrowed and symbol.stands_for is not None:
        symbol = symbol.stands_for
    return symbol


def _alike(before: Symbol, after: Symbol) -> bool:
    """Whether two symbols can be one thing in two texts."""
    kinds = {before.kind, after.kind}
    if "table" in kinds or "column" in kinds:
        named_alike = before.name.lower() == after.name.lower()
        return before.kind == after.kind and before.table is after.table and named_alike
    return len(kinds) == 1 or kinds == {"cte", "alias"}


def _same_source(before: Occurrence, after: Occurrence, move: Move, change: Changed) -> bool:
    """Whether a column is one of the same table in FROM."""
    if before.source is None or after.source is None:
        return before.source is after.source
    place = before.source.start
    own = move.of(place)
    if own is not None:
        return after.source.start == own
    starts = {other.of(place) for other in change.moves} | {new for old, new in change.places if old == place}
    return after.source.start in starts


def _unresolved(model: SemanticModel, span: Span) -> int:
    return sum(
        span.start <= model.tokens[index].start and model.tokens[index].end <= span.end for index in model.unresolved
    )


def _same_names(before: Output, after: Output) -> bool:
    """Whether two queries have columns of the same names; of those that nothing names, of the same expressions."""
    if before.opaque != after.opaque or len(before.columns) != len(after.columns):
        return False
    return all(
        one.name == other.name and (one.name != "" or _normal(one.expression) == _normal(other.expression))
        for one, other in zip(before.columns, after.columns, strict=True)
    )


def _normal(expression: str) -> str:
    return "".join(expression.lower().split())
