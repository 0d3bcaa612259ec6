"""What of a document can be folded away: statements, CTEs, queries in parentheses, CASE, comments."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from speql_speculator.by_identity import ByIdentity
from speql_speculator.navigating.pieces import pieces, tokens_and_comments
from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.parsing.syntax_tree import Case, Query, walk
from speql_speculator.tokens import Token
from speql_sql import Catalog, Span


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch to fold. ``closed``: its last token closes what its first opens, and stays to be seen."""

    span: Span
    kind: Literal["code", "comment"]
    closed: bool = False


def folds(text: str, catalog: Catalog) -> tuple[Fold, ...]:
    """The folds of a document, the outer before the inner; those within a line are left to the caller."""
    found: list[Fold] = []
    for piece in pieces(text, catalog.dialect):
        if piece.statement:
            found.append(Fold(Span(piece.start, piece.start + len(piece.text)), "code"))
        inside = _of_piece(piece.text, ByIdentity(catalog), catalog.version, piece.statement)
        found += (Fold(fold.span.shifted(piece.start), fold.kind, fold.closed) for fold in inside)
    return tuple(found)


@lru_cache(maxsize=4096)
def _of_piece(text: str, key: ByIdentity, version: str, statement: bool) -> tuple[Fold, ...]:
    """The folds inside a piece, counted from its start. Remembered: an edit costs its own statement."""
    (catalog,) = key.values
    assert isinstance(catalog, Catalog)
    inside = _of_statement(semantic_model(text, catalog)) if statement else ()
    comments = _comments(tokens_and_comments(text, catalog.dialect), text)
    return (*inside, *(Fold(span, "comment") for span in comments))


def _of_statement(model: SemanticModel) -> Iterator[Fold]:
    tokens = model.tokens
    for node in walk(model.tree) if model.tree is not None else ():
        if isinstance(node, Query) and node.first > 0 and tokens[node.first - 1].text == "(":
            closer = min(node.last, len(tokens) - 1)
            closed = tokens[closer].text == ")"
            last = closer if closed else max(node.last - 1, node.first - 1)
            yield Fold(Span(tokens[node.first - 1].start, tokens[last].end), "code", closed)
        elif isinstance(node, Case):
            yield Fold(Span(tokens[node.first].start, tokens[node.last - 1].end), "code", node.ended)


def _comments(tokens: tuple[Token, ...], text: str) -> Iterator[Span]:
    """Block comments, and runs of comments that have their lines to themselves, one below the other."""
    run: Span | None = None
    for token in tokens:
        if token.kind != "comment":
            continue
        own_line = not text[text.rfind("\n", 0, token.start) + 1 : token.start].strip()
        between = text[run.end : token.start] if run is not None else ""
        if run is not None and own_line and not between.strip() and between.count("\n") == 1:
            run = Span(run.start, token.end)
            continue
        if run is not None:
            yield run
        run = Span(token.start, token.end)
    if run is not None:
        yield run
