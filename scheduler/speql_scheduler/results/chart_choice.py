"""What can be drawn of a result: which chart fits its columns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from speql_engines import ResultColumn
from speql_scheduler.results.profile import kind_of

Mark = Literal["bar", "line", "point", "area"]
Aggregate = Literal["none", "sum", "mean", "min", "max", "count"]

MOST_PROPOSED = 4

_KEY = re.compile(r"(^|_)(id|sk|key|nr|no|code|zip|year|month|quarter|week|day|hour|date|moy|qoy|seq)$", re.IGNORECASE)
"""Names of numbers that say which, not how much."""


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What is drawn against what, columns by their numbers. ``y`` None counts rows; ``x`` of a histogram is binned."""

    mark: Mark
    x: int
    y: int | None = None
    colour: int | None = None
    aggregate: Aggregate = "none"
    binned: bool = False


def proposed(columns: Sequence[ResultColumn]) -> tuple[ChartChoice, ...]:
    """The charts that fit the types of a result's columns, up to four, the best first; none if nothing can be drawn.

    A measure over time is a line, a measure by a category are bars, two measures are points, one alone is a histogram,
    a category alone is counted. Numbers that by their names say how much go before those that say which.
    """
    kinds = [kind_of(column.type) for column in columns]
    numbers = sorted(
        (number for number, kind in enumerate(kinds) if kind == "number"),
        key=lambda number: _KEY.search(columns[number].name) is not None,
    )
    times = [number for number, kind in enumerate(kinds) if kind == "time"]
    texts = [number for number, kind in enumerate(kinds) if kind == "text"]
    return tuple(dict.fromkeys(_fitting(numbers, times, texts)))[:MOST_PROPOSED]


def _fitting(numbers: Sequence[int], times: Sequence[int], texts: Sequence[int]) -> Iterator[ChartChoice]:
    measure = numbers[0] if numbers else None
    total: Aggregate = "count" if measure is None else "sum"
    if times:
        yield ChartChoice("line", times[0], measure, texts[0] if texts and numbers else None, total)
    if texts:
        yield ChartChoice("bar", texts[0], measure, None, total)
    if len(numbers) > 1 and not (times or texts):
        yield ChartChoice("point", min(numbers[:2]), max(numbers[:2]))
    if measure is not None:
        yield ChartChoice("bar", measure, None, None, "count", binned=True)
    if len(texts) > 1:
        yield ChartChoice("bar", texts[1], measure, None, total)
    if len(numbers) > 1:
        yield ChartChoice("point", min(numbers[:2]), max(numbers[:2]))
    if times:
        yield ChartChoice("line", times[0], None, None, "count")
    if texts:
        yield ChartChoice("bar", texts[0], None, None, "count")
    for number in numbers[1:]:
        yield ChartChoice("bar", number, None, None, "count", binned=True)
