"""The statement of a document that a place is in, with its model."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.statements import Statement, split_statements
from speql_sql import Catalog, Span


@dataclass(frozen=True, slots=True)
class Located:
    """A statement's model, and where in the document it begins."""

    start: int
    model: SemanticModel


def model_at(text: str, offset: int, catalog: Catalog) -> Located | None:
    """The model of the statement that the offset is in, its two ends included; None between statements."""
    for statement in statements_of(text, catalog.dialect):
        if statement.span.start <= offset <= statement.span.end:
            return Located(statement.span.start, semantic_model(statement.text, catalog))
    return None


def models_of(text: str, catalog: Catalog, within: Span | None = None) -> Iterator[Located]:
    """The models of all statements of a document, or of those that touch a stretch of it."""
    for statement in statements_of(text, catalog.dialect):
        if within is not None and (statement.span.start > within.end or statement.span.end < within.start):
            continue
        yield Located(statement.span.start, semantic_model(statement.text, catalog))


@lru_cache(maxsize=4)
def statements_of(text: str, dialect: str) -> tuple[Statement, ...]:
    """The statements of a document, kept for the last texts asked for."""
    return split_statements(text, dialect)
