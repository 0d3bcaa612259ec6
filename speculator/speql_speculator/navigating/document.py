"""The statement of a document that a place is in, with its model."""

from dataclasses import dataclass

from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.statements import split_statements, statement_at
from speql_sql import Catalog


@dataclass(frozen=True, slots=True)
class Located:
    """A statement's model, and where in the document it begins."""

    start: int
    model: SemanticModel


def model_at(text: str, offset: int, catalog: Catalog) -> Located | None:
    """The model of the statement that the offset is in, its two ends included; None between statements."""
    statement = statement_at(split_statements(text, catalog.dialect), offset)
    if statement is None or not statement.span.start <= offset <= statement.span.end:
        return None
    return Located(statement.span.start, semantic_model(statement.text, catalog))
