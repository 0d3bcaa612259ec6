"""Tables listed with commas: each needs a predicate that connects it, or gets one, or is left out."""

from collections.abc import Iterator, Sequence

from speql_speculator.parsing.syntax_tree import (
    Expression,
    Fault,
    Node,
    Select,
    Source,
    walk,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.join_conditions import join_condition
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.relations import Relation, Scope
from speql_speculator.resolving.sources import SourceResolver


class ListedTables:
    """The comma-listed tables of one SELECT."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    def connect(self, select: Select, scope: Scope, sources: SourceResolver) -> None:
        """Tables listed with commas: each needs a predicate that connects it, or gets one, or is left out."""
        additions = self._connect(select, scope, sources)
        additions = [*self._inferred(select, scope, sources), *additions]
        if additions:
            self._add_predicates(select, additions)

    def _inferred(self, select: Select, scope: Scope, sources: SourceResolver) -> Iterator[str]:
        """Add the tables that the columns ask for, each if the one that it is joined to stays, and what joins them."""
        for text, condition in sources.listed:
            if condition.left in scope.relations and select.from_ is not None:
                select.from_.add += text
                yield sources.condition_text(condition)
            else:
                reason = f"`{condition.left.alias}`, which `{condition.right.alias}` is joined to, is left out"
                self._forget(select, condition.right, Fault("left-out", reason), scope)

    def _connect(self, select: Select, scope: Scope, sources: SourceResolver) -> list[str]:
        """What joins the listed tables that no predicate connects yet; those that nothing joins are left out."""
        assert select.from_ is not None
        listed = [source for source in select.from_.sources if source.kept]
        if not any(source.kind == "," for source in listed):
            return []
        links = [*_links(select, self.analysis)]
        groups: list[set[int]] = []
        for source in listed:
            relation = sources.by_source.get(id(source))
            key = id(relation)
            if source.kind == "," or not groups:
                groups.append({key})
            else:
                groups[-1].add(key)
        merged = True
        while merged:
            merged = False
            for link in links:
                touching = [group for group in groups if group & link]
                if len(touching) > 1:
                    groups = [group for group in groups if not group & link] + [set().union(*touching)]
                    merged = True
        first = sources.by_source.get(id(listed[0]))
        connected = next((group for group in groups if id(first) in group), set())
        additions: list[str] = []
        for source in listed:
            relation = sources.by_source.get(id(source))
            if relation is None or id(relation) in connected or source.kind != ",":
                continue
            mine = next((group for group in groups if id(relation) in group), {id(relation)})
            if relation.single_row or (source.query is None and source.call is not None):
                connected |= mine
                continue
            joined = [found for found in scope.relations if id(found) in connected]
            condition = join_condition(relation, joined, ())
            if condition is None:
                # What it is connected with already may be joined in its place.
                others = (other for other in scope.relations if id(other) in mine and other is not relation)
                condition = next(filter(None, (join_condition(other, joined, ()) for other in others)), None)
            if condition is None and all(found.single_row or found.opaque for found in joined):
                connected |= mine
                continue
            if condition is None:
                later = [other for other in scope.relations if id(other) not in connected and other is not relation]
                if any(join_condition(relation, [other], ()) for other in later) and len(mine) == 1:
                    # It may be connected through a table that is listed after it.
                    bridge = next(
                        (
                            other
                            for other in later
                            if join_condition(relation, [other], ()) and join_condition(other, joined, ())
                        ),
                        None,
                    )
                    if bridge is not None:
                        over = join_condition(bridge, joined, ())
                        condition = join_condition(relation, [bridge], ())
                        if (
                            over is not None
                            and condition is not None
                            and not any(id(bridge) in group and len(group) > 1 for group in groups)
                        ):
                            additions.append(sources.condition_text(over))
                            connected |= {id(bridge)}
            if condition is None:
                source.fault = self.analysis.report(
                    source,
                    "left-out",
                    f"Nothing joins `{relation.alias}` to the other tables yet",
                    "Type its join condition to see it in the preview.",
                )
                self._without(select, relation, source, scope)
                continue
            self.analysis.quality = min(self.analysis.quality, condition.quality)
            additions.append(sources.condition_text(condition))
            connected |= mine
        return additions

    def _without(self, select: Select, relation: Relation, source: Source, scope: Scope) -> None:
        """Leave out a table and all that names it."""
        if source.fault is not None:
            self._forget(select, relation, source.fault, scope)
        source.kept = False

    def _forget(self, select: Select, relation: Relation, fault: Fault, scope: Scope) -> None:
        """Leave out all that names a table."""
        for node in (select.items, *select.clauses):
            if node is None:
                continue
            for found in local_nodes(node):
                known = self.analysis.columns.get(id(found))
                if known is not None and known[0] is relation:
                    found.fault = fault
        if relation in scope.relations:
            scope.relations.remove(relation)

    def _add_predicates(self, select: Select, additions: list[str]) -> None:
        """Add conjuncts to WHERE, or a WHERE."""
        text = " AND ".join(additions)
        if select.add_where:
            select.add_where += f" AND {text}"
            return
        where = next((clause for clause in select.clauses if clause.name == "WHERE" and clause.fault is None), None)
        if where is not None:
            # What names a table that is left out by now is gone from it.
            settle(where)
        if where is None:
            select.add_where = f" WHERE {text}"
        elif where.add:
            where.add += f" AND {text}"
        elif not where.kept:
            where.add = f" {text}"
            settle(where)
        elif isinstance(where.body, Expression) and any(
            self.analysis.parser.tokens[place].upper == "OR" for place in where.body.connectors if place >= 0
        ):
            where.opener, where.add = "(", f") AND {text}"
        else:
            where.add = f" AND {text}"


def _links(select: Select, analysis: Analysis) -> list[set[int]]:
    """Sets of relations that a conjunct of WHERE mentions together."""
    links: list[set[int]] = []
    where = select.clause("WHERE")
    if where is not None and isinstance(where.body, Expression):
        disjunction = any(analysis.parser.tokens[place].upper == "OR" for place in where.body.connectors if place >= 0)
        conjuncts: Sequence[Node] = [where.body] if disjunction else where.body.terms
        links += [_relations_of(conjunct, analysis) for conjunct in conjuncts if conjunct.kept]
    conditions = [source.condition for source in select.from_.sources] if select.from_ is not None else []
    links += [
        _relations_of(condition, analysis) for condition in conditions if condition is not None and condition.kept
    ]
    return links


def _relations_of(node: Node, analysis: Analysis) -> set[int]:
    return {id(known[0]) for found in walk(node) if (known := analysis.columns.get(id(found))) is not None and known[0]}
