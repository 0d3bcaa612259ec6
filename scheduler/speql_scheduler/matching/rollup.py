"""Compute the aggregates of coarser groups from those of finer ones."""

from collections.abc import Callable, Mapping

from sqlglot import exp

from speql_scheduler.matching.conditional_aggregate import ConditionalAggregate, conditional_aggregate
from speql_scheduler.matching.literals import family_of
from speql_scheduler.matching.moments import VARIANCES, exact_scale, plain_squares, squares, variance
from speql_scheduler.matching.substitution import NotInViewError

NUMBERS = ("duckdb", "postgres")
"""Dialects of which it is known how AVG is computed from a sum and a count."""


class RollUp:
    """Rewrite aggregates over rows as aggregates over the groups of a view.

    Every group of the query is a union of groups of the view (each perhaps repeated by a join with other tables, and
    then once for every time that its rows are). So SUM is the sum of sums, COUNT the sum of counts (an integer, and 0
    where there is no group), MIN the least minimum; AVG needs a sum and a count, VARIANCE and STDDEV of small exact
    numbers the sum of squares too; what does not depend on repetition (MIN, MAX, DISTINCT) can be computed from the
    grouping keys themselves. Everything else is refused. A FILTER may be the same in both, or be about grouping keys
    only.

    Types are those of DuckDB: SUM keeps the type of a SUM (HUGEINT, DECIMAL(38, s), DOUBLE), COUNT is BIGINT, AVG
    DOUBLE; on PostgreSQL the SUM of integers is a BIGINT, and AVG a NUMERIC or a DOUBLE PRECISION. Sums of
    floating-point numbers are added in another order, and may differ in the last digits.
    """

    def __init__(
        self,
        aggregates: Mapping[str, exp.Column],
        text: Callable[[exp.Expr], str],
        over_keys: Callable[[exp.Expr], exp.Expr],
        column_type: Callable[[exp.Expr], tuple[str | None, bool]],
        dialect: str = "duckdb",
    ) -> None:
        self._aggregates = aggregates
        self._text = text
        self._over_keys = over_keys
        self._column_type = column_type
        self._dialect = dialect

    def __call__(self, node: exp.Expr) -> exp.Expr:
        """The aggregate (with its FILTER) over the view. Raises :class:`NotInViewError` with the reason."""
        if isinstance(node, exp.WithinGroup):
            raise NotInViewError(f"{_shown(node)} cannot be computed from groups")
        if not isinstance(node, exp.Filter):
            return self._rolled_up(node, _Held(self._aggregates, self._text))
        function, condition = node.this, node.expression
        try:
            return self._rolled_up(function, _Held(self._aggregates, self._text, condition))
        except NotInViewError:
            rebuilt = self._rolled_up(function, _Held(self._aggregates, self._text))
            return _filtered(rebuilt, self._over_keys(condition))

    def _rolled_up(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        try:
            return self._plain(function, held)
        except NotInViewError:
            parts = conditional_aggregate(function)
            if parts is None:
                raise
            return self._conditional(parts, held)

    def _conditional(self, parts: ConditionalAggregate, held: "_Held") -> exp.Expr:
        """The aggregate of a CASE whose condition is about grouping keys only."""
        condition = self._over_keys(parts.condition)
        one = parts.function.this
        counts = isinstance(parts.function, exp.Sum) and isinstance(one, exp.Literal) and one.is_int and one.this == "1"
        if self._dialect == "duckdb" and counts and held.condition is None:
            value = held.column(exp.Count(this=exp.Star()))
        elif parts.or_zero:
            # Of a group of the view that FILTER leaves empty there is no row to count as 0.
            if self._dialect != "duckdb" or held.condition is not None:
                raise NotInViewError(f"the view does not have {_shown(parts.function)} for each value of the condition")
            value = held.column(parts.function)
        else:
            return _filtered(self._plain(parts.function, held), exp.Where(this=condition))
        zero = exp.Literal.number(0) if parts.or_zero else None
        return exp.Sum(this=exp.Case(ifs=[exp.If(this=condition, true=value.copy())], default=zero))

    def _plain(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        if isinstance(function.this, exp.Distinct):
            if isinstance(function, (exp.Count, exp.Min, exp.Max)) or self._is_of_numbers(function):
                return self._of_keys(function, held)
        elif not has_options(function):
            if isinstance(function, exp.Count):
                return self._count_of(function, held)
            if isinstance(function, exp.Avg):
                return self._average(function, held)
            if isinstance(function, exp.Sum):
                return self._sum(function, held)
            if isinstance(function, VARIANCES):
                return self._variance(function, held)
            if isinstance(function, (exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr)):
                found = held.find(function)
                return type(function)(this=found.copy()) if found is not None else self._of_keys(function, held)
        raise NotInViewError(f"{_shown(function)} cannot be computed from groups")

    def _sum(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        """The sum of sums. PostgreSQL sums integers as BIGINT, and these as NUMERIC: the type must be known."""
        total = exp.Sum(this=held.column(function).copy())
        if self._dialect != "postgres":
            return total
        if self._is_integer(function.this):
            return exp.cast(total, "BIGINT")
        if family_of(self._column_type(function.this)[0]) not in ("exact", "float"):
            raise NotInViewError(f"{_shown(function)} is not known to be of a number")
        return total

    def _is_integer(self, node: exp.Expr) -> bool:
        """Whether it is an INTEGER or a SMALLINT on PostgreSQL: a column, a whole number, or arithmetic of such."""
        node = node.unnest()
        if isinstance(node, exp.Literal):
            return not node.is_string and str(node.this).isdecimal() and len(str(node.this)) < 10
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
            return self._is_integer(node.this) and self._is_integer(node.expression)
        return (self._column_type(node)[0] or "").lower() in ("integer", "int", "smallint")

    def _is_of_numbers(self, function: exp.Expr) -> bool:
        """Whether it is a SUM or AVG of numbers; of intervals, equal ones need not be the same length of time."""
        return isinstance(function, (exp.Sum, exp.Avg)) and all(
            family_of(self._column_type(argument)[0]) in ("exact", "float") for argument in function.this.expressions
        )

    def _of_keys(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        """An aggregate that repetition does not change, over the grouping keys."""
        if held.condition is not None:
            raise NotInViewError(f"the view does not have {_shown(function)} with this FILTER")
        try:
            return type(function)(**{k: self._over_key_argument(v) for k, v in function.args.items()})
        except NotInViewError as error:
            raise NotInViewError(f"the view does not have {_shown(function)}, and {error}") from error

    def _over_key_argument(self, value: object) -> object:
        return self._over_keys(value) if isinstance(value, exp.Expr) else value

    def _count_of(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        found = held.find(function) or self._equal_count(function, held)
        if found is not None:
            return _count(found)
        rows = held.find(exp.Count(this=exp.Star()))
        if rows is None:
            raise NotInViewError(f"the view does not have {_shown(function)}")
        # COUNT(key) counts the rows of the groups whose key is not NULL.
        key = self._over_keys(function.this)
        return _count(rows, exp.Not(this=exp.Is(this=exp.paren(key), expression=exp.Null())))

    def _equal_count(self, function: exp.Expr, held: "_Held") -> exp.Column | None:
        """COUNT(*) for COUNT of a column that is never NULL."""
        argument = function.this
        if isinstance(argument, exp.Column) and not self._column_type(argument)[1]:
            return held.find(exp.Count(this=exp.Star()))
        return None

    def _total_and_count(self, function: exp.Expr, held: "_Held") -> tuple[exp.Expr, exp.Expr]:
        """The sum and the count of the argument, over all groups."""
        argument = function.this
        total = held.column(exp.Sum(this=argument.copy()))
        count = exp.Count(this=argument.copy(), big_int=True)
        counted = held.find(count) or self._equal_count(count, held)
        if counted is None:
            raise NotInViewError(f"the view does not have {_shown(count)}, which {_shown(function)} needs")
        return exp.Sum(this=total.copy()), exp.Sum(this=counted.copy())

    def _average(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        if self._dialect not in NUMBERS or family_of(self._column_type(function.this)[0]) not in ("exact", "float"):
            raise NotInViewError(f"{_shown(function)} is not known to be of a number")
        total, count = self._total_and_count(function, held)
        if self._dialect == "postgres":
            # As its own avg does: the sum, a NUMERIC or a DOUBLE PRECISION, by the count of what is not NULL.
            counted = exp.Nullif(this=count, expression=exp.Literal.number(0))
            return exp.Div(this=total, expression=counted, typed=True, safe=False)
        return exp.Div(this=exp.cast(total, "DOUBLE"), expression=count, typed=False, safe=False)

    def _variance(self, function: exp.Expr, held: "_Held") -> exp.Expr:
        argument = function.this
        type_name = self._column_type(argument)[0]
        scale = exact_scale(type_name)
        if self._dialect != "duckdb" or scale is None:
            raise NotInViewError(f"{_shown(function)} cannot be computed from groups exactly, as of {type_name}")
        total, count = self._total_and_count(function, held)
        squared = held.find(squares(argument, type_name)) or held.column(plain_squares(argument))
        return variance(function, count, total, exp.Sum(this=squared.copy()), scale)


class _Held:
    """The aggregates that a view has: those without FILTER, or those with one FILTER."""

    def __init__(
        self,
        aggregates: Mapping[str, exp.Column],
        text: Callable[[exp.Expr], str],
        condition: exp.Expr | None = None,
    ) -> None:
        self._aggregates = aggregates
        self._text = text
        self.condition = condition

    def find(self, function: exp.Expr) -> exp.Column | None:
        """The column that holds an aggregate."""
        if self.condition is not None:
            function = exp.Filter(this=function.copy(), expression=self.condition.copy())
        return self._aggregates.get(self._text(function))

    def column(self, function: exp.Expr) -> exp.Column:
        """The column that holds an aggregate. Raises :class:`NotInViewError` if there is none."""
        found = self.find(function)
        if found is None:
            raise NotInViewError(f"the view does not have {_shown(function)}")
        return found


def has_options(function: exp.Expr) -> bool:
    """Whether an aggregate has more than its one argument."""
    return any(value for key, value in function.args.items() if key not in ("this", "big_int"))


def _shown(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")


def _count(held: exp.Column, condition: exp.Expr | None = None) -> exp.Expr:
    """The sum of counts as a count: never NULL, and a BIGINT."""
    total: exp.Expr = exp.Sum(this=held.copy())
    if condition is not None:
        total = exp.Filter(this=total, expression=exp.Where(this=condition))
    return exp.cast(exp.Coalesce(this=total, expressions=[exp.Literal.number(0)]), "BIGINT")


def _filtered(rolled_up: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """The roll-up of only those groups that the filter keeps: on every aggregate of the replacement."""
    for aggregate in list(rolled_up.find_all(exp.AggFunc)):
        # The roll-up of COUNT(key) has a condition of its own already.
        if isinstance(aggregate.parent, exp.Filter) or isinstance(aggregate, exp.Coalesce):
            raise NotInViewError("two filters on one aggregate")
    for aggregate in list(rolled_up.find_all(exp.AggFunc)):
        wrapped = exp.Filter(this=aggregate.copy(), expression=condition.copy())
        if aggregate is rolled_up:
            return wrapped
        aggregate.replace(wrapped)
    return rolled_up
