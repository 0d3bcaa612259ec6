"""Which words of a query are key words: only their letters may change, never those of names."""

from collections.abc import Iterator, Sequence

from speql_speculator.formatting.style import KeywordCase
from speql_speculator.parsing.keywords import RESERVED
from speql_speculator.parsing.syntax_tree import (
    Branch,
    Call,
    Case,
    Clause,
    Cte,
    Expression,
    From,
    Group,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Source,
    Star,
    Term,
    Window,
    With,
    walk,
)
from speql_speculator.tokens import Token


def cased(tokens: Sequence[Token], tree: Query, case: KeywordCase) -> list[str]:
    """The tokens as they are written with key words in this case."""
    words = [token.text for token in tokens]
    if case == "typed":
        return words
    change = str.upper if case == "upper" else str.lower
    for index in _keywords(tokens, tree):
        if tokens[index].kind == "word":
            words[index] = change(words[index])
    return words


def _keywords(tokens: Sequence[Token], tree: Query) -> set[int]:
    found: set[int] = set()
    names: set[int] = set()
    for node in walk(tree):
        found.update(_words_of(node, tokens))
        names.update(_names_of(node, tokens))
    # Reserved words that no node tells of (in a list comprehension): a dot or AS before one makes a name of it.
    for index in range(tree.first, tree.last):
        before = tokens[index - 1].upper if index else ""
        if tokens[index].upper in RESERVED and before not in (".", "AS"):
            found.add(index)
    return found - names


def _words_of(node: Node, tokens: Sequence[Token]) -> Iterator[int]:
    """The key words that a node itself has."""
    if isinstance(node, Clause):
        yield from range(node.first, node.body_first)
        if node.name in ("frame", "range frame", "FETCH"):
            yield from range(node.first, node.last)
    elif isinstance(node, Select) and node.keyword >= 0:
        yield from range(node.keyword, min(node.head_last, node.keyword + 2))
    elif isinstance(node, From):
        yield node.first
    elif isinstance(node, Source):
        yield from range(*node.join)
        yield from (node.marker,) if node.marker >= 0 else ()
    elif isinstance(node, SelectItem) and node.marker >= 0:
        yield node.marker
    elif isinstance(node, Expression):
        yield from (connector for connector in node.connectors if connector >= 0)
    elif isinstance(node, Term):
        yield from range(node.first, node.first + node.prefix)
        for first, last in node.operators:
            yield from range(first, last)
    elif isinstance(node, With):
        yield from range(node.first, node.body_first)
    elif isinstance(node, Query):
        for operator in node.operators:
            yield from range(*operator)
    elif isinstance(node, Case):
        yield from (node.first, node.last - 1)
    elif isinstance(node, Branch):
        yield from (node.first, node.then)
    elif isinstance(node, Window) and tokens[node.first].upper == "OVER":
        yield node.first
    elif isinstance(node, Group) and len(node.inner) == 1 and node.inner[0].first == node.first:
        yield from range(node.inner[0].last, node.last)  # DESC NULLS LAST


def _names_of(node: Node, tokens: Sequence[Token]) -> Iterator[int]:
    """The words of a node that are names, or may be."""
    if isinstance(node, Reference):
        yield from node.parts
    elif isinstance(node, SelectItem):
        yield node.alias
    elif isinstance(node, Source):
        yield from (node.alias, *node.parts, *node.column_names)
        if node.call is not None and node.parts:
            yield from range(node.call.first + 1, node.call.last)  # PIVOT
    elif isinstance(node, Cte):
        yield from (node.name, *node.column_names)
    elif isinstance(node, Window):
        yield node.name
    elif isinstance(node, Call):
        # The name of a function may be the name of a column that nothing else names.
        opening = next((at for at in range(node.first, node.last) if tokens[at].text == "("), node.first)
        yield from (at for at in range(node.first, opening) if tokens[at].upper != "NOT")
    elif isinstance(node, Star) and not node.plain:
        yield from range(node.first, node.last)
