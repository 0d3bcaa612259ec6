"""Where in a statement a problem is, more exactly than an engine says it, and which other places have to do with it."""

from collections.abc import Iterator
from dataclasses import replace

from speql_speculator.navigating.said_names import place_of_said_name
from speql_speculator.navigating.semantic_model import SemanticModel, semantic_model
from speql_speculator.navigating.symbols import Output
from speql_speculator.navigating.write_places import place_in_write
from speql_speculator.parsing.keywords import AGGREGATES
from speql_speculator.parsing.syntax_tree import Call, Cte, Items, Node, Query, Select, SelectItem, Source, Star, walk
from speql_sql import Catalog, Problem, Related, Span


def located(problem: Problem, text: str, catalog: Catalog) -> Problem:
    """The problem of a statement with its culprit as the place, and with the places that are related to it.

    A problem of which no more can be told stays as it is.
    """
    model = semantic_model(text, catalog)
    if problem.span is not None and problem.span.start == problem.span.end:
        problem = replace(problem, span=_token_at(model, problem.span) or problem.span)
    if (written := place_in_write(problem, model.tokens)) is not None:
        return replace(problem, span=written.span, related=written.related)
    problem = replace(problem, span=place_of_said_name(problem, model) or problem.span)
    if problem.span is not None and problem.code in ("unknown-function", "unknown-table"):
        return replace(problem, span=_name(model, problem.span))
    if model.tree is None:
        return problem
    if problem.code == "column-count":
        return _column_count(problem, model, model.tree)
    if problem.code == "duplicate-cte":
        return _duplicate_cte(problem, model, model.tree)
    if problem.span is None:
        return problem
    if problem.code == "ambiguous-column":
        return replace(problem, related=tuple(_sources_with(model, model.tree, problem.span)))
    if problem.code == "not-grouped":
        return replace(problem, related=tuple(_grouping(model, model.tree, problem.span)))
    return problem


def _token_at(model: SemanticModel, span: Span) -> Span | None:
    """The token that begins at an empty place: what has no end, begins there."""
    return next((Span(token.start, token.end) for token in model.tokens if token.start == span.start), None)


def _name(model: SemanticModel, span: Span) -> Span:
    """The name that a place begins with, without the arguments or the alias behind it."""
    inside = [token for token in model.tokens if span.start <= token.start < span.end]
    end = 0
    while end < len(inside) and inside[end].kind in ("word", "quoted"):
        end += 1
        if end + 1 >= len(inside) or inside[end].text != ".":
            return Span(inside[0].start, inside[end - 1].end)
        end += 1
    return span


def _span(model: SemanticModel, node: Node) -> Span:
    return Span(model.tokens[node.first].start, model.tokens[max(node.last - 1, node.first)].end)


def _select_at(model: SemanticModel, tree: Query, span: Span) -> Select | None:
    """The innermost SELECT that a place is in."""
    around = (
        node
        for node in walk(tree)
        if isinstance(node, Select) and node.last > node.first and _encloses(_span(model, node), span)
    )
    return min(around, key=lambda node: node.last - node.first, default=None)


def _encloses(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _sources_with(model: SemanticModel, tree: Query, span: Span) -> Iterator[Related]:
    """The tables of FROM that have the column at a place."""
    select = _select_at(model, tree, span)
    inside = [token for token in model.tokens if span.start <= token.start < span.end]
    if select is None or select.from_ is None or not inside:
        return
    column = inside[-1].name
    for source in _sources(select.from_.sources):
        token = source.alias if source.alias >= 0 else source.parts[-1] if source.parts else -1
        if token < 0:
            continue
        place = Span(model.tokens[token].start, model.tokens[token].end)
        if column.lower() in _columns(model, place):
            yield Related(place, f"`{model.tokens[token].name}` has a column `{column}`.")


def _sources(sources: list[Source]) -> Iterator[Source]:
    for source in sources:
        if source.inner is not None and source.alias < 0:
            yield from _sources(source.inner)
        else:
            yield source


def _columns(model: SemanticModel, place: Span) -> set[str]:
    """The folded names of the columns of the relation that is named at a place."""
    found = model.at(place.start)
    if found is None:
        return set()
    symbol = found.symbol
    listed = model.outputs.get(symbol, Output()).columns
    names = {column.name.lower() for column in listed}
    return names or (set(symbol.table.columns_by_name) if symbol.table is not None else set())


def _grouping(model: SemanticModel, tree: Query, span: Span) -> Iterator[Related]:
    """The GROUP BY that a column is missing in; where there is none, the aggregate that makes groups."""
    select = _select_at(model, tree, span)
    if select is None:
        return
    clause = select.clause("GROUP BY")
    if clause is not None and clause.last > clause.first:
        yield Related(_span(model, clause), "The rows are grouped by this.")
        return
    calls = (node for node in walk(select) if isinstance(node, Call) and node.window is None)
    call = min((node for node in calls if node.name in AGGREGATES), key=lambda node: node.first, default=None)
    if call is not None:
        yield Related(_span(model, call), "This aggregate makes one row of all rows.")


def _column_count(problem: Problem, model: SemanticModel, tree: Query) -> Problem:
    """At the first SELECT of a set operation that has more or fewer columns than the first one."""
    for query in walk(tree):
        if not isinstance(query, Query) or len(query.branches) < 2:
            continue
        lists = [branch.items if isinstance(branch, Select) else None for branch in query.branches]
        first = lists[0]
        if first is None or (wanted := _count(first)) is None:
            continue
        for items in lists[1:]:
            count = _count(items) if items is not None else None
            if items is not None and count is not None and count != wanted:
                said = Related(_span(model, first), f"The first SELECT has {_columns_said(wanted)}.")
                return replace(problem, span=_span(model, items), related=(said,))
    return problem


def _columns_said(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _count(items: Items) -> int | None:
    """How many columns a list makes; None if a star or a function makes several."""
    written = [item for item in items.elements if item.last > item.first]
    several = any(
        isinstance(node, Star) and node.in_list
        for item in written
        if isinstance(item, SelectItem)
        for node in walk(item)
    )
    called = any(
        isinstance(node, Call) and node.name.upper() in ("COLUMNS", "UNNEST") for item in written for node in walk(item)
    )
    return None if several or called or not written else len(written)


def _duplicate_cte(problem: Problem, model: SemanticModel, tree: Query) -> Problem:
    """At the second CTE of a name."""
    seen: dict[str, Span] = {}
    for node in walk(tree):
        if isinstance(node, Query) and node.with_ is not None:
            seen = {}
            for cte in node.with_.ctes.elements:
                if not isinstance(cte, Cte):
                    continue
                token = model.tokens[cte.name]
                place = Span(token.start, token.end)
                if (first := seen.setdefault(token.name.lower(), place)) != place:
                    said = Related(first, f"The first `{token.name}` is here.")
                    return replace(problem, span=place, related=(said,))
    return problem
