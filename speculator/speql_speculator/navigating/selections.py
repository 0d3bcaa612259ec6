"""What a selection grows to, step by step, along the syntax tree."""

from collections.abc import Iterator

from speql_speculator.navigating.document import model_at
from speql_speculator.navigating.pieces import tokens_and_comments
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Node
from speql_sql import Catalog, Span


def selections(text: str, offset: int, catalog: Catalog) -> tuple[Span, ...]:
    """The stretches around a place, each within the next: a word, its expression, clause, query, statement, all."""
    found = [Span(0, len(text))]
    located = model_at(text, offset, catalog)
    if located is not None:
        place = offset - located.start
        model = located.model
        around = [Span(0, len(model.text)), *_nodes(model, place), *_token(model, place)]
        found += (span.shifted(located.start) for span in around)
    nested: list[Span] = []
    for span in found:
        inside = not nested or (nested[-1].start <= span.start and span.end <= nested[-1].end)
        if inside and span.start <= offset <= span.end and (not nested or span != nested[-1]):
            nested.append(span)
    return tuple(reversed(nested))


def _nodes(model: SemanticModel, place: int) -> Iterator[Span]:
    """The nodes around a place, the outermost first; of parentheses what is in them, too."""
    node: Node | None = model.tree
    tokens = model.tokens
    while node is not None:
        span = _span(model, node)
        if span is not None:
            yield span
            opens = tokens[node.first].text in ("(", "[", "{")
            if opens and node.last - node.first > 2 and tokens[node.last - 1].text in (")", "]", "}"):
                inner = Span(tokens[node.first + 1].start, tokens[node.last - 2].end)
                if inner.start <= place <= inner.end:
                    yield inner
        node = _child(model, node, place)


def _child(model: SemanticModel, node: Node, place: int) -> Node | None:
    """The child that the place is in; of two that touch it the one that begins there."""
    found: Node | None = None
    for child in node.children():
        span = _span(model, child)
        if span is not None and span.start <= place <= span.end:
            found = child
    return found


def _span(model: SemanticModel, node: Node) -> Span | None:
    if node.last <= node.first or node.first >= len(model.tokens):
        return None
    return Span(model.tokens[node.first].start, model.tokens[min(node.last, len(model.tokens)) - 1].end)


def _token(model: SemanticModel, place: int) -> Iterator[Span]:
    """The word at the place; of a string or a quoted name then what is between the quotes."""
    found = None
    for token in tokens_and_comments(model.text, model.dialect):
        if token.start <= place <= token.end and (
            found is None or token.kind in ("word", "quoted", "string", "number")
        ):
            found = token
    if found is None:
        return
    yield Span(found.start, found.end)
    quoted = found.kind in ("string", "quoted") and not found.closer and found.text[0] in "'\"`["
    if quoted and found.end - found.start > 2:
        yield Span(found.start + 1, found.end - 1)
