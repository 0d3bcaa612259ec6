"""The text of a query in parentheses, with the comments in it, for putting it elsewhere."""

from speql_speculator.navigating.pieces import tokens_and_comments
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Query
from speql_sql import Span


def body_parts(model: SemanticModel, query: Query) -> tuple[str, Span, str]:
    """A parenthesis, the stretch of what is in the query's parentheses, and a parenthesis.

    White space at its ends is left out; a comment that goes to the end of its line keeps that end.
    """
    opening, closing = model.tokens[query.first - 1], model.tokens[query.last]
    inner = model.text[opening.end : closing.start]
    start = opening.end + len(inner) - len(inner.lstrip())
    stretch = Span(start, start + len(inner.strip()))
    ends_in_comment = any(
        comment.end == stretch.end for comment in _comments(model) if comment.of(model.text)[:2] != "/*"
    )
    if "\n" in stretch.of(model.text) or ends_in_comment:
        return "(\n", stretch, "\n)"
    return "(", stretch, ")"


def comments_in(model: SemanticModel, span: Span) -> int:
    """How many comments begin in a stretch."""
    return sum(span.start <= comment.start < span.end for comment in _comments(model))


def _comments(model: SemanticModel) -> list[Span]:
    found = tokens_and_comments(model.text, model.dialect)
    return [Span(token.start, token.end) for token in found if token.kind == "comment"]
