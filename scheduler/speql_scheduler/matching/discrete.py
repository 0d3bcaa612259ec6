"""Domains of types whose values have a next one: of an INTEGER, ``> 3`` is ``>= 4``."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from speql_scheduler.matching.domains import Domain

_INTEGERS = frozenset(("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "INT1", "INT2", "INT4", "INT8"))
_INTEGERS |= frozenset(("UTINYINT", "USMALLINT", "UINTEGER"))
_DAY = timedelta(days=1)


def discrete(domain: Domain, type_name: str | None) -> Domain:
    """The same values of that type, with ends that are equal wherever the sets are.

    >>> at_least_4 = discrete(Domain.comparison(">", Fraction(3)), "INTEGER")
    >>> at_least_4 == discrete(Domain.comparison(">=", Fraction(4)), "INTEGER")
    True
    >>> discrete(Domain.comparison("=", Fraction(5, 2)), "BIGINT").intervals
    ()
    """
    name = (type_name or "").upper().strip()
    following: Callable[[Any, int], Any]
    if name in _INTEGERS:
        following = _integer
    elif name == "DATE":
        following = _date
    else:
        return domain
    try:
        ends = [tuple(end and (following(*end), 0) for end in interval) for interval in domain.intervals]
    except OverflowError:
        return domain
    kept = tuple((low, high) for low, high in ends if low is None or high is None or low < high)
    return Domain(kept, domain.null)


def _integer(value: Fraction, side: int) -> Fraction:
    return Fraction(ceil(value) if value.denominator > 1 else value.numerator + side)


def _date(value: datetime, side: int) -> datetime:
    day = datetime(value.year, value.month, value.day)
    return day + _DAY * side if value == day else day + _DAY
