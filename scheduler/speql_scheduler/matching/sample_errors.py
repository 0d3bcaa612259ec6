"""Standard errors of SUM, COUNT and AVG over a sample, computed by the query itself."""

from dataclasses import dataclass

from sqlglot import exp

from speql_scheduler.matching.sampled_source import upper_parts
from speql_scheduler.matching.spjg import walk_own
from speql_sql.copy_tree import copy_tree

UNITS = "speql_units"
SIZE = "speql_size"
LEAST_UNITS = 30
"""A sum to which fewer units contribute than this, or as unevenly as so few would, is given no interval."""


@dataclass(frozen=True)
class MeasuredQuery:
    """A query over a sample, with the columns of the user's query first.

    ``errors`` has for each of those the place of the column with its standard error, or None. The last column is the
    number of units that a row was made from.
    """

    query: exp.Select
    errors: tuple[int | None, ...]


def measured_query(select: exp.Select, unit: exp.Column, scale: int) -> MeasuredQuery | str:
    """A grouped SELECT with scaled aggregates and their standard errors, or why there are none. Changes nothing.

    What is assumed: the sample consists of *units* (rows, or blocks of rows), each drawn with probability p = 1 /
    ``scale`` independently of the others, and the column ``unit`` numbers them. Nothing is assumed of the rows inside
    a unit: they may be alike, as rows that were loaded together often are. Nor of the joins: a row of the sampled
    table that is joined many times is still in one unit. With y the contribution of a unit to a group, the estimated
    total is ``scale * sum(y)`` over the drawn units, and its variance is estimated without bias by
    ``(1 - p) / p^2 * sum(y^2)`` (Cochran, Sampling Techniques, 9A.7, for independent draws; Haas and Hellerstein,
    Ripple Joins, 1999, show such intervals while a query runs). AVG is the ratio of two such totals; its variance is
    that of the residuals ``y_sum - avg * y_count`` (Cochran, 6.4), which is right for many units.

    So the query groups twice: by the user's keys and the unit, then by the keys. The 95 % interval is the value plus
    and minus 1.96 standard errors, by the central limit theorem, which needs many units of comparable size. As many
    as ``sum(|y|)^2 / sum(y^2)`` count (Kish, Survey Sampling, 11.7): the error is NULL where those are fewer than 30.
    """
    group = select.args.get("group")
    if group is not None and any(value for key, value in group.args.items() if key != "expressions"):
        return "it groups in several ways"
    keys = list(group.expressions) if group is not None else []
    if any(isinstance(key, (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Literal)) for key in keys):
        return "it groups in several ways"
    inner = _Units(keys)
    errors = [_error(inner, item.unalias(), scale) for item in select.expressions]
    if not any(errors):
        return "no output is a SUM, COUNT or AVG alone"
    outer = copy_tree(select)
    for part in list(upper_parts(outer)):
        part.replace(_over_units(part, inner, scale))
    if inner.refusal:
        return inner.refusal
    names: list[int | None] = []
    for error in errors:
        names.append(len(outer.expressions) if error is not None else None)
        if error is not None:
            outer.select(exp.alias_(error, f"speql_error_{len(outer.expressions)}"), copy=False)
    outer.select(exp.alias_(exp.Count(this=exp.Star()), SIZE), copy=False)
    if inner.stray(outer):
        return "an output depends on more than its groups"
    for clause in ("joins", "where"):
        outer.set(clause, None)
    outer.set("from_", exp.From(this=exp.Subquery(this=inner.select(select, unit), alias=_alias(UNITS))))
    outer.set("group", exp.Group(expressions=[inner.key(place) for place in range(len(keys))]) if keys else None)
    return MeasuredQuery(outer, tuple(names))


class _Units:
    """The inner grouping, by keys and unit: what it computes, each once."""

    def __init__(self, keys: list[exp.Expr]) -> None:
        self._keys = keys
        self._parts: list[exp.Expr] = []
        self.refusal = ""

    def part(self, aggregate: exp.Expr, condition: exp.Expr | None) -> exp.Column:
        """The column that holds an aggregate of a unit."""
        whole = exp.Filter(this=aggregate.copy(), expression=condition.copy()) if condition else aggregate.copy()
        if whole not in self._parts:
            self._parts.append(whole)
        return exp.column(f"part_{self._parts.index(whole)}", UNITS)

    def key(self, place: int) -> exp.Column:
        """The column that holds a key."""
        return exp.column(f"key_{place}", UNITS)

    def key_of(self, node: exp.Expr) -> exp.Column | None:
        """The column that holds an expression, if it is a key."""
        return self.key(self._keys.index(node)) if node in self._keys else None

    def select(self, select: exp.Select, unit: exp.Column) -> exp.Select:
        """The inner SELECT: sources and conditions of the user's."""
        made = exp.Select(
            expressions=[exp.alias_(key.copy(), f"key_{place}") for place, key in enumerate(self._keys)]
            + [exp.alias_(part, f"part_{place}") for place, part in enumerate(self._parts)],
            group=exp.Group(expressions=[*(key.copy() for key in self._keys), unit]),
        )
        for clause in ("from_", "joins", "where"):
            value = select.args.get(clause)
            if value:
                made.set(clause, [copy_tree(i) for i in value] if isinstance(value, list) else copy_tree(value))
        return made

    def stray(self, outer: exp.Select) -> bool:
        """Whether a column above the units is none of theirs, which a query with functional dependencies may have."""
        return any(
            isinstance(node, exp.Column) and node.table not in (UNITS, "")
            for part in upper_parts(outer)
            for node in walk_own(part)
        )


def _over_units(node: exp.Expr, inner: _Units, scale: int) -> exp.Expr:
    """An expression of the user's SELECT over the columns of the units."""
    if (key := inner.key_of(node)) is not None:
        return key
    if isinstance(node, exp.Filter) and isinstance(node.this, exp.AggFunc):
        return _total(node.this, node.expression, inner, scale)
    if isinstance(node, exp.AggFunc):
        return _total(node, None, inner, scale)
    for child in list(node.iter_expressions()):
        child.replace(_over_units(child, inner, scale))
    return node


def _total(aggregate: exp.Expr, condition: exp.Expr | None, inner: _Units, scale: int) -> exp.Expr:
    """An aggregate of a group from those of its units, of the type that the aggregate itself has."""
    factor = exp.Literal.number(scale)
    if isinstance(aggregate, (exp.Min, exp.Max)):
        return type(aggregate)(this=inner.part(aggregate, condition))
    if isinstance(aggregate, exp.Sum):
        whole = exp.Sum(this=inner.part(aggregate, condition))
        return exp.paren(exp.Mul(this=whole, expression=factor), copy=False)
    if isinstance(aggregate, exp.Count):
        count = exp.cast(exp.Sum(this=inner.part(aggregate, condition)), "BIGINT")
        known = exp.Coalesce(this=count, expressions=[exp.Literal.number(0)])
        return exp.paren(exp.Mul(this=known, expression=factor), copy=False)
    if isinstance(aggregate, exp.Avg):
        total, number = _sum_and_count(aggregate, condition, inner)
        divisor = exp.Nullif(this=_sum(number), expression=exp.Literal.number(0))
        return exp.paren(_div(_sum(total), divisor), copy=False)
    inner.refusal = f"{aggregate.key.upper()} is computed from all rows at once"
    return aggregate


def _error(inner: _Units, output: exp.Expr, scale: int) -> exp.Expr | None:
    """The standard error of an output, or None if it is no aggregate that has one."""
    condition = output.expression if isinstance(output, exp.Filter) else None
    aggregate = output.this if isinstance(output, exp.Filter) else output
    shrinkage = exp.Literal.number(repr(1 - 1 / scale))
    if isinstance(aggregate, (exp.Sum, exp.Count)):
        part = inner.part(aggregate, condition)
        root = exp.Sqrt(this=exp.Mul(this=shrinkage, expression=_sum(part, part)))
        error = exp.Mul(this=root, expression=exp.Literal.number(scale))
        return exp.Case(ifs=[exp.If(this=_many(part), true=error)])
    if isinstance(aggregate, exp.Avg):
        total, number = _sum_and_count(aggregate, condition, inner)
        mean = exp.paren(_div(_sum(total), _sum(number)), copy=False)
        crossed = exp.Mul(this=exp.Mul(this=exp.Literal.number(2), expression=mean), expression=_sum(total, number))
        squared = exp.Mul(this=exp.Mul(this=mean.copy(), expression=mean.copy()), expression=_sum(number, number))
        residuals = exp.paren(exp.Add(this=exp.Sub(this=_sum(total, total), expression=crossed), expression=squared))
        # The difference of nearly equal numbers has no digits left: then the error is not known.
        enough = exp.Mul(this=exp.Literal.number("1e-9"), expression=_sum(total, total))
        known = exp.and_(_many(total), _many(number), exp.GT(this=residuals, expression=enough), copy=False)
        root = exp.Sqrt(this=exp.Mul(this=shrinkage, expression=residuals.copy()))
        return exp.Case(ifs=[exp.If(this=known, true=_div(root, _sum(number)))])
    return None


def _sum_and_count(aggregate: exp.Expr, condition: exp.Expr | None, inner: _Units) -> tuple[exp.Column, exp.Column]:
    total, number = exp.Sum(this=aggregate.this.copy()), exp.Count(this=aggregate.this.copy(), big_int=True)
    return inner.part(total, condition), inner.part(number, condition)


def _many(part: exp.Column) -> exp.Expr:
    """Whether enough units contribute."""
    size = exp.Sum(this=exp.Abs(this=_double(part)))
    squared = exp.Mul(this=size, expression=size.copy())
    enough = exp.Mul(this=exp.Literal.number(LEAST_UNITS), expression=_sum(part, part))
    positive = exp.GT(this=_sum(part, part), expression=exp.Literal.number(0))
    return exp.and_(positive, exp.GTE(this=squared, expression=enough), copy=False)


def _sum(*factors: exp.Column) -> exp.Expr:
    """The sum over the units of a product, as a floating-point number."""
    product: exp.Expr = _double(factors[0])
    for factor in factors[1:]:
        product = exp.Mul(this=product, expression=_double(factor))
    return exp.Sum(this=product)


def _double(column: exp.Column) -> exp.Expr:
    return exp.cast(column.copy(), "DOUBLE")


def _div(dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    return exp.Div(this=dividend, expression=divisor, typed=False, safe=False)


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))
