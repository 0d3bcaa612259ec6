"""Variance and standard deviation of small exact numbers from their count, sum and sum of squares."""

import re

from sqlglot import exp

_INTEGERS = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "INT", "UTINYINT", "USMALLINT", "INT1", "INT2", "INT4", "INT16", "INT32")
)
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+),\s*(\d+)\)")
_MOST_DIGITS = 9

VARIANCES: tuple[type[exp.Expr], ...] = (exp.Variance, exp.VariancePop, exp.Stddev, exp.StddevSamp, exp.StddevPop)
"""The functions that :func:`variance` computes."""


def exact_scale(type_name: str | None) -> int | None:
    """How many decimal places a type has, if the variance of its values can be computed exactly, else None.

    Those are the types of less than 32 bits or ten digits. Wider ones are left to the engine, which rounds each value
    to a DOUBLE before it starts; floating-point numbers too, because the difference of two large sums has few digits.

    >>> exact_scale("INTEGER"), exact_scale("DECIMAL(7,2)"), exact_scale("BIGINT"), exact_scale("DOUBLE")
    (0, 2, None, None)
    """
    if not type_name:
        return None
    name = type_name.upper().strip()
    if name in _INTEGERS:
        return 0
    decimal = _DECIMAL.fullmatch(name)
    return int(decimal[2]) if decimal and int(decimal[1]) <= _MOST_DIGITS else None


def squares(argument: exp.Expr, type_name: str | None) -> exp.Expr:
    """``SUM(x * x)`` written so that no square overflows: of integers as BIGINT, of decimals as they are."""
    if type_name and _DECIMAL.fullmatch(type_name.upper().strip()):
        factors = [_operand(argument), _operand(argument)]
    else:
        factors = [exp.cast(argument.copy(), "BIGINT"), exp.cast(argument.copy(), "BIGINT")]
    return exp.Sum(this=exp.Mul(this=factors[0], expression=factors[1]))


def plain_squares(argument: exp.Expr) -> exp.Expr:
    """``SUM(x * x)`` as a user writes it: where it could be computed, no square did overflow."""
    return exp.Sum(this=exp.Mul(this=_operand(argument), expression=_operand(argument)))


def variance(function: exp.Expr, count: exp.Expr, total: exp.Expr, squared: exp.Expr, scale: int) -> exp.Expr:
    """The variance or standard deviation that ``function`` asks for, of N numbers with sum S and sum of squares Q.

    Want ``sum((x - mean)^2)``. ``N * Q - S * S`` overflows 128 bits for some billions of rows where the engine's own
    (Welford's) method does not, and in DOUBLE it has no digit left where the mean is large. So take q, the mean
    rounded to the decimal places of x, and r = S - N * q. Then ``sum((x - q)^2) = Q - q * (S + r)`` is an integer
    times a power of ten, no larger than Q, and the wanted sum is that less ``r * r / N``. As ``|r| <= N / 2`` and
    ``sum((x - q)^2) >= |r|``, in units of the last place, at least half of the minuend is left: the result has all
    the digits of a DOUBLE. The engine's own may have fewer, since it adds up rounded differences.
    """
    number = exp.cast(count.copy(), "DOUBLE")
    mean = exp.cast(_div(exp.cast(total.copy(), "DOUBLE"), number), f"DECIMAL(38, {scale})" if scale else "INT128")
    rest = exp.paren(exp.Sub(this=total.copy(), expression=exp.Mul(this=count.copy(), expression=mean)), copy=False)
    around = exp.Sub(
        this=squared.copy(),
        expression=exp.Mul(
            this=mean.copy(), expression=exp.paren(exp.Add(this=total.copy(), expression=rest), copy=False)
        ),
    )
    rest_squared = exp.Mul(this=exp.cast(rest.copy(), "DOUBLE"), expression=exp.cast(rest.copy(), "DOUBLE"))
    deviations = exp.Sub(this=exp.cast(around, "DOUBLE"), expression=_div(rest_squared, number.copy()))
    sample = not isinstance(function, (exp.VariancePop, exp.StddevPop))
    divisor = exp.paren(exp.Sub(this=number.copy(), expression=exp.Literal.number(1))) if sample else number.copy()
    result = _div(exp.paren(deviations, copy=False), divisor)
    if isinstance(function, (exp.Stddev, exp.StddevSamp, exp.StddevPop)):
        result = exp.Sqrt(this=result)
    enough = exp.GT(this=count.copy(), expression=exp.Literal.number(1 if sample else 0))
    return exp.Case(ifs=[exp.If(this=enough, true=result)])


def _div(dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    return exp.Div(this=dividend, expression=divisor, typed=False, safe=False)


def _operand(node: exp.Expr) -> exp.Expr:
    return exp.paren(node) if isinstance(node, exp.Binary) else node.copy()
