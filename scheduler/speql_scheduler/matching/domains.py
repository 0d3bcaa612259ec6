"""Sets of the values that a column may have, NULL included, as a predicate on it leaves them."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

Value = Fraction | float | datetime | str


@dataclass(frozen=True, slots=True)
class Domain:
    """Disjoint intervals in ascending order, and whether NULL belongs to the set.

    An end is ``(value, side)``: side 0 stands just before the value, side 1 just after it, so that ``[3, 5)`` is
    ``((3, 0), (5, 0))`` and the single value 3 is ``((3, 0), (3, 1))``; None is without bound. Values of one domain
    are of one family and totally ordered as the engine orders them.

    >>> above, below = Domain.comparison(">", 3), Domain.comparison("<=", 5)
    >>> str(above.intersection(below))
    '> 3 and <= 5'
    >>> Domain.points([4, 5]).is_within(above.intersection(below))
    True
    """

    intervals: tuple[tuple[Any, Any], ...]
    null: bool = False

    @staticmethod
    def comparison(operator: str, value: Any) -> "Domain":
        """The values for which ``column operator value`` is true."""
        intervals: dict[str, tuple[tuple[Any, Any], ...]] = {
            "=": (((value, 0), (value, 1)),),
            "<>": ((None, (value, 0)), ((value, 1), None)),
            "<": ((None, (value, 0)),),
            "<=": ((None, (value, 1)),),
            ">": (((value, 1), None),),
            ">=": (((value, 0), None),),
        }
        return Domain(intervals[operator])

    @staticmethod
    def points(values: "list[Any]") -> "Domain":
        """Exactly these values."""
        return Domain(tuple(((value, 0), (value, 1)) for value in sorted(set(values))))

    def complement(self) -> "Domain":
        """Every value that is not in this set; NULL changes sides too."""
        found: list[tuple[Any, Any]] = []
        low: Any = None
        for start, end in self.intervals:
            if start is not None:
                found.append((low, start))
            low = end
            if end is None:
                break
        if not self.intervals or low is not None:
            found.append((low, None))
        return Domain(tuple(found), not self.null)

    def intersection(self, other: "Domain") -> "Domain":
        """The values in both sets."""
        found: list[tuple[Any, Any]] = []
        for low, high in self.intervals:
            for other_low, other_high in other.intervals:
                start = other_low if low is None else low if other_low is None else max(low, other_low)
                end = other_high if high is None else high if other_high is None else min(high, other_high)
                if start is None or end is None or start < end:
                    found.append((start, end))
        return Domain(tuple(found), self.null and other.null)

    def union(self, other: "Domain") -> "Domain":
        """The values in either set."""
        return self.complement().intersection(other.complement()).complement()

    def is_within(self, other: "Domain") -> bool:
        """Whether every value of this set is in the other."""
        if self.null and not other.null:
            return False
        return not self.intersection(Domain(other.complement().intervals)).intervals

    def __str__(self) -> str:
        parts = [_interval_text(low, high) for low, high in self.intervals]
        if self.null:
            parts.append("NULL")
        return " or ".join(parts) or "nothing"


EVERYTHING = Domain(((None, None),), True)
NOTHING = Domain((), False)
NOT_NULL = Domain(((None, None),), False)
ONLY_NULL = Domain((), True)


def _interval_text(low: Any, high: Any) -> str:
    if low is None and high is None:
        return "any value"
    if low is not None and high is not None and low[0] == high[0]:
        return f"= {_value_text(low[0])}"
    above = "" if low is None else f"{'>=' if low[1] == 0 else '>'} {_value_text(low[0])}"
    below = "" if high is None else f"{'<' if high[1] == 0 else '<='} {_value_text(high[0])}"
    return " and ".join(part for part in (above, below) if part)


def _value_text(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else str(float(value))
    if isinstance(value, datetime):
        return f"'{value:%Y-%m-%d}'" if value.time() == value.min.time() else f"'{value}'"
    return repr(value)
