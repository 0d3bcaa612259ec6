"""Costs against limits, and both in words."""

from speql_engines.governed.cost import Cost
from speql_engines.governed.settings import Limit

_SPENT = 0.99
"""So much of a limit spent leaves room for nothing."""


def most(limit: Limit) -> Cost:
    """A limit as a cost of which None is no limit."""
    return Cost(limit.seconds, limit.bytes, limit.dollars)


def is_known(cost: Cost, limit: Limit) -> bool:
    """Whether all of a cost is known that is limited: what is not known adds nothing to a sum, and fits in for ever.

    >>> is_known(Cost(1.0, None, 0.1), Limit(dollars=0.5)), is_known(Cost(1.0, None, 0.1), Limit(bytes=10))
    (True, False)
    """
    pairs = ((cost.seconds, limit.seconds), (cost.bytes, limit.bytes), (cost.dollars, limit.dollars))
    return all(one is not None or most is None for one, most in pairs)


def left(limit: Limit, spent: Cost) -> Cost:
    """What is left of a limit; None of what is not limited."""
    rest = most(limit) - spent
    return Cost(
        rest.seconds if limit.seconds is not None else None,
        rest.bytes if limit.bytes is not None else None,
        rest.dollars if limit.dollars is not None else None,
    )


def part(spent: Cost, limit: Limit) -> float:
    """Which part of a limit is spent, of what is limited the one of which most is; a limit of nothing is all spent.

    >>> [part(Cost(30.0, 0, 0.25), limit) for limit in (Limit(1.0, 60.0), Limit(dollars=0.0), Limit())]
    [0.5, 1.0, 0.0]
    """
    pairs = ((spent.seconds, limit.seconds), (spent.bytes, limit.bytes), (spent.dollars, limit.dollars))
    parts = ((one or 0.0) / most if most else 1.0 for one, most in pairs if most is not None)
    return max(parts, default=0.0)


def is_spent(spent: Cost, limit: Limit) -> bool:
    """Whether next to nothing is left of a limit.

    >>> is_spent(Cost(10.0, 0, 0.995), Limit(dollars=1.0)), is_spent(Cost(10.0, 0, 0.5), Limit(dollars=1.0))
    (True, False)
    """
    return part(spent, limit) >= _SPENT


def exceeded(cost: Cost, limit: Limit) -> str:
    """Which limit a cost exceeds, in words.

    >>> exceeded(Cost(1.0, 10, 0.5), Limit(dollars=0.25))
    'it would be $0.5 of $0.25'
    """
    if limit.dollars is not None and cost.dollars is None:
        return "its price is not known, which the setting speculation.price can tell"
    if limit.bytes is not None and cost.bytes is None:
        return "the engine does not tell how much it scans"
    if limit.seconds is not None and cost.seconds is None:
        return "there is no telling how long it takes"
    if limit.dollars is not None and (cost.dollars or 0.0) > limit.dollars:
        return f"it would be ${cost.dollars:.4g} of ${limit.dollars:.4g}"
    if limit.bytes is not None and (cost.bytes or 0) > limit.bytes:
        return f"it would be {cost.bytes:,} of {limit.bytes:,} bytes"
    return f"it would be {cost.seconds or 0.0:.3g} of {limit.seconds or 0.0:.3g} seconds"


def shown(spent: Cost, limit: Limit) -> str:
    """What is spent of a limit, in words.

    >>> shown(Cost(1.0, 10, 0.5), Limit(dollars=1.0, seconds=60.0))
    '$0.50 of $1.00, 1 of 60 seconds'
    """
    parts = []
    if limit.dollars is not None:
        parts.append(f"${spent.dollars or 0.0:.2f} of ${limit.dollars:.2f}")
    if limit.seconds is not None:
        parts.append(f"{spent.seconds or 0.0:.3g} of {limit.seconds:.3g} seconds")
    if limit.bytes is not None:
        parts.append(f"{spent.bytes or 0:,} of {limit.bytes:,} bytes")
    return ", ".join(parts)
