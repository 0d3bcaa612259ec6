"""Where the parts of a query are: what is around a place, and what the text of a node is."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Node, Query, Reference, Select, SelectItem, Source, walk
from speql_speculator.resolving.analysis import local_nodes
from speql_sql import Span

N = TypeVar("N", bound=Node)


def span_of(model: SemanticModel, node: Node) -> Span:
    """The stretch of the statement that a node is."""
    return span_between(model, node.first, node.last)


def span_between(model: SemanticModel, first: int, last: int) -> Span:
    """The stretch of the tokens from ``first`` up to ``last``."""
    tokens = model.tokens
    if last <= first or first >= len(tokens):
        place = tokens[first].start if first < len(tokens) else len(model.text)
        return Span(place, place)
    return Span(tokens[first].start, tokens[min(last, len(tokens)) - 1].end)


def around(model: SemanticModel, span: Span, kind: type[N]) -> list[N]:
    """The nodes of a kind that a stretch lies in, their two ends included, the innermost first."""
    if model.tree is None:
        return []
    found = [
        node
        for node in walk(model.tree)
        if isinstance(node, kind) and (outer := span_of(model, node)).start <= span.start and span.end <= outer.end
    ]
    return sorted(found, key=lambda node: node.last - node.first)


def query_of(model: SemanticModel, select: Select) -> Query | None:
    """The query that a SELECT is the only branch of: its ORDER BY names the SELECT's columns, too."""
    if model.tree is None:
        return None
    nodes = (node for node in walk(model.tree) if isinstance(node, Query))
    return next((query for query in nodes if len(query.branches) == 1 and query.branches[0] is select), None)


def own_references(model: SemanticModel, select: Select) -> Iterator[Reference]:
    """The references of a SELECT itself, not of the queries in it; names that USING lists are none."""
    query = query_of(model, select)
    nodes: Sequence[Node] = [select, *(query.clauses if query is not None else ())]
    listed: set[Node] = set()
    for node in nodes:
        for found in local_nodes(node):
            if isinstance(found, Source) and found.using is not None:
                listed.update(local_nodes(found.using))
    for node in nodes:
        yield from (found for found in local_nodes(node) if isinstance(found, Reference) and found not in listed)


def names_in_from(model: SemanticModel) -> dict[int, str]:
    """What may qualify the columns of each source of FROM, as it is written, by its place."""
    found: dict[int, str] = {}
    for source in walk(model.tree) if model.tree is not None else ():
        if isinstance(source, Source):
            token = source.alias if source.alias >= 0 else source.parts[-1] if source.parts else -1
            if token >= 0:
                found[model.tokens[token].start] = model.tokens[token].text
    return found


def nameless_items(model: SemanticModel) -> Iterator[SelectItem]:
    """Expressions of SELECT lists that nothing names: engines name their columns by their text."""
    if model.tree is None:
        return
    for node in walk(model.tree):
        if isinstance(node, SelectItem) and node.alias < 0:
            yield node


def first_word(model: SemanticModel, word: str) -> str:
    """A key word in the letters of the statement."""
    written = next((token.text for token in model.tokens if token.kind == "word"), word)
    return word.lower() if written.islower() else word
