"""Prove that a SELECT can be computed from a view, and write it so.

Want: for a SELECT and a view, either a SELECT over the view that returns the same bag of rows, or the reason why
there is none. A wrong proof gives the user wrong numbers, a missing one costs a run on base tables; so whatever is
not proved is refused.

Method: Goldstein and Larson, "Optimizing Queries Using Materialized Views" (SIGMOD 2001). A SELECT in normal form is
``group(sigma(where)((inner tables) left join ... left join ...))``. Each source of the view is mapped to one of the
same identity in the query. Then:

1. *The view has every row that the query needs.* Each conjunct of the view must follow from those of the query.
   The query's conjuncts are true for a row of its result, so equal columns, the range of each column and NULLs ruled
   out may all be used.
2. *The view has each row as often as the query.* Sources of the query that the view does not have are joined back,
   which multiplies rows of the view as it multiplied those of the tables. Sources that only the view has must neither
   add nor lose rows, by declared keys.
3. *Rows that the query does not want can be taken out.* Conjuncts that do not follow from the view's are applied to
   it, written over its columns. Here only such equalities may be used as the view itself guarantees, else ``a = b``
   could be "applied" as ``a = a``.
4. *Left joins.* Those of the view must be left joins of the query with the same condition, or inner ones whose
   conjuncts contain that condition. The rest stay on top: conditions on the preserved side commute with them.
5. *Groups.* If the view groups, all of the above must be computable from its grouping keys; with the same keys one
   row of the view is one group of the query, with fewer keys aggregates are rolled up.

What a mapping cannot prove but spelling does (LIMIT, QUALIFY, windows, ROLLUP) is matched only when everything
between FROM and the output columns has the same normal text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from speql_scheduler.matching.compensation import Compensation, Match
from speql_scheduler.matching.correspondence import Correspondence
from speql_scheduler.matching.from_clause import rejects_null
from speql_scheduler.matching.having import GroupFacts, conditions_on_keys, facts_of_needed_rows
from speql_scheduler.matching.identical import identical_select
from speql_scheduler.matching.mapping import source_mappings
from speql_scheduler.matching.normal_text import normal_text
from speql_scheduler.matching.predicates import Facts
from speql_scheduler.matching.reasons import missing_conjunct
from speql_scheduler.matching.spjg import Block
from speql_scheduler.matching.substitution import NotInViewError
from speql_scheduler.matching.view import View


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a view cannot serve a SELECT: the check that fails first, and those before it that do not; sentences."""

    reason: str
    passed: tuple[str, ...] = ()


def match(query: Block, view: View, alias: str) -> Match | Refusal:
    """The query's SELECT over the view (named ``alias`` there), or why it cannot be."""
    if view.refusal:
        return Refusal(view.refusal)
    block = view.block
    if block is None:
        return Refusal("the view is not a single SELECT, and the query is not the same")
    mappings = source_mappings(query, block)
    if isinstance(mappings, str):
        return Refusal(mappings)
    refusal: Refusal | None = None
    for mapping in mappings:
        found = _Attempt(query, view, block, mapping, alias).run()
        if isinstance(found, Match):
            return found
        refusal = refusal or found
    return refusal or Refusal("the view joins its tables in another way than the query")


class _RefusedError(Exception):
    """The mapping proves nothing; the message says what fails first."""


class _Attempt:
    """One mapping from the sources of a view to those of a query."""

    def __init__(self, query: Block, view: View, block: Block, mapping: dict[str, str], alias: str) -> None:
        self.query = query
        self.view = view
        self.block = block
        self.names = Correspondence(query, view, block, mapping, alias)
        self.rolls_up = False
        self.conditions: list[exp.Expr] = []

    @cached_property
    def _needed(self) -> Facts:
        return facts_of_needed_rows(self.query)

    def run(self) -> Match | Refusal:
        """The match, or the first check that fails."""
        passed = ["the query reads its tables"]
        try:
            identical = identical_select(self.query, self.view, self.block, self.names.mapping, self.names.alias)
            if identical is not None:
                return Match(identical, "the view as it is", len(self.names.mapping), 0)
            self._check_view()
            self._check_left_joins()
            if len(self.names.mapping) > 1:
                passed.append("they are joined as in the query")
            self._check_rows()
            passed.append("every row that the query needs is in it")
            self._check_groups()
            if self.block.grouping is not None:
                passed.append("its groups can be used")
            return self._match_in_either_way()
        except (_RefusedError, NotInViewError) as failed:
            return Refusal(str(failed), tuple(passed))

    # The checks, in the order of the essay above.

    def _check_view(self) -> None:
        block, query = self.block, self.query
        if query.clause.opaque and block.clause.opaque and query.opaque_from_text != block.opaque_from_text:
            raise _RefusedError(f"the view has {block.clause.opaque}, and the FROM of the query is not the same")
        if block.clause.opaque and not query.clause.opaque:
            raise _RefusedError(f"the view has {block.clause.opaque}, and the query is not the same")
        if query.clause.opaque and not block.clause.opaque:
            raise _RefusedError(f"the query has {query.clause.opaque}, and the view is not the same")
        if block.limits_rows:
            raise _RefusedError(f"the view has {block.limits_rows}, and the query is not the same")
        if block.has_windows:
            raise _RefusedError("the view has window functions, and the query is not the same")
        if block.has_grouping_sets:
            raise _RefusedError("the view has grouping sets, and the query is not the same")
        if block.unknown_function:
            raise _RefusedError(f"the view calls {block.unknown_function}(), of which too little is known")
        for key in ("sample", "match", "into", "windows", "connect", "cluster"):
            if query.select.args.get(key):
                raise _RefusedError(f"the query has {key.upper()}")
        if not block.keeps_duplicates and (block.has_aggregates or block.select.args.get("group")):
            raise _RefusedError("the view removes duplicates of groups")

    def _check_left_joins(self) -> None:
        query, block = self.query, self.block
        if block.clause.opaque:
            return  # It is the same FROM.
        for source, target in self.names.mapping.items():
            if source not in block.left:
                if target in query.left:
                    raise _RefusedError(f"the view joins {target} inner, the query joins it LEFT")
                continue
            names = block.inner_names
            if target in query.left:
                plain = self.names.plain()
                in_view = {normal_text(condition, plain) for condition in block.left[source]}
                in_query = {normal_text(condition, query.inner_names) for condition in query.left[target]}
                if in_view != in_query:
                    raise _RefusedError(f"the view joins {target} LEFT on another condition than the query")
                continue
            if not any(rejects_null(condition, target) for condition in query.clause.where):
                raise _RefusedError(f"the view keeps rows without a match in {target}")
            for condition in block.left[source]:
                if not query.facts.implies(condition, names, self.names.to_query):
                    raise _RefusedError(f"the view joins {target} on a condition that the query does not have")

    def _check_rows(self) -> None:
        query, block = self.query, self.block
        if query.bare_condition:
            # Making a truth value of it may fail, for rows that are not in the view as well as for those that are.
            raise _RefusedError(f"the query has the condition {query.bare_condition}, which is no truth value")
        kept = set(self.names.mapping)
        for condition in block.clause.where:
            if any(c.table in block.clause.sources and c.table not in kept for c in condition.find_all(exp.Column)):
                # It joins a table that neither adds nor loses rows, if no column that is joined to it is NULL.
                self._check_not_null(column for column in condition.find_all(exp.Column) if column.table in kept)
                continue
            if not self._needed.implies(condition, block.inner_names, self.names.to_query):
                raise _RefusedError(missing_conjunct(query, block, condition, self.names.to_query))
        for condition in query.clause.where:
            if not block.facts.implies(condition, query.inner_names, self.names.to_view):
                self.conditions.append(condition)

    def _check_not_null(self, columns: Iterable[exp.Column]) -> None:
        """The query needs no row in which one of these columns of the view is NULL."""
        for column in columns:
            found = self.names.to_query((column.table, column.name))
            if self.block.column_type((column.table, column.name))[1] and (
                found is None or self._needed.domain(found).null
            ):
                name = self.block.written(column)
                raise _RefusedError(f"the view has no rows whose {name} is NULL, and the query may need them")

    def _check_groups(self) -> None:
        query, block = self.query, self.block
        if block.grouping is None:
            return
        if query.grouping is None:
            raise _RefusedError("the view is grouped, the query is not")
        if query.unknown_function:
            raise _RefusedError(f"the query calls {query.unknown_function}(), which may be an aggregate")
        if self._has_same_groups():
            self._check_having()
            return
        self.rolls_up = True
        for condition in self._having_on_groups():
            raise _RefusedError(f"the view has HAVING {block.written(condition)}, and the query groups otherwise")
        if _is_global(block):
            raise _RefusedError("the view is one group, the query is not")
        if query.has_windows and query.select.args.get("group") is None and not query.has_aggregates:
            raise _RefusedError("the view is grouped, and the query has window functions over rows")

    def _check_having(self) -> None:
        """The view has every group that the query needs."""
        query, block = self.query, self.block
        wanted = {query.text(condition) for condition in query.having}
        missing = [c for c in block.having if self.names.query_text_of_view(c) not in wanted]
        if missing:
            groups = GroupFacts(query)
            for condition in missing:
                if not groups.implies(condition, block, self.names.query_text_of_view, self.names.to_query):
                    reason = "which does not follow from the query's conditions"
                    raise _RefusedError(f"the view has HAVING {block.written(condition)}, {reason}")

    def _having_on_groups(self) -> list[exp.Expr]:
        """The conjuncts of the view's HAVING that are more than conditions on rows which the query has too."""
        on_keys = conditions_on_keys(self.block)
        return [
            condition
            for condition in self.block.having
            if not any(condition is other for other in on_keys)
            or not self._needed.implies(condition, self.block.inner_names, self.names.to_query)
        ]

    def _has_same_groups(self) -> bool:
        """Whether each row of the view (that the conditions keep) is one group of the query."""
        query, block = self.query, self.block
        if self.names.extra or query.has_grouping_sets or query.grouping is None or block.grouping is None:
            return False
        is_distinct = query.select.args.get("group") is None and not query.has_aggregates
        if is_distinct and (query.has_windows or query.select.args.get("having") is not None):
            return False
        if _is_global(query) != _is_global(block) or (_is_global(block) and self.conditions):
            return False
        held = {self.names.query_text_of_view(key) for key in block.grouping}
        return held == {query.text(key) for key in query.grouping}

    def _match_in_either_way(self) -> Match:
        """With the same groups take the view's rows as they are; what it lacks then may still roll up (AVG)."""
        try:
            return self._over_view()
        except NotInViewError:
            if self.rolls_up or self.block.grouping is None or self._having_on_groups() or _is_global(self.block):
                raise
            self.rolls_up = True
            return self._over_view()

    def _over_view(self) -> Match:
        return Compensation(self.query, self.view, self.block, self.names, self.conditions, self.rolls_up).match()


def _is_global(block: Block) -> bool:
    """Whether all rows are one group, which exists even where there is no row."""
    return block.grouping == () and block.select.args.get("group") is None
