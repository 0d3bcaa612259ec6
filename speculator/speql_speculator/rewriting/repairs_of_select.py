"""The part of a statement's repair that mends one thing in one SELECT."""

from speql_speculator.edits import Edit
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Query, Select
from speql_speculator.repair import repair
from speql_speculator.rewriting.places_in_tree import around, query_of, span_of
from speql_sql import Catalog, Span


def repairs_of_select(model: SemanticModel, span: Span, catalog: Catalog, code: str) -> tuple[Edit, ...]:
    """The edits of a code that a repair makes in the SELECT itself that a place is in, not in those in it.

    The statement is read as one that nobody is typing: nothing at its end is taken for the beginning of a word.
    """
    selects = around(model, span, Select)
    if not selects:
        # Behind the last clause of a SELECT its query goes on: ORDER BY, LIMIT.
        queries = around(model, span, Query)
        selects = [branch for query in queries[:1] for branch in query.branches if isinstance(branch, Select)][:1]
    if not selects:
        return ()
    edits = repair(model.text, catalog, len(model.text) + 1).edits
    return tuple(edit for edit in edits if edit.code == code and _is_of(model, edit, selects[0]))


def _is_of(model: SemanticModel, edit: Edit, select: Select) -> bool:
    place = Span(edit.span.start, edit.span.start)
    inner = around(model, place, Select)
    if inner:
        return inner[0] is select
    query = query_of(model, select)
    whole = span_of(model, query) if query is not None else span_of(model, select)
    return whole.touches(place.start)
