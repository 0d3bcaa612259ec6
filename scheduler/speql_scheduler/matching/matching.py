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
   which multiplies rows of the view as it multiplied those of the tables. Sources of the view that the query does not
   have would change the number of rows, and are refused.
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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, permutations, product

from sqlglot import exp

from speql_scheduler.matching.from_clause import rejects_null
from speql_scheduler.matching.identical import identical_select, view_source
from speql_scheduler.matching.normal_text import Names, normal_text
from speql_scheduler.matching.predicates import ColumnKey, equal_columns
from speql_scheduler.matching.reasons import missing_conjunct
from speql_scheduler.matching.rollup import RollUp
from speql_scheduler.matching.spjg import Block, aggregates_of
from speql_scheduler.matching.substitution import NotInViewError, Substitution
from speql_scheduler.matching.view import View

_MOST_MAPPINGS = 48


@dataclass(frozen=True)
class Match:
    """A SELECT over a view that returns what the query's SELECT returns, and what is done on top of the view.

    ``covered`` is how many sources of the query the view stands for, ``steps`` how much is done on top.
    """

    select: exp.Select
    compensation: str
    covered: int
    steps: int


def match(query: Block, view: View, alias: str) -> Match | str:
    """The query's SELECT over the view (named ``alias`` there), or a sentence that says why it cannot be."""
    if view.refusal:
        return view.refusal
    block = view.block
    if block is None:
        return "the view is not a single SELECT, and the query is not the same"
    if reason := _sources_missing(query, block):
        return reason
    reason = ""
    for mapping in _mappings(query, block):
        found = _Attempt(query, view, block, mapping, alias).run()
        if isinstance(found, Match):
            return found
        reason = reason or found
    return reason or "the view joins its tables in another way than the query"


def _sources_missing(query: Block, view: Block) -> str:
    wanted = list(query.identities.values())
    for alias, identity in view.identities.items():
        if identity not in wanted:
            source = view.clause.sources[alias]
            name = source.name if isinstance(source, exp.Table) else alias
            return f"the view reads {name}, which the query does not read here (or not in the same form)"
        wanted.remove(identity)
    if not view.identities:
        return "the view reads no table"
    return ""


def _mappings(query: Block, view: Block) -> Iterator[dict[str, str]]:
    """The ways to send the view's sources to different sources of the query of the same identity."""
    if query.clause.opaque or view.clause.opaque:
        # A FROM without normal form is compared whole, source by source in the order of the text.
        if bool(query.clause.opaque) == bool(view.clause.opaque) and len(query.identities) == len(view.identities):
            yield dict(zip(view.identities, query.identities, strict=True))
        return
    groups: dict[str, list[str]] = {}
    for alias, identity in view.identities.items():
        groups.setdefault(identity, []).append(alias)
    choices = [
        [
            dict(zip(aliases, chosen, strict=True))
            for chosen in permutations([a for a, i in query.identities.items() if i == identity], len(aliases))
        ]
        for identity, aliases in groups.items()
    ]
    for parts in islice(product(*choices), _MOST_MAPPINGS):
        yield {alias: target for part in parts for alias, target in part.items()}


class _RefusedError(Exception):
    """The mapping proves nothing; the message says what fails first."""


class _Attempt:
    """One mapping from the sources of a view to those of a query."""

    def __init__(self, query: Block, view: View, block: Block, mapping: dict[str, str], alias: str) -> None:
        self.query = query
        self.view = view
        self.block = block
        self.mapping = mapping
        self.back = {target: source for source, target in mapping.items()}
        self.alias = alias
        self.extra = [source for source in query.clause.sources if source not in self.back]
        self.rolls_up = False
        self.conditions: list[exp.Expr] = []

    def run(self) -> Match | str:
        """The match, or the first check that fails."""
        try:
            identical = identical_select(self.query, self.view, self.block, self.mapping, self.alias)
            if identical is not None:
                return Match(identical, "the view as it is", len(self.mapping), 0)
            self._check_view()
            self._check_left_joins()
            self._check_rows()
            self._check_groups()
            return self._match_in_either_way()
        except _RefusedError as refusal:
            return str(refusal)
        except NotInViewError as missing:
            return str(missing)

    # Names of the view's columns and expressions, as the query knows them.

    def to_query(self, column: ColumnKey) -> ColumnKey | None:
        """The query's column for one of the view."""
        target = self.mapping.get(column[0])
        return (target, column[1]) if target is not None else None

    def to_view(self, column: ColumnKey) -> ColumnKey | None:
        """The view's column for one of the query."""
        target = self.back.get(column[0])
        return (target, column[1]) if target is not None else None

    def query_text_of_view(self, node: exp.Expr) -> str:
        """The text of an expression of the view as the query would write it."""
        return normal_text(node, self.query.facts.names_from(self.block.inner_names, self.to_query))

    def view_column(self, number: int) -> exp.Column:
        """A reference to an output column of the view."""
        name = exp.to_identifier(self.view.columns[number], quoted=True)
        return exp.Column(this=name, table=exp.to_identifier(self.alias))

    # The checks, in the order of the essay above.

    def _check_view(self) -> None:
        block, query = self.block, self.query
        if block.clause.opaque:
            raise _RefusedError(f"the view has {block.clause.opaque}, and the query is not the same")
        if query.clause.opaque:
            raise _RefusedError(f"the query has {query.clause.opaque}, and the view is not the same")
        if block.limits_rows:
            raise _RefusedError(f"the view has {block.limits_rows}, and the query is not the same")
        if block.has_windows:
            raise _RefusedError("the view has window functions, and the query is not the same")
        if block.has_grouping_sets:
            raise _RefusedError("the view has grouping sets, and the query is not the same")
        if block.unknown_function:
            raise _RefusedError(f"the view calls {block.unknown_function}(), of which too little is known")
        if query.limits_rows in ("SAMPLE", "MATCH", "INTO", "WINDOWS", "CONNECT", "CLUSTER"):
            raise _RefusedError(f"the query has {query.limits_rows}")
        if not block.keeps_duplicates and (block.has_aggregates or block.select.args.get("group")):
            raise _RefusedError("the view removes duplicates of groups")

    def _check_left_joins(self) -> None:
        query, block = self.query, self.block
        for source, target in self.mapping.items():
            if source not in block.left:
                if target in query.left:
                    raise _RefusedError(f"the view joins {target} inner, the query joins it LEFT")
                continue
            names = block.inner_names
            if target in query.left:
                plain = self._plain_names()
                in_view = {normal_text(condition, plain) for condition in block.left[source]}
                in_query = {normal_text(condition, query.inner_names) for condition in query.left[target]}
                if in_view != in_query:
                    raise _RefusedError(f"the view joins {target} LEFT on another condition than the query")
                continue
            if not any(rejects_null(condition, target) for condition in query.clause.where):
                raise _RefusedError(f"the view keeps rows without a match in {target}")
            for condition in block.left[source]:
                if not query.facts.implies(condition, names, self.to_query):
                    raise _RefusedError(f"the view joins {target} on a condition that the query does not have")

    def _plain_names(self) -> Names:
        """Names that write the view's columns as the query does, without any equality: below WHERE none holds."""
        query, names = self.query, self.block.inner_names

        def column(alias: str, name: str) -> str | None:
            key = self.to_query((alias, name))
            return query.inner_names.column(*key) if key is not None else None

        return Names(column, names.ctes, query.inner_names.depth)

    def _check_rows(self) -> None:
        query, block = self.query, self.block
        for condition in block.clause.where:
            if not query.facts.implies(condition, block.inner_names, self.to_query):
                raise _RefusedError(missing_conjunct(query, condition, self.to_query))
        for condition in query.clause.where:
            if not block.facts.implies(condition, query.inner_names, self.to_view):
                self.conditions.append(condition)

    def _check_groups(self) -> None:
        query, block = self.query, self.block
        if block.grouping is None:
            return
        if query.grouping is None:
            raise _RefusedError("the view is grouped, the query is not")
        if query.unknown_function:
            raise _RefusedError(f"the query calls {query.unknown_function}(), which may be an aggregate")
        if self._has_same_groups():
            held = {self.query_text_of_view(condition) for condition in block.having}
            wanted = {query.text(condition) for condition in query.having}
            if held - wanted:
                raise _RefusedError("the view has a HAVING that the query does not have")
            return
        self.rolls_up = True
        if block.having:
            raise _RefusedError("the view has a HAVING, and the query groups otherwise")
        if _is_global(block):
            raise _RefusedError("the view is one group, the query is not")
        if query.has_windows and query.select.args.get("group") is None and not query.has_aggregates:
            raise _RefusedError("the view is grouped, and the query has window functions over rows")

    def _has_same_groups(self) -> bool:
        """Whether each row of the view (that the conditions keep) is one group of the query."""
        query, block = self.query, self.block
        if self.extra or query.has_grouping_sets or query.grouping is None or block.grouping is None:
            return False
        is_distinct = query.select.args.get("group") is None and not query.has_aggregates
        if is_distinct and (query.has_windows or query.select.args.get("having") is not None):
            return False
        if _is_global(query) != _is_global(block) or (_is_global(block) and self.conditions):
            return False
        held = {self.query_text_of_view(key) for key in block.grouping}
        return held == {query.text(key) for key in query.grouping}

    # The SELECT over the view.

    def _match_in_either_way(self) -> Match:
        """With the same groups take the view's rows as they are; what it lacks then may still roll up (AVG)."""
        try:
            return self._match()
        except NotInViewError:
            if self.rolls_up or self.block.grouping is None or self.block.having or _is_global(self.block):
                raise
            self.rolls_up = True
            return self._match()

    def _match(self) -> Match:
        query = self.query
        above = self._substitution(from_query=True)
        below = self._substitution(from_query=False)
        where = [self._condition(condition, above.without_aggregates(), below) for condition in self.conditions]
        grouped_view = self.block.grouping is not None
        one_to_one = grouped_view and not self.rolls_up
        select = query.select
        args: dict[str, object] = {}
        group = select.args.get("group")
        upper = above
        if group is not None and not one_to_one:
            args["group"] = above.without_aggregates().apply(group)
            upper = above.above_groups(self._rebuilt_keys(above.without_aggregates()))
        for key, value in select.args.items():
            if key in ("from_", "joins", "laterals", "where", "with_", "group"):
                continue
            if one_to_one and key == "having":
                continue
            args[key] = self._rebuilt(value, upper)
        if one_to_one:
            held = {self.query_text_of_view(condition) for condition in self.block.having}
            where += [above.apply(c) for c in query.having if query.text(c) not in held]
        rebuilt = exp.Select(**args)
        rebuilt.set("from_", exp.From(this=view_source(self.view, self.alias)))
        joins = [
            exp.Join(this=query.clause.sources[source].copy(), kind="CROSS")
            for source in query.clause.inner
            if source in self.extra
        ]
        for source, on in query.clause.left:
            if source in self.extra:
                condition = exp.and_(*(below.apply(c) for c in on), copy=False) if on else exp.true()
                joins.append(exp.Join(this=query.clause.sources[source].copy(), side="LEFT", on=condition))
        if joins:
            rebuilt.set("joins", joins)
        if where:
            rebuilt.set("where", exp.Where(this=exp.and_(*where, copy=False)))
        return Match(rebuilt, self._compensation(where), len(self.mapping), len(where) + len(joins) + self.rolls_up)

    def _rebuilt(self, value: object, substitution: Substitution) -> object:
        if isinstance(value, exp.Expr):
            return substitution.apply(value)
        if isinstance(value, list):
            return [self._rebuilt(item, substitution) for item in value]
        return value

    def _rebuilt_keys(self, rows: Substitution) -> dict[str, exp.Expr]:
        """The grouping keys of the query as the new GROUP BY writes them, by their text."""
        keys: dict[str, exp.Expr] = {}
        for key in self.query.all_grouping_keys():
            keys.setdefault(self._text_of_query(key), rows.apply(key))
        return keys

    def _text_of_query(self, node: exp.Expr) -> str:
        """The text of an expression above FROM and WHERE of the query.

        Under ROLLUP and CUBE a key is NULL in some rows while one equal to it is not, so there no key stands for
        another.
        """
        return normal_text(node, self.query.inner_names) if self.query.has_grouping_sets else self.query.text(node)

    def _condition(self, condition: exp.Expr, above: Substitution, below: Substitution) -> exp.Expr:
        """A conjunct over the view: by what the view guarantees, or else by what the query's equalities add."""
        try:
            return below.apply(condition)
        except NotInViewError:
            if equal_columns(condition) is not None:
                raise
            return above.apply(condition)

    def _compensation(self, where: list[exp.Expr]) -> str:
        parts = []
        if where:
            dialect = self.query.catalog.dialect
            parts.append("filter " + " AND ".join(condition.sql(dialect=dialect) for condition in where))
        if self.extra:
            names = [getattr(self.query.clause.sources[s], "name", "") or s for s in self.extra]
            parts.append(f"join {', '.join(names)}")
        if self.rolls_up:
            parts.append("roll up groups")
        elif self.block.grouping is None and self.query.grouping is not None:
            parts.append("aggregate")
        return ", ".join(parts) or "fewer columns at most"

    def _substitution(self, *, from_query: bool) -> Substitution:
        """Expressions over the view, by the equalities of the query or only by those that the view guarantees."""
        facts = self.query.facts if from_query else self.block.facts
        grouped = self.block.grouping is not None
        columns: list[tuple[ColumnKey, int]] = []
        by_text: dict[str, exp.Column] = {}
        aggregates: dict[str, exp.Column] = {}
        kinds: set[type] = set()
        for number, projection in enumerate(self.block.select.expressions):
            expression = projection.unalias().unnest()
            if isinstance(expression, exp.Column) and expression.table:
                columns.append(((expression.table, expression.name), number))
                continue
            text = self._view_text(expression, from_query)
            if any(True for _ in aggregates_of(expression)):
                aggregates.setdefault(text, self.view_column(number))
            elif expression.find(exp.Column) is None or expression.find(exp.Query) is not None:
                continue
            else:
                by_text.setdefault(text, self.view_column(number))
                kinds.add(type(expression))

        def column(key: ColumnKey) -> exp.Column | None:
            held = self.to_view(key)
            if held is None:
                return None
            exact = [number for output, number in columns if output == held]
            if exact:
                return self.view_column(exact[0])
            if from_query and self.query.has_grouping_sets:
                return None
            for output, number in columns:
                same = self.to_query(output) if from_query else output
                other = key if from_query else held
                if same is not None and facts.same(same, other):
                    return self.view_column(number)
            return None

        def written(node: exp.Expr) -> str:
            if from_query:
                return self._text_of_query(node)
            return normal_text(node, self.block.facts.names_from(self.query.inner_names, self.to_view))

        replaced = frozenset(self.back)
        keys = Substitution(replaced, column, written, by_text, frozenset(kinds))
        if not grouped or not from_query:
            return keys
        if self.rolls_up:
            roll_up = RollUp(aggregates, written, keys.apply, self.query.expression_type)
            return Substitution(replaced, column, written, by_text, frozenset(kinds), roll_up)

        def held_aggregate(node: exp.Expr) -> exp.Expr | None:
            found = aggregates.get(written(node))
            if found is None and not isinstance(node, exp.Filter):
                raise NotInViewError(f"the view does not have {node.sql(dialect=self.query.catalog.dialect)}")
            if found is None:
                raise NotInViewError("the view does not have an aggregate with that FILTER")
            return found.copy()

        everything = {**by_text, **aggregates}
        kinds |= {type(p.unalias().unnest()) for p in self.block.select.expressions if p.find(exp.AggFunc)}
        return Substitution(replaced, column, written, everything, frozenset(kinds), held_aggregate)

    def _view_text(self, node: exp.Expr, from_query: bool) -> str:
        if from_query:
            has_sets = self.query.has_grouping_sets
            return normal_text(node, self._plain_names()) if has_sets else self.query_text_of_view(node)
        return normal_text(node, self.block.facts.own_names)


def _is_global(block: Block) -> bool:
    """Whether all rows are one group, which exists even where there is no row."""
    return block.grouping == () and block.select.args.get("group") is None
