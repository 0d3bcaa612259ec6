"""Makes a CTE of a derived table, or of a subquery that is selected."""

from collections.abc import Iterator

from speql_speculator.completing.quoting import made_up
from speql_speculator.navigating.semantic_model import SemanticModel
from speql_speculator.navigating.symbols import Occurrence
from speql_speculator.parsing.syntax_tree import Cte, Nested, Node, Query, Reference, Select, Source, walk
from speql_speculator.parsing.whole_query import whole_query
from speql_speculator.resolving.analysis import local_nodes
from speql_speculator.rewriting.action import Action
from speql_speculator.rewriting.changes import Change, InPlaceOf, Part, changed
from speql_speculator.rewriting.in_parentheses import body_parts, comments_in
from speql_speculator.rewriting.keeps_meaning import keeps_meaning
from speql_speculator.rewriting.may_be_a_cte import may_be_a_cte
from speql_speculator.rewriting.places_in_tree import around, first_word, nameless_items, span_between, span_of
from speql_speculator.rewriting.same_each_time import same_each_time
from speql_sql import Catalog, Span


def extract_cte(model: SemanticModel, span: Span, catalog: Catalog) -> Action | None:
    """Make a CTE of the derived table that a place is in, or of the subquery that is just what is selected.

    Not offered where the query names something of the queries around it, where any name of the statement is not known,
    and for a subquery where its text names a column or is compared with GROUP BY.
    """
    tree = model.tree
    if tree is None or model.unresolved or whole_query(model.text, model.tokens, model.dialect) is None:
        return None
    for node, query in _candidates(model, span):
        inside = span_of(model, query)
        if _looks_outside(model, query, inside) or not may_be_a_cte(model, node):
            continue
        if any(other is not node for other in around(model, inside, Nested)) and not same_each_time(
            model, query, catalog, often=False
        ):
            continue  # a subquery may be computed for each row, a CTE is not
        change = _change(model, tree, node, query, catalog)
        if change is None:
            continue
        name, changes = change
        found = changed(model.text, changes, f"`{name}` is a CTE")
        if keeps_meaning(model, found, catalog):
            return Action(f"Extract CTE {name}", "refactor.extract", found.edits)
    return None


def _candidates(model: SemanticModel, span: Span) -> Iterator[tuple[Source | Nested, Query]]:
    """What may become a CTE: selected as a whole, or else the innermost derived table around the place."""
    chosen = span.of(model.text)
    if chosen.strip():
        start = span.start + len(chosen) - len(chosen.lstrip())
        span = Span(start, start + len(chosen.strip()))
    for node in walk(model.tree) if model.tree is not None else ():
        if isinstance(node, (Source, Nested)) and node.query is not None and _has_parentheses(model, node):
            inside, outside = span_of(model, node.query), _parentheses(model, node)
            if span in (inside, outside) and (isinstance(node, Source) or _may_go(model, node)):
                yield node, node.query
                return
    if span.start < span.end:
        return
    for source in around(model, span, Source):
        if source.query is not None and _parentheses(model, source).touches(span.start):
            yield source, source.query
            return


def _has_parentheses(model: SemanticModel, node: Source | Nested) -> bool:
    query = node.query
    return query is not None and query.first > 0 and model.tokens[query.first - 1].text == "("


def _parentheses(model: SemanticModel, node: Source | Nested) -> Span:
    assert node.query is not None, "it is one in parentheses"
    return span_between(model, node.query.first - 1, node.query.last + 1)


def _may_go(model: SemanticModel, node: Nested) -> bool:
    """Whether nothing depends on how a subquery is written: the name of a column, or what GROUP BY has like it."""
    if any(isinstance(query, Query) and node in query.branches for query in walk(model.tree or node)):
        return False
    if model.tokens[node.first].upper == "ARRAY":
        return False  # its order counts
    if any(item.first <= node.first < item.last for item in nameless_items(model)):
        return False
    for select in around(model, span_of(model, node), Select):
        if node in local_nodes(select):
            where = select.clause("WHERE")
            filtered = where is not None and where.first <= node.first < where.last
            return filtered or all(clause.name != "GROUP BY" for clause in select.clauses)
    return True


def _looks_outside(model: SemanticModel, query: Query, inside: Span) -> bool:
    """Whether a query names something that the queries around it have: columns, aliases, parameters, windows."""

    def is_inside(place: Span | None) -> bool:
        return place is not None and inside.start <= place.start and place.end <= inside.end

    rows = {model.tokens[node.parts[0]].start for node in walk(query) if isinstance(node, Reference)}
    for occurrence in model.occurrences:
        if not is_inside(occurrence.span) or occurrence.role == "declaration":
            continue
        if occurrence.source is not None:
            if not is_inside(occurrence.source):
                return True
        elif occurrence.symbol.kind in ("table", "cte"):
            # In FROM, or the qualifier of a column, which says itself where it is from; alone it is a whole row.
            if occurrence.span.start in rows and not _qualifies(model, occurrence):
                return True
        elif not is_inside(occurrence.symbol.declared):
            return True
    return False


def _qualifies(model: SemanticModel, occurrence: Occurrence) -> bool:
    return model.text[occurrence.span.end : occurrence.span.end + 1] == "."


def _change(
    model: SemanticModel, tree: Query, node: Source | Nested, query: Query, catalog: Catalog
) -> tuple[str, list[Change]] | None:
    """The name of the CTE and the changes; None where the SQL around does not allow for it."""
    outside = _parentheses(model, node)
    insertion = _insertion(model, tree, query)
    if insertion is None:
        return None
    place, before, behind = insertion
    body = body_parts(model, query)
    if isinstance(node, Nested):
        name = _free_name(model, "extracted", catalog)
        inner = Span(outside.start + 1, outside.end - 1)
        if comments_in(model, inner) != comments_in(model, body[1]):
            return None
        read = f"{first_word(model, 'SELECT')} * {first_word(model, 'FROM')} {made_up(name, catalog.dialect)}"
        replaced = Change(inner, (read,))
    else:
        if node.tail != (0, 0) or model.tokens[node.join[1]].upper == "LATERAL":
            return None
        name, replaced = _source_change(model, node, outside, catalog)
    written: list[Part] = [before, made_up(name, catalog.dialect), f" {first_word(model, 'AS')} ", *body, behind]
    if isinstance(node, Source) and node.alias >= 0 and replaced.parts == ():
        # The alias stays where it was; here its letters are repeated.
        written[1] = model.tokens[node.alias].text
    return name, [Change(Span(place, place), tuple(written)), replaced]


def _source_change(model: SemanticModel, source: Source, outside: Span, catalog: Catalog) -> tuple[str, Change]:
    """What is read in the place of a derived table: its alias alone, if that can be the CTE's name."""
    if source.alias < 0:
        name = _free_name(model, "extracted", catalog)
        first = model.tokens[min(max(source.first, source.join[1]), len(model.tokens) - 1)]
        return name, Change(outside, (InPlaceOf(made_up(name, catalog.dialect), Span(first.start, first.end)),))
    alias = model.tokens[source.alias]
    between = Span(outside.end, alias.start)
    taken = catalog.find(alias.name) is not None or _names(model).count(alias.name.lower()) > 1
    if not source.column_names and not taken and alias.kind != "string" and not comments_in(model, between):
        return alias.name, Change(Span(outside.start, alias.start), ())
    name = _free_name(model, f"{alias.name}_rows", catalog)
    return name, Change(outside, (made_up(name, catalog.dialect),))


def _names(model: SemanticModel) -> list[str]:
    """The folded names that CTEs and sources of FROM have in a statement."""
    found: list[str] = []
    for node in walk(model.tree) if model.tree is not None else ():
        if isinstance(node, Cte):
            found.append(model.tokens[node.name].name.lower())
        elif isinstance(node, Source):
            tokens = {node.alias, *node.parts[-1:]} - {-1}
            found += (model.tokens[token].name.lower() for token in tokens)
    return found


def _free_name(model: SemanticModel, wish: str, catalog: Catalog) -> str:
    """A name that neither the statement nor the catalog has."""
    taken = {token.name.lower() for token in model.tokens if token.kind in ("word", "quoted")}
    number = 1
    name = wish
    while name.lower() in taken or catalog.find(name) is not None:
        number += 1
        name = f"{wish}_{number}"
    return name


def _insertion(model: SemanticModel, tree: Query, query: Query) -> tuple[int, str, str] | None:
    """Where the CTE is put, and what is written before and behind it: all that it reads is declared before."""
    newline = "\n"
    if tree.with_ is None:
        start = model.tokens[tree.first].start
        return start, f"{first_word(model, 'WITH')} ", newline
    ctes: list[Node] = [cte for cte in tree.with_.ctes.elements if isinstance(cte, Cte)]
    for cte in ctes:
        if cte.first <= query.first < cte.last:
            return model.tokens[cte.first].start, "", f",{newline}"
    return (span_of(model, ctes[-1]).end, f",{newline}", "") if ctes else None
