"""Reads a query only if it is whole: nothing has to be put in or left out."""

from collections.abc import Sequence

from speql_speculator.parsing.clauses import ClauseParser
from speql_speculator.parsing.query_start import query_start
from speql_speculator.parsing.syntax_tree import (
    Call,
    Case,
    Clause,
    Expression,
    Group,
    Items,
    Missing,
    Query,
    Term,
    walk,
)
from speql_speculator.parsing.token_reader import TooDeepError
from speql_speculator.tokens import Token

_MOST_TOKENS = 20_000


def whole_query(text: str, tokens: Sequence[Token], dialect: str) -> Query | None:
    """The tree of the query that a statement is, or has at its end; None if anything is missing or left over.

    ``tokens`` are without comments, as ``dialect`` reads them. A statement that is not understood to its end
    has no tree either.
    """
    start = query_start(tokens)
    if start is None or len(tokens) > _MOST_TOKENS or any(token.closer for token in tokens):
        return None
    parser = ClauseParser(tokens, text, len(text) + 1, dialect=dialect)
    parser.position = start
    try:
        tree = parser.statement()
    except (TooDeepError, RecursionError):
        return None
    return tree if not parser.strays and _is_whole(tree, tokens, parser.last_commas) else None


def _is_whole(tree: Query, tokens: Sequence[Token], commas: set[int]) -> bool:
    """Whether nothing is missing in a tree; behind ``commas`` nothing has to stand."""
    nothing: set[int] = set()
    for node in walk(tree):
        if id(node) in nothing:
            continue
        if isinstance(node, Items) and (node.last_comma >= 0 or {*node.separators[-1:]} & commas):
            nothing |= {id(part) for part in walk(node.elements[-1])}
        if getattr(node, "closer", "") or getattr(node, "add", ""):
            return False
        if node.fault is not None and not (isinstance(node, Call) and node.empty):
            return False  # a function may be called with nothing, wherever a cursor would be
        if isinstance(node, Missing):
            return False
        if isinstance(node, Items) and -1 in node.separators:
            return False
        if isinstance(node, Expression) and -1 in node.connectors:
            return False
        if isinstance(node, Term) and node.unfinished:
            return False
        if isinstance(node, Case) and not node.ended:
            return False
        if isinstance(node, Clause) and (node.words_missing or (node.body is None and node.name in _NEED_A_BODY)):
            return False
        if isinstance(node, Group) and not node.inner and tokens[node.last - 1].text == "(":
            return False
    return True


_NEED_A_BODY = frozenset({"WHERE", "HAVING", "QUALIFY", "GROUP BY", "ORDER BY", "LIMIT", "OFFSET", "ON"})
