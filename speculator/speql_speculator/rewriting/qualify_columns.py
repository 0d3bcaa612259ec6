"""Puts the name of its table before a column, or before all columns of a SELECT."""

from collections.abc import Iterable, Iterator

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.navigating.symbols import Occurrence
from speql_speculator.parsing.syntax_tree import Expression, Reference, Select, Source, walk
from speql_speculator.rewriting.action import Action
from speql_speculator.rewriting.changes import Change, changed
from speql_speculator.rewriting.keeps_meaning import keeps_meaning
from speql_speculator.rewriting.places_in_tree import (
    around,
    nameless_items,
    names_in_from,
    own_references,
    span_of,
)
from speql_sql import Catalog, Span


def qualify_column(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Qualify the column at a place."""
    for reference in around(model, span, Reference):
        for place, qualifier in _qualifiers(model, [reference]):
            change = changed(model.text, [_change(place, qualifier)], "The table of the column")
            if keeps_meaning(model, change, catalog):
                name = span_of(model, reference).of(model.text)
                return Action(f"Qualify {name} as {qualifier}.{name}", "refactor.rewrite", change.edits)
    return None


def qualify_select(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Qualify the columns of the SELECT at a place; those of the queries in it stay as they are."""
    for select in around(model, span, Select)[:1]:
        found = sorted(_qualifiers(model, own_references(model, select)))
        change = changed(model.text, [_change(*one) for one in found], "The tables of the columns")
        if found and keeps_meaning(model, change, catalog):
            return Action("Qualify the columns of this SELECT", "refactor.rewrite", change.edits)
    return None


def _change(place: int, qualifier: str) -> Change:
    return Change(Span(place, place), (f"{qualifier}.",))


def _qualifiers(model: SemanticModel, references: Iterable[Reference]) -> Iterator[tuple[int, str]]:
    """Where which qualifier can be put, for those references that are columns and have none.

    Left out is what would get another meaning or name: a column that USING or NATURAL JOIN made of two, and what is in
    an expression that nothing names, since the engine names its column by the text.
    """
    if model.tree is None:
        return
    first_meanings: dict[int, Occurrence] = {}
    for occurrence in model.occurrences:
        first_meanings.setdefault(occurrence.span.start, occurrence)
    qualifiers = names_in_from(model)
    merged: set[str] = set()
    for source in walk(model.tree):
        if isinstance(source, Source):
            if "NATURAL" in source.kind:
                return
            if source.using is not None:
                merged.update(
                    model.tokens[part].name.lower()
                    for node in walk(source.using)
                    if isinstance(node, Reference)
                    for part in node.parts
                )
    shown = [item for item in nameless_items(model) if _shows_its_text(item.expression, model)]
    columns = {column.lower() for scope in model.scopes.values() for one in scope.relations for column in one.columns}
    for reference in references:
        name = model.tokens[reference.parts[0]]
        found = first_meanings.get(name.start)
        if found is None or found.source is None or name.name.lower() in merged or reference.dangling:
            continue
        if found.symbol.kind not in ("column", "output"):
            continue
        qualifier = qualifiers.get(found.source.start)
        if qualifier is None or any(item.first <= reference.first < item.last for item in shown):
            continue
        if qualifier.strip('"`[]').lower() not in columns:
            yield name.start, qualifier


def _shows_its_text(expression: Expression, model: SemanticModel) -> bool:
    """Whether a column's name is the text of its expression: not so if that is a column alone."""
    references = [node for node in walk(expression) if isinstance(node, Reference)]
    alone = span_of(model, expression).of(model.text).strip("() \t\r\n")
    return len(references) != 1 or alone != span_of(model, references[0]).of(model.text)
