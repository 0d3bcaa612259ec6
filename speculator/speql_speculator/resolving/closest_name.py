"""The name that was meant by one that does not exist."""

from collections.abc import Iterable


def closest_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Names of ``known`` that are one or two typing errors away from ``name``, the nearest first.

    Only those at the smallest distance are given: exactly one means that it may be put in place of ``name``.

    >>> closest_names("carier", ["carrier", "origin"])
    ('carrier',)
    """
    limit = 0 if len(name) < 3 else 1 if len(name) < 6 else 2
    folded = name.lower()
    best: dict[str, int] = {}
    for candidate in known:
        if abs(len(candidate) - len(name)) <= limit:
            distance = _distance(folded, candidate.lower(), limit)
            if 0 < distance <= limit:
                best.setdefault(candidate, distance)
    nearest = min(best.values(), default=0)
    return tuple(candidate for candidate, distance in best.items() if distance == nearest)


def _distance(left: str, right: str, limit: int) -> int:
    """Optimal string alignment distance: insert, delete, replace, swap two neighbours. ``limit + 1`` if larger."""
    before_previous: list[int] = []
    previous = list(range(len(right) + 1))
    for row, character in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (character != other))
            if row > 1 and column > 1 and character == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before_previous[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before_previous, previous = previous, current
    return previous[-1]
