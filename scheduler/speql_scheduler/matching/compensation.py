"""Write a SELECT over a view that has been proved to have its rows or groups."""

from dataclasses import dataclass

from sqlglot import exp

from speql_scheduler.matching.correspondence import Correspondence
from speql_scheduler.matching.identical import view_source
from speql_scheduler.matching.predicates import equal_columns
from speql_scheduler.matching.spjg import Block
from speql_scheduler.matching.substitution import NotInViewError, Substitution
from speql_scheduler.matching.view import View


@dataclass(frozen=True)
class Match:
    """A SELECT over a view that returns what the query's SELECT returns, and what is done on top of the view.

    ``covered`` is how many sources of the query the view stands for, ``steps`` how much is done on top.
    """

    select: exp.Select
    compensation: str
    covered: int
    steps: int


class Compensation:
    """What is done on top of a view: conditions, joins, groups, and the clauses above them.

    ``conditions`` are the conjuncts of the query that the view does not guarantee. ``rolls_up`` says that the groups of
    the query are unions of those of the view; a view with groups otherwise has the query's own.
    """

    def __init__(
        self,
        query: Block,
        view: View,
        block: Block,
        names: Correspondence,
        conditions: list[exp.Expr],
        rolls_up: bool,
    ) -> None:
        self.query = query
        self.view = view
        self.block = block
        self.names = names
        self.conditions = conditions
        self.rolls_up = rolls_up

    def match(self) -> Match:
        """The match. Raises :class:`NotInViewError` where the view does not have enough."""
        query = self.query
        above, rows = self.names.above(self.rolls_up), self.names.rows()
        below = self.names.below()
        where = [self._condition(condition, rows, below) for condition in self.conditions]
        grouped_view = self.block.grouping is not None
        one_to_one = grouped_view and not self.rolls_up
        select = query.select
        args: dict[str, object] = {}
        group = select.args.get("group")
        upper = above
        if group is not None and not one_to_one:
            args["group"] = rows.apply(group)
            upper = above.above_groups(self._rebuilt_keys(rows))
        for key, value in select.args.items():
            if key in ("from_", "joins", "laterals", "where", "with_", "group"):
                continue
            if one_to_one and key == "having":
                continue
            args[key] = self._rebuilt(value, upper)
        if one_to_one:
            held = {self.names.query_text_of_view(condition) for condition in self.block.having}
            where += [above.apply(c) for c in query.having if query.text(c) not in held]
        rebuilt = exp.Select(**args)
        rebuilt.set("from_", exp.From(this=view_source(self.view, self.names.alias)))
        joins = [
            exp.Join(this=query.clause.sources[source].copy(), kind="CROSS")
            for source in query.clause.inner
            if source in self.names.extra
        ]
        for source, on in query.clause.left:
            if source in self.names.extra:
                condition = exp.and_(*(below.apply(c) for c in on), copy=False) if on else exp.true()
                joins.append(exp.Join(this=query.clause.sources[source].copy(), side="LEFT", on=condition))
        if joins:
            rebuilt.set("joins", joins)
        if where:
            rebuilt.set("where", exp.Where(this=exp.and_(*where, copy=False)))
        return Match(
            rebuilt, self._compensation(where), len(self.names.mapping), len(where) + len(joins) + self.rolls_up
        )

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
            keys.setdefault(self.names.text_of_query(key), rows.apply(key))
        return keys

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
        if self.names.extra:
            names = [getattr(self.query.clause.sources[s], "name", "") or s for s in self.names.extra]
            parts.append(f"join {', '.join(names)}")
        if self.rolls_up:
            parts.append("roll up groups")
        elif self.block.grouping is None and self.query.grouping is not None:
            parts.append("aggregate")
        return ", ".join(parts) or "fewer columns at most"
