"""Adds to GROUP BY what is selected beside aggregates and missing there."""

from speql_speculator.edits import Edit
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.rewriting.action import Action
from speql_speculator.rewriting.repairs_of_select import repairs_of_select
from speql_sql import Catalog, Span


def add_to_group_by(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Do for the SELECT at a place what a preview does: the part of its repair that completes GROUP BY."""
    edits = repairs_of_select(model, span, catalog, "group-by-added")
    if not edits:
        return None
    return Action(f"Add {_added(edits)} to GROUP BY", "quickfix", edits, ("not-grouped",), same_rows=False)


def _added(edits: tuple[Edit, ...]) -> str:
    """What the edits add, without the words around it."""
    text = " ".join(edit.new_text for edit in edits).strip(" ,\n\t")
    words = text.split(maxsplit=2)
    return words[2] if [word.upper() for word in words[:2]] == ["GROUP", "BY"] and len(words) > 2 else text
