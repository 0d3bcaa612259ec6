"""Resolves a parsed statement against the catalog: what names mean, and what is still missing."""

from collections.abc import Sequence
from dataclasses import replace

from speql_speculator.parsing.grammar import fragment
from speql_speculator.parsing.known_queries import KnownQuery, names_read
from speql_speculator.parsing.syntax_tree import (
    Clause,
    Cte,
    Items,
    Node,
    Query,
    Reference,
    Select,
    Source,
    Values,
    walk,
)
from speql_speculator.resolving.analysis import Analysis, local_nodes
from speql_speculator.resolving.position import position
from speql_speculator.resolving.pruning import settle
from speql_speculator.resolving.references import resolve_references
from speql_speculator.resolving.relations import Relation, Scope, VisibleColumn, spell
from speql_speculator.resolving.rows import same_length
from speql_speculator.resolving.selects import SelectResolver
from speql_speculator.resolving.set_operations import same_width
from speql_speculator.resolving.sources import renamed_columns
from speql_speculator.resolving.tables import Relations


def resolve(query: Query, analysis: Analysis) -> None:
    """Mark what cannot stay in ``query``, note what has to be added, and settle the tree."""
    _Resolver(analysis).query(query, {}, None)
    settle(query)


class _Resolver:
    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.dialect = analysis.catalog.dialect
        self.selects = SelectResolver(analysis, self.query)
        self.recursive: dict[int, Relation] = {}
        self.earlier: dict[int, list[str]] = {}

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
                earlier = self.earlier.get(id(query), [])
                output, scope = self.selects.resolve(branch, ctes, local, parent, order, before, earlier)
            elif isinstance(branch, Values):
                output = self._values(branch, ctes, parent)
            else:
                output = self.query(branch.query, ctes, parent)
            if branch.fault is not None or not isinstance(branch, Select):  # else it is settled
                settle(branch)
            outputs.append(output)
            if len(outputs) == 1 and branch.kept and (own := self.recursive.get(id(query))) is not None:
                # The branches that name it see the columns of the first one.
                own.columns, own.opaque = own.columns or output.columns, not own.columns and output.opaque
        kept = [(branch, output) for branch, output in zip(query.branches, outputs, strict=True) if branch.kept]
        same_width(query, kept, self.analysis)
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
            self.earlier[id(cte.query)] = list(local)
            if recursive:
                columns = {
                    self.analysis.name(part).lower(): VisibleColumn(self.analysis.name(part))
                    for part in cte.column_names
                }
                inner[name.lower()] = Relation(name, columns, not columns, names=(name.lower(),))
                self.recursive[id(cte.query)] = inner[name.lower()]
            if recursive and len(cte.query.branches) == 1 and self._names(cte.query, name):
                # Its other branch, which does not name it, is gone.
                cte.query.fault = fragment(f"`{name}`")
            output = self.query(cte.query, inner, parent)
            if recursive:
                self._recursion(cte, cte.query, name)
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

    def _recursion(self, cte: Cte, query: Query, name: str) -> None:
        """A recursive CTE has rows to begin with. Its branches that name it are left out while they would never end."""
        kept = [branch for branch in query.branches if branch.kept]
        recursive = [branch for branch in kept if self._names(branch, name)]
        if kept and len(recursive) == len(kept):
            query.fault = self.analysis.report(cte, "left-out", f"`{name}` has no rows to begin with yet")
        typing = query.first <= self.analysis.parser.gap <= query.last
        for branch in recursive:
            if not isinstance(branch, Select) or (branch.from_ is not None and len(branch.from_.sources) > 1):
                continue  # a join ends with its rows
            where = any(clause.name == "WHERE" for clause in branch.clauses)
            if branch.clause("WHERE") is None and (where or typing):
                message = f"Without a condition `{name}` would never end"
                branch.fault = self.analysis.report(branch, "left-out", message, "Type its WHERE.")
                query.resolved = False
        settle(query)

    def _meaning(self, cte: Cte, ctes: Relations) -> str | None:
        """What tells the CTE from any other one of its name: its text and what that reads."""
        assert cte.query is not None, "it was resolved"
        used = names_read(cte.query, ctes, self.analysis.name) if cte.query.text else None
        return None if used is None else f"{self.analysis.text(cte)} {used}"

    def _names(self, query: Node, name: str) -> bool:
        """Whether a table of that name is read anywhere in ``query``, as it is typed, completed or inferred."""
        inferred = f" FROM {spell(name, self.dialect)}"
        completed = {token: text for token, text, _, _ in self.analysis.replaced}
        for found in walk(query):
            if isinstance(found, Select) and inferred in (found.add_from, found.from_ and f" FROM{found.from_.add}"):
                return True
            if isinstance(found, Source) and len(found.parts) == 1:
                (part,) = found.parts
                if completed.get(part, self.analysis.name(part)).lower() == name.lower():
                    return True
        return False

    def _values(self, values: Values, ctes: Relations, parent: Scope | None) -> Relation:
        self.selects.subqueries(values, ctes, Scope(parent=parent))
        settle(values)
        same_length(values, self.analysis)
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
            number = position(text.split()[0]) if text else None
            if element.kept and number is not None and not 0 < number <= count:
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
