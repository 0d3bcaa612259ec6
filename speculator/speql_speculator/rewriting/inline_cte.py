"""Puts the query of a CTE where the CTE is read, and takes the CTE away."""

from collections.abc import Iterator

from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.navigating.symbols import Symbol
from speql_speculator.parsing.syntax_tree import Cte, Nested, Node, Source, With, walk
from speql_speculator.parsing.whole_query import whole_query
from speql_speculator.rewriting.action import Action
from speql_speculator.rewriting.changes import Change, Part, changed
from speql_speculator.rewriting.in_parentheses import body_parts, comments_in
from speql_speculator.rewriting.keeps_meaning import keeps_meaning
from speql_speculator.rewriting.places_in_tree import around, first_word, span_between, span_of
from speql_speculator.rewriting.same_each_time import same_each_time
from speql_sql import Catalog, Span


def inline_cte(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Inline the CTE whose name is at a place, wherever it is read.

    Not offered if it is recursive or MATERIALIZED, may give other rows each time it is read, or if its name also stands
    where it is not known what it means.
    """
    occurrence = model.at(span.start)
    if occurrence is None or occurrence.symbol.kind != "cte" or model.unresolved:
        return None
    symbol = occurrence.symbol
    found = _declaration(model, symbol)
    if found is None or whole_query(model.text, model.tokens, model.dialect) is None:
        return None
    with_, cte = found
    reads = _reads(model, symbol)
    if with_.recursive or cte.query is None or not reads or not _may_be_moved(model, cte, reads):
        return None
    often = len(reads) > 1 or any(around(model, span_of(model, source), Nested) for source in reads)
    if not same_each_time(model, cte.query, catalog, often=often):
        return None
    removed = _removed(model, with_, cte)
    if removed is None:
        return None
    changes = [Change(removed, ()), *(_written(model, cte, source) for source in reads)]
    changes.sort(key=lambda one: one.span)
    found_change = changed(model.text, changes, f"`{symbol.name}` is written where it is read")
    if not keeps_meaning(model, found_change, catalog):
        return None
    return Action(f"Inline CTE {symbol.name}", "refactor.inline", found_change.edits)


def _declaration(model: SemanticModel, symbol: Symbol) -> tuple[With, Cte] | None:
    for node in walk(model.tree) if model.tree is not None else ():
        if isinstance(node, With):
            for cte in node.ctes.elements:
                if isinstance(cte, Cte) and model.tokens[cte.name].start == (symbol.declared or Span(-1, -1)).start:
                    return node, cte
    return None


def _reads(model: SemanticModel, symbol: Symbol) -> list[Source]:
    """The sources of FROM that read the CTE."""
    starts = {occurrence.span.start for occurrence in model.of(symbol)}
    sources = (node for node in walk(model.tree) if isinstance(node, Source)) if model.tree is not None else ()
    return [source for source in sources if len(source.parts) == 1 and model.tokens[source.parts[0]].start in starts]


def _may_be_moved(model: SemanticModel, cte: Cte, reads: list[Source]) -> bool:
    words = [token.upper for token in model.tokens if token.kind == "word"]
    marked = range(cte.name + 1, cte.query.first if cte.query is not None else cte.last)
    if any(model.tokens[index].upper == "MATERIALIZED" for index in marked) or "POSITIONAL" in words:
        return False
    if any(source.call is not None or source.tail != (0, 0) for source in reads):
        return False  # PIVOT, TABLESAMPLE
    if any(model.tokens[source.join[1]].upper == "LATERAL" for source in reads):
        return False
    if cte.column_names and any(source.column_names for source in reads):
        return False
    folded = model.tokens[cte.name].name.lower()
    return all(
        index in model.named or index in model.marks or token.name.lower() != folded
        for index, token in enumerate(model.tokens)
        if token.kind in ("word", "quoted")
    )


def _removed(model: SemanticModel, with_: With, cte: Cte) -> Span | None:
    """The stretch that goes with the CTE; None if a comment would go that is not in its query."""
    elements: list[Node] = [element for element in with_.ctes.elements if isinstance(element, Cte)]
    place = elements.index(cte)
    tokens = model.tokens
    if len(elements) == 1:
        span = Span(tokens[with_.first].start, tokens[with_.last].start)
    elif place + 1 < len(elements):
        span = Span(tokens[cte.first].start, tokens[elements[place + 1].first].start)
    else:
        span = Span(tokens[elements[place - 1].last - 1].end, tokens[cte.last - 1].end)
    assert cte.query is not None, "it was looked at"
    kept = body_parts(model, cte.query)[1]
    return span if comments_in(model, span) == comments_in(model, kept) else None


def _written(model: SemanticModel, cte: Cte, source: Source) -> Change:
    """The query in the place of the name, under the alias that the name had."""
    assert cte.query is not None, "it was looked at"
    name = span_between(model, source.parts[0], source.parts[0] + 1)
    parts: list[Part] = [*body_parts(model, cte.query)]
    if source.alias < 0:
        parts += (f" {first_word(model, 'AS')} ", name)
        parts += _column_names(model, cte)
        return Change(name, tuple(parts))
    alias = span_between(model, source.alias, source.alias + 1)
    between = Span(name.end, alias.start)
    return Change(Span(name.start, alias.end), (*parts, between, alias, *_column_names(model, cte)))


def _column_names(model: SemanticModel, cte: Cte) -> Iterator[Part]:
    if cte.column_names:
        yield span_between(model, cte.column_names[0] - 1, cte.column_names[-1] + 2)
