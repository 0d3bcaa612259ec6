"""Resolves one SELECT: its sources, its list, its clauses and what is still missing in them."""

from collections.abc import Callable, Sequence
from typing import TypeGuard

from speql_speculator.parsing.calls import known_functions
from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import CLAUSE_WORDS
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Expression,
    Fault,
    Group,
    Items,
    Literal,
    Nested,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Star,
    Term,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes, local_references
from speql_speculator.resolving.conditions import check_conditions
from speql_speculator.resolving.grouping import complete_grouping, is_aggregate
from speql_speculator.resolving.impossible import check_types
from speql_speculator.resolving.listed_tables import ListedTables
from speql_speculator.resolving.output import OutputReader
from speql_speculator.resolving.pruning import cause, settle
from speql_speculator.resolving.references import resolve_references
from speql_speculator.resolving.relations import Relation, Scope, VisibleColumn
from speql_speculator.resolving.rows import is_as_wide
from speql_speculator.resolving.select_list import complete_list, complete_windows
from speql_speculator.resolving.sources import SourceResolver
from speql_speculator.resolving.tables import Relations


class SelectResolver:
    """Marks what cannot stay in a SELECT and notes what has to be added. ``query`` resolves the queries in it."""

    def __init__(self, analysis: Analysis, query: Callable[[Query, Relations, Scope | None], Relation]) -> None:
        self.analysis = analysis
        self.query = query

    def resolve(
        self,
        select: Select,
        ctes: Relations,
        local: list[str],
        parent: Scope | None,
        order: Sequence[Clause],
        before: Select | None,
        earlier: Sequence[str] = (),
    ) -> tuple[Relation, Scope]:
        """The columns of the SELECT, and the names that its ORDER BY may use.

        ``local`` are the CTEs of its query, ``earlier`` those before it if it is one itself, ``order`` the clauses
        behind it, ``before`` a first branch of the set operation that it belongs to.
        """
        analysis = self.analysis
        scope = Scope(parent=parent)
        if select.fault is not None:
            return Relation("", {}, True), scope
        extra = [clause for clause in order if clause.name == "ORDER BY"]
        sources = SourceResolver(analysis, ctes, local, scope, self.query, earlier)
        sources.resolve(select, list(extra))
        if not scope.relations and before is not None and before.from_ is not None and select.items is not None:
            self._from_of(before, select, scope, sources)
        parts: list[Node] = [part for part in (select.distinct_on, select.items) if part is not None]
        parts += [clause for clause in select.clauses if clause.fault is None]
        if select.items is not None:
            self._list(select, select.items, scope)
        for part in (*parts, *extra):
            if part.fault is None and part is not select.items:
                resolve_references(part, scope, analysis, aliases_first=part in extra)
                self._stars(part, scope)
                self._called_columns(part, scope)
        for part in (*parts, *extra):
            self.subqueries(part, ctes, scope)
        if select.from_ is not None:
            for source in select.from_.sources:
                if source.condition is not None and source.kept:
                    self.subqueries(source.condition, ctes, scope)
        for part in (*parts, *extra):
            settle(part)
            if part is not select.items:
                check_conditions(part, analysis)
                check_types(part, analysis)
        self._no_aggregates(select)
        self._no_calls_inside(select, extra)
        settle(select)
        for clause in extra:
            settle(clause)
        if select.from_ is not None:
            ListedTables(analysis).connect(select, extra, scope, sources)
            sources.name_derived_tables(select.from_.sources)
            settle(select)
        self._lost_aliases(select, extra)
        complete_list(select, analysis)
        self._without_tables(select)
        if not select.kept:
            return Relation("", {}, True), scope
        complete_grouping(select, extra, analysis)
        complete_windows(select, analysis)
        settle(select)
        return OutputReader(analysis).output(select, scope), scope

    def _lost_aliases(self, select: Select, extra: Sequence[Clause]) -> None:
        """Names of output columns that are left out: what uses them goes with them."""
        items = select.items.elements if select.items is not None else []
        named = [(self.analysis.name(item.alias).lower(), item) for item in items if _has_alias(item)]
        lost = {name for name, item in named if not item.kept} - {name for name, item in named if item.kept}
        if not lost:
            return
        for part in (*select.clauses, *extra):
            for found in local_references(part):
                name = self.analysis.name(found.parts[0])
                if id(found) in self.analysis.aliased and name.lower() in lost and found.fault is None:
                    found.fault = Fault("left-out", f"`{name}` is left out of the SELECT list: left out with it")
            settle(part)
        settle(select)

    def _without_tables(self, select: Select) -> None:
        """A FROM of which nothing is left: what it counted or returned was its rows."""
        parser = self.analysis.parser
        reads = select.add_from or (select.from_ is not None and select.from_.kept)
        if not reads and select.first <= parser.gap <= select.last:
            # An aggregate of columns of the query around it belongs to that one: its own table is still to come.
            calls = [found for found in local_nodes(select) if isinstance(found, Call) and is_aggregate(found)]
            if any(id(found) in self.analysis.outer for call in calls for found in local_nodes(call)):
                select.fault = fragment("the SELECT")
                settle(select)
        gone = select.from_ is not None and not select.from_.kept and not select.add_from
        if gone and select.from_ is not None:
            fault = cause(select.from_)
            needed = any(
                isinstance(found, Star)
                or (isinstance(found, Reference) and found.fault is not None and found.fault.code == "left-out")
                for found in local_nodes(select)
            )
            if needed or not fault.fragment:
                select.fault = fault
                settle(select)

    def _from_of(self, before: Select, select: Select, scope: Scope, sources: SourceResolver) -> None:
        """A branch without FROM, whose columns are those of the first branch's FROM."""
        names = {self.analysis.name(r.parts[-1]).lower() for r in local_nodes(select) if isinstance(r, Reference)}
        source = before.from_.sources[0] if before.from_ is not None else None
        if source is None or not source.parts or not names:
            return
        relation = sources._known_relation(self.analysis.name(source.parts[-1]), "")
        if relation is not None and names <= set(relation.columns):
            select.add_from = f" FROM {self.analysis.text(source)}"
            scope.relations.append(relation)

    def _list(self, select: Select, items: Items, scope: Scope) -> None:
        """The SELECT list, one after the other: what an item is called may be used behind it, if the item stays."""
        named = [item for item in items.elements if isinstance(item, SelectItem) and item.alias >= 0]
        scope.later_aliases = {self.analysis.name(item.alias).lower() for item in named}
        for item in items.elements:
            resolve_references(item, scope, self.analysis)
            self._stars(item, scope)
            self._called_columns(item, scope)
            settle(item)
            check_conditions(item, self.analysis)
            check_types(item, self.analysis)
            if settle(item) and isinstance(item, SelectItem) and item.alias >= 0 and not item.drop_alias:
                self._alias(select, item, scope)
        scope.later_aliases = set()
        settle(items)

    def _alias(self, select: Select, item: SelectItem, scope: Scope) -> None:
        """The name of an output column, which later parts may use."""
        parser = self.analysis.parser
        name = self.analysis.name(item.alias)
        if item.alias == parser.half and item.marker < 0 and self._is_half_word(select, name):
            item.drop_alias = True
            return
        scope.aliases.setdefault(name.lower(), VisibleColumn(name))
        if is_aggregate(item):
            self.analysis.aggregate_aliases.add(name.lower())

    def _is_half_word(self, select: Select, name: str) -> bool:
        """Whether an alias without AS, at the cursor, is rather the beginning of FROM."""
        missing = select.from_ is None and any(isinstance(found, Reference) for found in local_nodes(select))
        return missing and any(word.startswith(name.upper()) for word in CLAUSE_WORDS | {"AS", "OVER", "FILTER"})

    def _stars(self, part: Node, scope: Scope) -> None:
        """Stars, and columns by their places, of a table that is not there."""
        for found in local_nodes(part):
            placed = isinstance(found, Literal) and self.analysis.text_of(found.first).upper() in ("#", "ROWID")
            starred = isinstance(found, Call) and (found.starred or found.name == "columns") and found.name != "count"
            if (starred or placed) and not scope.relations and found.fault is None:
                found.fault = fragment(f"`{self.analysis.text(found)}`")
            if isinstance(found, Star) and found.qualifier is None and not scope.relations and found.in_list:
                found.fault = fragment("`*`")
            if isinstance(found, Star) and found.qualifier is not None:
                name = self.analysis.name(found.qualifier)
                if any(name.lower() in relation.columns for relation in scope.relations):
                    continue  # the fields of a column
                if scope.relation(name) is None and self.analysis.catalog.tables and not scope.opaque:
                    if name.lower() in scope.left_out:
                        found.fault = fragment(f"`{name}.*`")
                    else:
                        found.fault = self.analysis.report(
                            found, "unknown-alias", f"There is no table `{name}` in this query"
                        )

    def _called_columns(self, part: Node, scope: Scope) -> None:
        """A column with a parenthesis right behind it, at the cursor: what connects them is still to come."""
        parser, catalog = self.analysis.parser, self.analysis.catalog
        for found in local_nodes(part):
            if (
                isinstance(found, Call)
                and found.fault is None
                and found.first <= parser.gap <= found.last
                and found.name not in known_functions()
                and found.name not in catalog.user_functions
                and any(found.name in relation.columns for relation in scope.relations)
            ):
                found.fault = fragment(f"`{self.analysis.text(found)}`")

    def subqueries(self, part: Node, ctes: Relations, scope: Scope) -> None:
        """Resolve the subqueries of a part; one that is a value has one column."""
        for found in local_nodes(part):
            if isinstance(found, Nested):
                output = self.query(found.query, ctes, scope)
                if not found.exists:
                    terms = (term for term in local_nodes(part) if isinstance(term, Term))
                    compared = next((term for term in terms if found in term.operands[1:]), None)
                    if compared is not None and isinstance(compared.operands[0], Group):
                        misfits = not is_as_wide(compared, found, output, self.analysis)
                    else:
                        misfits = _too_wide(found.query, output)
                    if misfits:
                        found.fault = (
                            fragment("the subquery")
                            if found.query.first <= self.analysis.parser.gap <= found.last
                            else self.analysis.report(
                                found, "column-count", "A subquery that is a value has one column"
                            )
                        )

    def _no_aggregates(self, select: Select) -> None:
        """WHERE sees single rows: an aggregate in it belongs to HAVING."""
        where = select.clause("WHERE")
        if where is None or not isinstance(where.body, Expression):
            return
        for term in where.body.terms:
            named = any(
                self.analysis.names_an_aggregate(found) for found in local_nodes(term) if isinstance(found, Reference)
            )
            if term.kept and (named or is_aggregate(term)):
                term.fault = self.analysis.report(
                    term, "aggregate-in-where", "An aggregate belongs to HAVING, not WHERE"
                )

    def _no_calls_inside(self, select: Select, extra: Sequence[Clause]) -> None:
        """Leave out a FILTER with an aggregate in it, and a window with another: it has swallowed what follows."""
        calls = [
            found for part in (select, *extra) for found in local_nodes(part) if isinstance(found, Call) and found.kept
        ]
        for call in calls:
            for tail in call.tails:
                if tail.name == "FILTER" and tail.body is not None and is_aggregate(tail.body):
                    tail.fault = self.analysis.report(tail, "aggregate-in-where", "FILTER sees single rows")
            for clause in call.window.clauses if call.window is not None else ():
                inner = (found for found in local_nodes(clause) if isinstance(found, Call))
                if any(found.window is not None for found in inner):
                    clause.fault = self.analysis.report(clause, "window-in-window", "A window holds no other")


def _has_alias(item: Node) -> TypeGuard[SelectItem]:
    return isinstance(item, SelectItem) and item.alias >= 0


def _too_wide(query: Query, output: Relation) -> bool:
    """Whether a subquery has more than the one column that a value has."""
    added = any(isinstance(branch, Select) and branch.kept and branch.add_items == " *" for branch in query.branches)
    return added or (not output.opaque and len(output.columns) > 1)
