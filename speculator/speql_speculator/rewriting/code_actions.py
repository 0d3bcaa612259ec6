"""All that can be done with the statement at a place."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from speql_speculator.edits import Edit
from speql_speculator.navigating.document import model_at
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.rewriting.action import Action, ActionKind
from speql_speculator.rewriting.add_join_condition import add_join_condition
from speql_speculator.rewriting.add_to_group_by import add_to_group_by
from speql_speculator.rewriting.expand_star import expand_star
from speql_speculator.rewriting.extract_cte import extract_cte
from speql_speculator.rewriting.inline_cte import inline_cte
from speql_speculator.rewriting.qualify_columns import qualify_column, qualify_select
from speql_sql import Catalog, Span

_Rewriting = Callable[[SemanticModel, Span, Catalog], Action | None]

_REWRITINGS: tuple[tuple[ActionKind, _Rewriting], ...] = (
    ("quickfix", add_to_group_by),
    ("quickfix", add_join_condition),
    ("refactor.rewrite", qualify_column),
    ("refactor.rewrite", qualify_select),
    ("refactor.rewrite", expand_star),
    ("refactor.extract", extract_cte),
    ("refactor.inline", inline_cte),
)


def code_actions(text: str, span: Span, catalog: Catalog, kinds: Collection[ActionKind]) -> tuple[Action, ...]:
    """What can be done at a place of a document, or with what is selected there; edits count from its start.

    A selection that goes over the end of a statement is about none. A catalog that is not certain proves nothing: with
    one there are no refactorings. Never raises, on any text.
    """
    return tuple(_actions(text, span, catalog, kinds))


def _actions(text: str, span: Span, catalog: Catalog, kinds: Collection[ActionKind]) -> Iterator[Action]:
    located = model_at(text, span.start, catalog)
    if located is None:
        return
    statement = Span(located.start, located.start + len(located.model.text))
    if span.end > statement.end:
        return
    inside = span.shifted(-located.start)
    for kind, rewriting in _REWRITINGS:
        if kind in kinds and (kind == "quickfix" or catalog.certain):
            action = rewriting(located.model, inside, catalog)
            if action is not None:
                edits = tuple(_shifted(edit, located.start) for edit in action.edits)
                yield replace(action, edits=edits, statement=statement)


def _shifted(edit: Edit, by: int) -> Edit:
    return replace(edit, span=edit.span.shifted(by))
