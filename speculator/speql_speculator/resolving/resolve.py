"""Resolves a parsed statement against the catalog: what names mean, and what is still missing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from speql_speculator.parsing.calls import known_functions
from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.keywords import CLAUSE_WORDS
from speql_speculator.parsing.known_queries import KnownQuery, names_read
from speql_speculator.parsing.syntax_tree import (
    Call,
    Clause,
    Cte,
    Expression,
    Fault,
    Group,
    Items,
    Nested,
    Node,
    Query,
    Reference,
    Select,
    SelectItem,
    Source,
    Star,
    Term,
    Values,
    Window,
    walk,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes, local_references
from speql_speculator.resolving.conditions import check_conditions
from speql_speculator.resolving.grouping import complete_grouping, is_aggregate
from speql_speculator.resolving.impossible import check_types
from speql_speculator.resolving.listed_tables import ListedTables
from speql_speculator.resolving.output import OutputReader
from speql_speculator.resolving.pruning import cause, settle
from speql_speculator.resolving.references import resolve_references
from speql_speculator.resolving.relations import Relation, Scope, VisibleColumn, spell
from speql_speculator.resolving.sources import SourceResolver, renamed_columns
from speql_speculator.resolving.tables import Relations


def resolve(query: Query, analysis: Analysis) -> None:
    """Mark what cannot stay in ``query``, note what has to be added, and settle the tree."""
    _Resolver(analysis).query(query, {}, None)
    settle(query)


class _Resolver:
    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.dialect = analysis.catalog.dialect

    def query(self, query: Query, ctes: Relations, parent: Scope | None) -> Relation:
        if query.known is not None:
            if query.known.fits(ctes):
                return query.known.relation()
            self.analysis.parser.reopen(query)
        around = self.analysis.aggregate_aliases
        self.analysis.aggregate_aliases = set()
        output = self._query(query, ctes, parent)
        self.analysis.aggregate_aliases = around
        settle(query)
        query.resolved = query.fault is None
        if query.text:
            self._note(query, ctes, parent, output)
        return output

    def _note(self, query: Query, ctes: Relations, parent: Scope | None, output: Relation) -> None:
        """Note a query that the next pass need not resolve again, if nothing in it has to be repaired."""
        around: list[Scope] = []
        while parent is not None:
            around.append(parent)
            parent = parent.parent
        outer = self.analysis.outer
        if around and any(scope is outer.get(id(found)) for found in walk(query) for scope in around):
            return
        used = names_read(query, ctes, self.analysis.name)
        if used is not None:
            self.analysis.candidates.append((query, KnownQuery(replace(output), used)))

    def _query(self, query: Query, ctes: Relations, parent: Scope | None) -> Relation:
        ctes = dict(ctes)
        local: list[str] = []
        if query.with_ is not None:
            local = self._ctes(query, ctes, parent)
        outputs: list[Relation] = []
        scope = Scope(parent=parent)
        single = len(query.branches) == 1
        for branch in query.branches:
            if isinstance(branch, Select):
                order = query.clauses if single else []
                before = self._before(query, branch, outputs)
                output, scope = self._select(branch, ctes, local, parent, order, before)
            elif isinstance(branch, Values):
                output = self._values(branch, ctes, parent)
            else:
                output = self.query(branch.query, ctes, parent)
            settle(branch)
            outputs.append(output)
        kept = [(branch, output) for branch, output in zip(query.branches, outputs, strict=True) if branch.kept]
        self._same_width(query, kept)
        if not kept:
            if local and query.with_ is not None and settle(query.with_):
                name = local[-1]
                query.add = f" SELECT * FROM {spell(name, self.dialect)}"
                return ctes[name.lower()]
            return Relation("", {}, True)
        output = kept[0][1]
        if not single or not isinstance(query.branches[0], Select):
            scope = Scope([output.renamed("")], parent)
            self._order(query.clauses, scope)
        for clause in query.clauses:
            if clause.name in ("LIMIT", "OFFSET") and clause.body is not None:
                self._constant(clause)
            elif clause.name == "ORDER BY" and not output.opaque:
                self._positions(clause, len(output.columns))
            settle(clause)
        if any(
            clause.name == "LIMIT" and clause.kept and self.analysis.text(clause).split()[-1] == "1"
            for clause in query.clauses
        ):
            output.single_row = True
        output.typing = query.first <= self.analysis.parser.gap <= query.last
        return output

    def _before(self, query: Query, branch: Select, outputs: list[Relation]) -> Select | None:
        """The first branch, whose FROM a later one without any may take."""
        if not outputs or branch.from_ is not None or not query.branches[0].kept:
            return None
        first = query.branches[0]
        return first if isinstance(first, Select) else None

    def _ctes(self, query: Query, ctes: Relations, parent: Scope | None) -> list[str]:
        local: list[str] = []
        with_ = query.with_
        assert with_ is not None
        # Some dialects have no word for it: a CTE may always name itself.
        recursive = with_.recursive or self.dialect in ("tsql", "fabric", "oracle")
        for cte in with_.ctes.elements:
            if not isinstance(cte, Cte):
                continue
            name = self.analysis.name(cte.name)
            if cte.query is None or cte.fault is not None:
                settle(cte)
                self.analysis.lost_ctes.add(name.lower())
                continue
            inner = dict(ctes)
            if recursive:
                columns = {
                    self.analysis.name(part).lower(): VisibleColumn(self.analysis.name(part))
                    for part in cte.column_names
                }
                inner[name.lower()] = Relation(name, columns, not columns, names=(name.lower(),))
            if recursive and len(cte.query.branches) == 1 and self._names(cte.query, name):
                # Its other branch, which does not name it, is gone.
                cte.query.fault = fragment(f"`{name}`")
            output = self.query(cte.query, inner, parent)
            if settle(cte):
                relation = output.renamed(name)
                if cte.column_names:
                    relation = renamed_columns(relation, [self.analysis.name(part) for part in cte.column_names])
                relation.meaning = self._meaning(cte, inner)
                ctes[name.lower()] = relation
                local.append(name)
            else:
                self.analysis.lost_ctes.add(name.lower())
        return local

    def _meaning(self, cte: Cte, ctes: Relations) -> str | None:
        """What tells the CTE from any other one of its name: its text and what that reads."""
        assert cte.query is not None, "it was resolved"
        used = names_read(cte.query, ctes, self.analysis.name) if cte.query.text else None
        return None if used is None else f"{self.analysis.text(cte)} {used}"

    def _names(self, query: Query, name: str) -> bool:
        """Whether a table of that name is read anywhere in ``query``."""
        return any(
            isinstance(found, Source)
            and len(found.parts) == 1
            and self.analysis.name(found.parts[0]).lower() == name.lower()
            for found in walk(query)
        )

    def _same_width(self, query: Query, kept: Sequence[tuple[Node, Relation]]) -> None:
        """Both sides of a set operation have as many columns: a shorter one that is being typed is filled up."""
        if len(kept) < 2:
            return
        first = next((output for branch, output in kept if not _is_all(branch)), kept[0][1])
        by_name = any(
            "NAME" in (token.upper for token in self.analysis.parser.tokens[slice(*operator)])
            for operator in query.operators
        )
        if first.opaque or by_name:
            return
        for branch, output in kept:
            if output is first:
                continue
            same = not output.opaque and len(output.columns) == len(first.columns)
            if isinstance(branch, Select) and _is_all(branch) and not same:
                names = (spell(column.name, self.dialect) for column in first.columns.values())
                texts = ", ".join(f"NULL AS {name}" if output is kept[0][1] else "NULL" for name in names)
                branch.add_items = f" {texts}" if branch.keyword >= 0 else ""
                branch.add_head = "" if branch.keyword >= 0 else f"SELECT {texts} "
                output.columns = first.columns
                continue
            difference = len(first.columns) - len(output.columns)
            if output.opaque or not difference or isinstance(branch, Values):
                continue
            selects = list(_lists(branch)) if difference > 0 else []
            if selects and all(select.items is not None and select.items.kept for select in selects):
                for select in selects:
                    self._pad(select.items, difference)
            else:
                branch.fault = self.analysis.report(
                    branch,
                    "column-count",
                    f"This side has {len(output.columns)} columns, the first side has {len(first.columns)}",
                )
                settle(branch)

    def _pad(self, items: Items | None, count: int) -> None:
        """Fill a list up with NULLs: where columns are left out, else at the cursor, else at its end.

        So the columns behind stay below those of the other sides, whose types they have.
        """
        assert items is not None, "it has columns"
        kept = [index for index, element in enumerate(items.elements) if element.kept]
        gone = [index for index, element in enumerate(items.elements) if not element.kept]
        gap = self.analysis.parser.gap
        at_cursor = next((index for index in kept if items.elements[index].first >= gap), -1)
        places = [next((index for index in kept if index > place), -1) for place in gone][:count]
        places += [at_cursor if items.first <= gap <= items.last else -1] * (count - len(places))
        for place in places:
            items.pads[place] = items.pads.get(place, 0) + 1

    def _values(self, values: Values, ctes: Relations, parent: Scope | None) -> Relation:
        self._subqueries(values, ctes, Scope(parent=parent))
        settle(values)
        return Relation("", {}, True)

    def _constant(self, clause: Clause) -> None:
        """LIMIT takes no columns."""
        for found in local_nodes(clause):
            if isinstance(found, Reference):
                found.fault = (
                    fragment(f"`{clause.name}`")
                    if self.analysis.parser.at_cursor(found.last)
                    else self.analysis.report(found, "unknown-column", f"`{clause.name}` takes a number")
                )

    def _positions(self, clause: Clause, count: int) -> None:
        """Numbers of columns in ORDER BY: without so many columns they are part of something else."""
        for element in clause.body.elements if isinstance(clause.body, Items) else ():
            text = self.analysis.text(element)
            number = text.split()[0] if text else ""
            if element.kept and text and number.isdigit() and not 0 < int(number) <= count:
                last = next(index for index in range(element.first, element.last)) + 1
                single = last == element.last or self.analysis.parser.tokens[last].upper in ("ASC", "DESC", "NULLS")
                if single:
                    element.fault = (
                        fragment(f"`{text}`")
                        if element.first <= self.analysis.parser.gap <= element.last
                        else self.analysis.report(element, "unknown-column", f"There is no output column {number}")
                    )

    def _order(self, clauses: Sequence[Clause], scope: Scope) -> None:
        for clause in clauses:
            if clause.name == "ORDER BY" and clause.body is not None and clause.fault is None:
                resolve_references(clause, scope, self.analysis)
                settle(clause)

    def _select(
        self,
        select: Select,
        ctes: Relations,
        local: list[str],
        parent: Scope | None,
        order: Sequence[Clause],
        before: Select | None,
    ) -> tuple[Relation, Scope]:
        analysis = self.analysis
        scope = Scope(parent=parent)
        if select.fault is not None:
            return Relation("", {}, True), scope
        extra = [clause for clause in order if clause.name == "ORDER BY"]
        sources = SourceResolver(analysis, ctes, local, scope, self.query)
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
            self._subqueries(part, ctes, scope)
        if select.from_ is not None:
            for source in select.from_.sources:
                if source.condition is not None and source.kept:
                    self._subqueries(source.condition, ctes, scope)
        for part in (*parts, *extra):
            settle(part)
            if part is not select.items:
                check_conditions(part, analysis)
                check_types(part, analysis)
        self._no_aggregates(select)
        settle(select)
        for clause in extra:
            settle(clause)
        if select.from_ is not None:
            ListedTables(analysis).connect(select, extra, scope, sources)
            sources.name_derived_tables(select.from_.sources)
            settle(select)
        self._lost_aliases(select, extra)
        self._items(select, scope)
        self._without_tables(select)
        if not select.kept:
            return Relation("", {}, True), scope
        complete_grouping(select, extra, analysis)
        self._windows(select)
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
        """``t.*`` of a table that is not there."""
        for found in local_nodes(part):
            if isinstance(found, Star) and found.qualifier is None and not scope.relations and found.in_list:
                found.fault = fragment("`*`")
            if isinstance(found, Star) and found.qualifier is not None:
                name = self.analysis.name(found.qualifier)
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

    def _subqueries(self, part: Node, ctes: Relations, scope: Scope) -> None:
        for found in local_nodes(part):
            if isinstance(found, Nested):
                output = self.query(found.query, ctes, scope)
                if not found.exists and _too_wide(found.query, output):
                    rows = [term for term in local_nodes(part) if isinstance(term, Term) and found in term.operands[1:]]
                    if not any(isinstance(term.operands[0], Group) for term in rows):
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

    def _windows(self, select: Select) -> None:
        """Windows that are used by name and not defined yet: all rows, for now."""
        clause = next((clause for clause in select.clauses if clause.name == "WINDOW"), None)
        defined: set[str] = set()
        if clause is not None and isinstance(clause.body, Items):
            names = [window for window in clause.body.elements if isinstance(window, Window) and window.kept]
            defined = {self.analysis.name(window.name).lower() for window in names if window.name >= 0}
        used = [
            found.window.name
            for part in (select.items, *select.clauses)
            if part is not None and part.kept
            for found in local_nodes(part)
            if isinstance(found, Call) and found.window is not None and found.window.name >= 0 and found.kept
        ]
        names_used = {self.analysis.name(token).lower(): self.analysis.text_of(token) for token in used}
        missing = ", ".join(f"{text} AS ()" for name, text in names_used.items() if name not in defined)
        if missing and clause is None:
            select.add_window = f" WINDOW {missing}"
        elif missing and clause is not None:
            clause.fault = None
            clause.add = f", {missing}" if defined else f" {missing}"

    def _items(self, select: Select, scope: Scope) -> None:
        """A SELECT list that is empty so far."""
        if select.keyword < 0 and select.from_ is not None and select.from_.kept:
            group = select.clause("GROUP BY")
            if group is not None and isinstance(group.body, Items):
                select.add_head = f"SELECT {', '.join(self._keys(group.body))} "
            return
        if select.items is None or select.items.kept or select.keyword < 0:
            return
        has_source = bool(select.add_from) or (select.from_ is not None and select.from_.kept)
        if not has_source:
            return
        group = select.clause("GROUP BY")
        if group is not None and isinstance(group.body, Items) and group.body.kept:
            select.add_items = " " + ", ".join(self._keys(group.body))
        elif group is not None:
            select.add_items = " count(*)"
        else:
            select.add_items = " *"
        settle(select)

    def _keys(self, items: Items) -> list[str]:
        """The texts of the grouping keys, those of ROLLUP and CUBE one by one."""
        texts: list[str] = []
        for element in items.elements:
            calls = [found for found in local_nodes(element) if isinstance(found, Call) and found.kept]
            sets = bool(calls) and calls[0].name in ("rollup", "cube", "grouping sets")
            if sets and calls[0].arguments is not None:
                texts += self._keys(calls[0].arguments)
            elif element.kept:
                texts.append(self.analysis.text(element))
        return list(dict.fromkeys(texts)) or ["count(*)"]


def _is_all(branch: Node) -> bool:
    """Whether nothing is selected yet: what there is is taken for it."""
    from_first = isinstance(branch, Select) and branch.keyword < 0 and branch.from_ is not None and branch.from_.kept
    return isinstance(branch, Select) and (from_first or bool(branch.add_items))


def _has_alias(item: Node) -> TypeGuard[SelectItem]:
    return isinstance(item, SelectItem) and item.alias >= 0


def _too_wide(query: Query, output: Relation) -> bool:
    """Whether a subquery has more than the one column that a value has."""
    added = any(isinstance(branch, Select) and branch.kept and branch.add_items == " *" for branch in query.branches)
    return added or (not output.opaque and len(output.columns) > 1)


def _lists(branch: Node) -> Iterator[Select]:
    """The SELECTs that give the columns of a side of a set operation, behind any number of parentheses."""
    if isinstance(branch, Select):
        yield branch
    elif isinstance(branch, Nested):
        for inner in branch.query.branches:
            if inner.kept:
                yield from _lists(inner)
