"""The CTEs and derived tables of a statement, each with a query of its columns that stands alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.parsing.syntax_tree import Cte, Node, Query, Source


@dataclass(frozen=True, slots=True)
class Relation:
    """A CTE of the statement's WITH, or a derived table with a name. ``name`` is its token, ``query`` what is in it.

    ``sql`` is a query that has its columns and can be asked of an engine. It is empty where the text would mean
    something else on its own, because names of a query around it are in its sight.
    """

    name: int
    query: Query
    sql: str
    is_cte: bool


def relations(model: SemanticModel) -> Iterator[Relation]:
    """The relations of a statement, each before those that are inside it."""
    tree, tokens, text = model.tree, model.tokens, model.text
    if tree is None:
        return
    head, recursive = "", False
    if tree.with_ is not None:
        start = tokens[tree.with_.first].start
        recursive = tree.with_.recursive
        for cte in tree.with_.ctes.elements:
            if not isinstance(cte, Cte) or cte.query is None:
                continue
            # A derived table in a CTE sees those before it; in a recursive one perhaps itself.
            inside = list(_derived(model, cte.query, head, plain=not recursive and cte.query.with_ is None))
            head = text[start : tokens[cte.last - 1].end]
            name = text[tokens[cte.name].start : tokens[cte.name].end]
            yield Relation(cte.name, cte.query, f"{head} SELECT * FROM {name}", True)
            yield from inside
    for node in (*tree.branches, *tree.clauses):
        yield from _derived(model, node, head, plain=True)


def _derived(model: SemanticModel, node: Node, head: str, *, plain: bool) -> Iterator[Relation]:
    """The derived tables below a node; ``plain``: it sees no CTEs but those of ``head``."""
    for child in node.children():
        below = plain and not (isinstance(child, Query) and child.with_ is not None)
        query = child.query if isinstance(child, Source) and child.alias >= 0 else None
        if isinstance(child, Source) and query is not None and query.last > query.first:
            yield Relation(child.alias, query, _sql(model, child, head) if plain else "", False)
        yield from _derived(model, child, head, plain=below)


def _sql(model: SemanticModel, source: Source, head: str) -> str:
    tokens, text = model.tokens, model.text
    assert source.query is not None, "it is a derived table"
    inner = text[tokens[source.query.first].start : tokens[source.query.last - 1].end]
    names = ", ".join(tokens[name].text for name in source.column_names)
    alias = f" AS {tokens[source.alias].text}({names})" if names else ""
    return f"{head} SELECT * FROM ({inner}){alias}".strip()
