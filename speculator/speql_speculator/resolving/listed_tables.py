"""Tables listed with commas: each needs a predicate that connects it, or gets one, or is left out."""

from collections.abc import Iterator, Sequence

from speql_speculator.parsing.syntax_tree import (
    Clause,
    Expression,
    Fault,
    Node,
    Select,
    Source,
    walk,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.join_conditions import JoinCondition, join_condition
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.relations import Relation, Scope
from speql_speculator.resolving.sources import SourceResolver


class ListedTables:
    """The comma-listed tables of one SELECT."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._extra: Sequence[Clause] = ()

    def connect(self, select: Select, extra: Sequence[Clause], scope: Scope, sources: SourceResolver) -> None:
        """Tables listed with commas: each needs a predicate that connects it, or gets one, or is left out.

        ``extra`` are the clauses behind the SELECT that name its columns too.
        """
        self._extra = extra
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
        groups = self._groups(select, listed, sources)
        connected = groups.pop(0)
        waiting = [
            (source, relation)
            for source in listed
            if source.kind == "," and (relation := sources.by_source.get(id(source))) is not None
        ]
        for source, relation in waiting:
            if relation.single_row or (source.query is None and source.call is not None):
                self._take(relation, groups, connected)
        additions: list[str] = []
        while (condition := self._next_condition(scope, connected, waiting, groups)) is not None:
            self.analysis.quality = min(self.analysis.quality, condition.quality)
            additions.append(sources.condition_text(condition))
            self._take(condition.right, groups, connected)
        for source, relation in waiting:
            if id(relation) in connected:
                continue
            if all(found.single_row or found.opaque for found in scope.relations if id(found) in connected):
                self._take(relation, groups, connected)
                continue
            source.fault = self.analysis.report(
                source,
                "left-out",
                f"Nothing joins `{relation.alias}` to the other tables yet",
                "Type its join condition to see it in the preview.",
            )
            self._without(select, relation, source, scope)
        return additions

    def _groups(self, select: Select, listed: Sequence[Source], sources: SourceResolver) -> list[set[int]]:
        """The relations, by identity, that JOINs and predicates connect already; the group of the first one first."""
        groups: list[set[int]] = []
        for source in listed:
            key = id(sources.by_source.get(id(source)))
            if source.kind == "," or not groups:
                groups.append({key})
            else:
                groups[-1].add(key)
        for link in _links(select, self.analysis):
            touching = [group for group in groups if group & link]
            if len(touching) > 1:
                touching[0].update(*touching[1:])
                groups = [group for group in groups if group is touching[0] or group not in touching]
        return groups

    def _take(self, relation: Relation, groups: list[set[int]], connected: set[int]) -> None:
        """Count a relation, and all that is connected with it, to those that are connected."""
        for group in [group for group in groups if id(relation) in group]:
            connected |= group
            groups.remove(group)

    def _next_condition(
        self, scope: Scope, connected: set[int], waiting: Sequence[tuple[Source, Relation]], groups: list[set[int]]
    ) -> JoinCondition | None:
        """The surest condition between what is connected and what is not; of equal ones that of the first table."""
        joined = [found for found in scope.relations if id(found) in connected]
        best: JoinCondition | None = None
        for _, relation in waiting:
            group = next((group for group in groups if id(relation) in group), None)
            if group is None:
                continue
            for other in [relation, *(found for found in scope.relations if id(found) in group - {id(relation)})]:
                found = join_condition(other, joined, ())
                if found is not None and (best is None or found.rank > best.rank):
                    best = found
        return best

    def _without(self, select: Select, relation: Relation, source: Source, scope: Scope) -> None:
        """Leave out a table and all that names it."""
        if source.fault is not None:
            self._forget(select, relation, source.fault, scope)
        source.kept = False

    def _forget(self, select: Select, relation: Relation, fault: Fault, scope: Scope) -> None:
        """Leave out all that names a table."""
        for node in (select.items, *select.clauses, *self._extra):
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
