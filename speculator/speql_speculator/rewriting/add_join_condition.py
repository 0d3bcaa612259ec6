"""Adds the condition of a join that has none yet, by keys and names."""

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.rewriting.action import Action
from speql_speculator.rewriting.repairs_of_select import repairs_of_select
from speql_sql import Catalog, Span


def add_join_condition(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Do for the SELECT at a place what a preview does: the part of its repair that joins the tables of FROM."""
    edits = repairs_of_select(model, span, catalog, "join-condition")
    written = "; ".join(text for edit in edits if (text := edit.new_text.strip(" ()\n\t")))
    if not written:
        return None
    return Action(f"Add join condition: {written}", "quickfix", edits, ("syntax-error", "left-out"), same_rows=False)
