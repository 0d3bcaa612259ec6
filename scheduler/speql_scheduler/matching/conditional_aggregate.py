"""Aggregates of a CASE with one condition, as people write what FILTER says."""

from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class ConditionalAggregate:
    """``function(CASE WHEN condition THEN value END)``, or ELSE 0 if ``or_zero``.

    An aggregate that passes over NULL gives for the first what ``function(value) FILTER (WHERE condition)`` gives.
    """

    condition: exp.Expr
    function: exp.Expr
    or_zero: bool


def conditional_aggregate(function: exp.Expr) -> ConditionalAggregate | None:
    """The aggregate taken apart; None for every other expression.

    >>> import sqlglot
    >>> found = conditional_aggregate(sqlglot.parse_one("sum(CASE WHEN day = 'Sunday' THEN price ELSE 0 END)"))
    >>> found.function.sql(), found.condition.sql(), found.or_zero
    ('SUM(price)', "day = 'Sunday'", True)
    """
    case = function.this
    if not isinstance(function, (exp.Sum, exp.Count, exp.Min, exp.Max, exp.Avg)) or not isinstance(case, exp.Case):
        return None
    branches, default = case.args.get("ifs") or [], case.args.get("default")
    is_zero = isinstance(default, exp.Literal) and default.is_int and default.this == "0"
    if case.this is not None or len(branches) != 1:
        return None
    if default is not None and not isinstance(default, exp.Null) and not (is_zero and isinstance(function, exp.Sum)):
        return None
    value = branches[0].args["true"]
    if isinstance(value, exp.Null):
        return None
    plain = type(function)(**{**function.args, "this": value.copy()})
    return ConditionalAggregate(branches[0].this, plain, is_zero)
